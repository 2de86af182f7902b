# SPDX-License-Identifier: GPL-2.0-or-later
"""Workloads with few files and much data."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

SEQUENTIAL_MIB = 256
RANDOM_MIB = 64
RANDOM_OPERATIONS = 2000


def written(mounted):
    return mounted.path("srv/written")


def write_sequentially(mounted):
    return mounted.tool("seqwrite", written(mounted), SEQUENTIAL_MIB)


def prepare_random(mounted):
    mounted.tool("seqwrite", written(mounted), RANDOM_MIB)


def write_randomly(mounted):
    return mounted.tool("random", written(mounted), RANDOM_OPERATIONS)


def size_written(mounted):
    return str(os.path.getsize(written(mounted)))


def write_first(mounted):
    """One byte of a large lower file, which a union has to copy first."""
    return mounted.tool("append", mounted.root, mounted.fixtures.stacks["huge"].list)


# --- Databases ------------------------------------------------------------------------------------


def database(mounted):
    return mounted.path("srv/database")


def fill_database(journal):
    def fill(mounted):
        return float(mounted.run(sys.executable, os.path.join(HERE, "fill_database.py"),
                                 database(mounted), journal))
    return fill


def rows(mounted):
    return mounted.run(sys.executable, os.path.join(HERE, "fill_database.py"), database(mounted))
