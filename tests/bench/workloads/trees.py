# SPDX-License-Identifier: GPL-2.0-or-later
"""Workloads that make, change and remove many files."""

import os

CREATED_FILES = 1000
CREATING_PROCESSES = 4
CREATED_SIZE = 2048
OWNER = "1000:1000"


def unpacked(mounted):
    return mounted.path("srv/unpacked")


def untar(mounted):
    os.mkdir(unpacked(mounted))
    return mounted.seconds("tar", "-C", unpacked(mounted), "-xpf", mounted.fixtures.archive)


def remove_tree(mounted):
    return mounted.seconds("rm", "-rf", mounted.path(mounted.fixtures.changed_tree))


def chown_tree(mounted):
    return mounted.seconds("chown", "-R", "-h", OWNER, mounted.path(mounted.fixtures.changed_tree))


def chmod_tree(mounted):
    return mounted.seconds("chmod", "-R", "g+w", mounted.path(mounted.fixtures.changed_tree))


def churn(mounted):
    return mounted.tool("churn", mounted.root, mounted.fixtures.list("churned"))


def create(mounted):
    os.mkdir(mounted.path("srv/created"))
    return mounted.tool("create", mounted.path("srv/created"), CREATED_FILES, CREATING_PROCESSES,
                        CREATED_SIZE)


def append(mounted):
    """One line more in each of many lower files."""
    return mounted.tool("append", mounted.root, mounted.fixtures.list("churned"))
