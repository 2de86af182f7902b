# SPDX-License-Identifier: GPL-2.0-or-later
"""What is timed. To add a workload: a function for its work, if need be one that proves that the
work was done, and a line in WORKLOADS."""

import hashlib
import os
import subprocess
import time
from dataclasses import dataclass
from typing import Callable

import git_repository
import machine
import package
from fixtures import Fixtures

ROUNDS_OF_TINY_FILES = 5
ABSENT_NAMES = 20000
COMPILATIONS = 5
CREATED_FILES = 1000
CREATING_PROCESSES = 4
CREATED_SIZE = 2048
SEQUENTIAL_MIB = 256
RANDOM_MIB = 64
RANDOM_OPERATIONS = 2000
EDITED_FILES = 100
OWNER = "1000:1000"


class Mounted:
    """One side, mounted, as a workload sees it."""

    def __init__(self, side, box, limit):
        self.side = side
        self.box = box
        self.fixtures = box.fixtures
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


def package_state(mounted):
    state = mounted.run("chroot", mounted.root, "dpkg-query", "--show",
                        package.NAME)
    return state.strip() + " " + tree(package.CONTENTS)(mounted)


def git_state(mounted):
    return " ".join(mounted.git(*command.split()).strip() for command in (
        "rev-parse HEAD^{tree} other^{tree}", "status --porcelain", "fsck --no-dangling"))


# --- Reading --------------------------------------------------------------------------------------


def walk(mounted):
    return mounted.seconds("find", mounted.root, "-printf", "%s %T@ %i %n\n",
                           output=subprocess.DEVNULL)


def read_small(mounted):
    return mounted.tool("read", mounted.root, mounted.fixtures.list("small"), 1)


def open_tiny(mounted):
    return mounted.tool("read", mounted.root, mounted.fixtures.list("tiny"), ROUNDS_OF_TINY_FILES)


def absent(mounted):
    return mounted.tool("absent", mounted.root, mounted.fixtures.list("directories"), ABSENT_NAMES)


def commit(mounted):
    return mounted.tool("commit", mounted.root)


def read_sequentially(mounted):
    return mounted.tool("seqread", mounted.path(mounted.fixtures.big_file))


# --- Programs -------------------------------------------------------------------------------------


def compile_c(mounted):
    source = "/" + mounted.fixtures.source
    return sum(mounted.seconds("chroot", mounted.root, "gcc", "-O1", "-o", f"/tmp/program-{n}",
                               source) for n in range(COMPILATIONS))


def run_compiled(mounted):
    return "".join(mounted.run("chroot", mounted.root, f"/tmp/program-{n}")
                   for n in range(COMPILATIONS))


def work_with_git(mounted):
    """What an afternoon with a repository is made of."""
    start = time.perf_counter()
    top = mounted.path(mounted.fixtures.repository)
    mounted.git("status", "--porcelain")
    for path in git_repository.paths()[3::len(git_repository.paths()) // EDITED_FILES]:
        with open(os.path.join(top, path), "a", encoding="ascii") as file:
            file.write("one line more\n")
    mounted.git("add", "--all")
    mounted.git("commit", "--quiet", "--message=edited")
    mounted.git("status", "--porcelain")
    mounted.git("checkout", "--quiet", "other")
    mounted.git("checkout", "--quiet", "main")
    return time.perf_counter() - start


def install_package(mounted):
    return mounted.seconds(
        "chroot", mounted.root, "dpkg", "--force-all", "--install", "/" + mounted.fixtures.package_file,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"})


# --- Changing trees -------------------------------------------------------------------------------


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


# --- Bulk -----------------------------------------------------------------------------------------


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


WHOLE_TREE = tree("", "%P %y %m %U %G %T@ %l")
CHANGED = tree("usr")
UNPACKED = tree("srv/unpacked/" + Fixtures.changed_tree, "%P %y %m %U %G %T@ %l")

# Those that want cold caches come first: the others need not be warmed again in between.
WORKLOADS = [
    Workload("walk-cold", "walk, cold", "cold", walk, quick=True),
    Workload("read-cold", "read small files, cold", "cold", read_small),
    Workload("seqread-cold", "sequential read, cold", "cold", read_sequentially, kind="bulk"),
    Workload("walk-warm", "walk, warm", "warm", walk, prove=WHOLE_TREE, quick=True),
    Workload("read-warm", "read small files, warm", "warm", read_small, prove=contents("usr/bin"),
             quick=True),
    Workload("open-read", "open and read tiny files", "warm", open_tiny),
    Workload("absent", "stat absent names", "fresh", absent, quick=True),
    Workload("absent-again", "stat them again", "warm", absent),
    Workload("commit", "commit walk", "fresh", commit, prove=WHOLE_TREE, quick=True),
    Workload("seqread-warm", "sequential read, warm", "warm", read_sequentially, kind="bulk"),
    Workload("gcc", "gcc in chroot", "fresh", compile_c, prove=run_compiled, changes=True,
             quick=True),
    Workload("git", "git in chroot", "fresh", work_with_git, prove=git_state, changes=True),
    Workload("dpkg", "dpkg -i in chroot", "fresh", install_package, prove=package_state,
             changes=True),
    Workload("churn", "dpkg-like churn", "fresh", churn, prove=CHANGED, changes=True, quick=True),
    Workload("untar", "untar", "fresh", untar, prove=UNPACKED,
             changes=True, quick=True),
    Workload("create", "parallel create", "fresh", create, prove=tree("srv/created"), changes=True),
    Workload("rm", "rm -rf of a lower tree", "fresh", remove_tree, prove=CHANGED, changes=True,
             quick=True),
    Workload("chown", "chown -R of a lower tree", "fresh", chown_tree, prove=CHANGED, changes=True,
             quick=True),
    Workload("chmod", "chmod -R of a lower tree", "fresh", chmod_tree, prove=CHANGED,
             changes=True),
    Workload("seqwrite", "sequential write, fsync", "fresh", write_sequentially,
             prove=size_written, changes=True, kind="bulk"),
    Workload("random", "random 4k with fsync", "fresh", write_randomly, prepare=prepare_random,
             prove=size_written, changes=True, kind="bulk"),
]
