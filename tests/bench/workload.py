# SPDX-License-Identifier: GPL-2.0-or-later
"""What a workload is, what it sees of a side, and how it proves that its work was done."""

import hashlib
import os
import sys
import time
from dataclasses import dataclass
from typing import Callable

import git_repository
import machine
import stacks


class Mounted:
    """One side, mounted, as a workload sees it."""

    def __init__(self, side, box, limit):
        self.side = side
        self.box = box
        self.fixtures = box.fixtures
        self.stack = box.stack
        self.root = box.mountpoint
        self.limit = limit

    def path(self, relative):
        return os.path.join(self.root, relative)

    def run(self, *argv, **options):
        return machine.run(list(argv), self.limit, on_limit=self.side.free, **options)

    def seconds(self, *argv, **options):
        start = time.perf_counter()
        self.run(*argv, **options)
        return time.perf_counter() - start

    def tool(self, *operands):
        """Runs tests/bench/workload.c, which has a clock of its own."""
        seconds, _met = self.run(self.fixtures.tool, *map(str, operands)).split()
        return float(seconds)

    def git(self, *arguments):
        return git_repository.git(self.root, self.fixtures.repository, *arguments,
                                  limit=self.limit, on_limit=self.side.free)


@dataclass
class Workload:
    name: str
    title: str
    # cold: caches dropped; fresh: the layers in the machine's cache, but the mount knows nothing;
    # warm: the same work was done twice before. Once is not enough: reading makes the kernel ask
    # any FUSE file system once more for the attributes of what was read.
    state: str
    measure: Callable[[Mounted], float]
    prepare: Callable[[Mounted], None] = lambda mounted: None
    prove: Callable[[Mounted], str] = lambda mounted: ""
    changes: bool = False
    kind: str = "metadata"  # metadata and small files, or bulk: few files, much data
    stack: str = stacks.DEBIAN  # the layers it is done on
    # Those that take long, or whose figure hardly varies, are not run more often than this.
    repetitions: int = sys.maxsize
    mounts: bool = False  # the work is to mount and unmount: the daemon lives too short to count
    quick: bool = False


# --- Proofs: the same on every side that did the work right ---------------------------------------


def digest(lines):
    return f"{len(lines)} entries, " + hashlib.sha256("\n".join(sorted(lines)).encode(
        errors="surrogateescape")).hexdigest()[:12]


def tree(relative, form="%P %y %m %U %G %l"):
    """Proves a tree by its names and what find prints of them."""
    return lambda mounted: digest(mounted.run(
        "find", mounted.path(relative), "-mindepth", "1", "-printf", form + "\n").splitlines())


def contents(relative):
    return lambda mounted: digest(mounted.run(
        "find", ".", "-type", "f", "-exec", "sha1sum", "{}", "+",
        cwd=mounted.path(relative)).splitlines())
