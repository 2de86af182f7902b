# SPDX-License-Identifier: GPL-2.0-or-later
"""Workloads that only look and read."""

import subprocess

ROUNDS_OF_TINY_FILES = 5
ABSENT_NAMES = 20000
WALKING_PROCESSES = 4


def walk(mounted):
    return mounted.seconds("find", mounted.root, "-printf", "%s %T@ %i %n\n",
                           output=subprocess.DEVNULL)


def read_small(mounted):
    return mounted.tool("read", mounted.root, mounted.fixtures.list("small"), 1)


def open_tiny(mounted):
    return mounted.tool("read", mounted.root, mounted.fixtures.list("tiny"), ROUNDS_OF_TINY_FILES)


def absent(mounted):
    return mounted.tool("absent", mounted.root, mounted.fixtures.list("directories"), ABSENT_NAMES)


def walk_at_once(mounted):
    return mounted.tool("walk", mounted.root, mounted.fixtures.list("directories"),
                        WALKING_PROCESSES)


def commit(mounted):
    return mounted.tool("commit", mounted.root)


def read_sequentially(mounted):
    return mounted.tool("seqread", mounted.path(mounted.fixtures.big_file))
