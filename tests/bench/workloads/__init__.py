# SPDX-License-Identifier: GPL-2.0-or-later
"""What is timed. To add a workload: a function for its work, if need be one that proves that the
work was done, and a line in WORKLOADS."""

from fixtures import Fixtures
from workload import Workload, contents, tree
from workloads import bulk, programs, reading, scale, trees

WHOLE_TREE = tree("", "%P %y %m %U %G %T@ %l")
CHANGED = tree("usr")
CHANGED_CONTENTS = contents(Fixtures.changed_tree)
UNPACKED = tree("srv/unpacked/" + Fixtures.changed_tree, "%P %y %m %U %G %T@ %l")

# Those that want cold caches come first: the others need not be warmed again in between.
WORKLOADS = [
    Workload("walk-cold", "walk, cold", "cold", reading.walk, quick=True),
    Workload("read-cold", "read small files, cold", "cold", reading.read_small),
    Workload("seqread-cold", "sequential read, cold", "cold", reading.read_sequentially,
             kind="bulk"),
    Workload("walk-at-once", "parallel walk, cold", "cold", reading.walk_at_once),
    Workload("walk-million", "walk of 1,000,000 files, cold", "cold", scale.walk_all,
             stack="million", repetitions=1),
    Workload("list-directory", "listing 200,000 names, cold", "cold", scale.walk_all,
             stack="directory"),
    Workload("walk-deep", "walk of 100 layers, cold", "cold", reading.walk, stack="deep"),
    Workload("absent-deep", "absent names in 100 layers", "fresh", reading.absent, stack="deep"),
    Workload("gcc-deep", "gcc in 100 layers", "fresh", programs.compile_c,
             prove=programs.run_compiled, changes=True, stack="deep"),
    Workload("read-wide", "reading through 500 layers", "fresh", scale.read_listed,
             prove=scale.count, stack="wide"),
    Workload("walk-warm", "walk, warm", "warm", reading.walk, prove=WHOLE_TREE, quick=True),
    Workload("read-warm", "read small files, warm", "warm", reading.read_small,
             prove=contents("usr/bin"), quick=True),
    Workload("open-read", "open and read tiny files", "warm", reading.open_tiny),
    Workload("absent", "stat absent names", "fresh", reading.absent, quick=True),
    Workload("absent-again", "stat them again", "warm", reading.absent),
    Workload("commit", "commit walk", "fresh", reading.commit, prove=WHOLE_TREE, quick=True),
    Workload("seqread-warm", "sequential read, warm", "warm", reading.read_sequentially,
             kind="bulk"),
    Workload("gcc", "gcc in chroot", "fresh", programs.compile_c, prove=programs.run_compiled,
             changes=True, quick=True),
    Workload("git", "git in chroot", "fresh", programs.work_with_git, prove=programs.git_state,
             changes=True),
    Workload("dpkg", "dpkg -i in chroot", "fresh", programs.install_package,
             prove=programs.package_state, changes=True),
    Workload("churn", "dpkg-like churn", "fresh", trees.churn, prove=CHANGED, changes=True,
             quick=True),
    Workload("untar", "untar", "fresh", trees.untar, prove=UNPACKED, changes=True, quick=True),
    Workload("create", "parallel create", "fresh", trees.create, prove=tree("srv/created"),
             changes=True),
    Workload("rm", "rm -rf of a lower tree", "fresh", trees.remove_tree, prove=CHANGED,
             changes=True, quick=True),
    Workload("chown", "chown -R of a lower tree", "fresh", trees.chown_tree, prove=CHANGED,
             changes=True, quick=True),
    Workload("chmod", "chmod -R of a lower tree", "fresh", trees.chmod_tree, prove=CHANGED,
             changes=True),
    Workload("append", "append to many lower files", "fresh", trees.append, prove=CHANGED_CONTENTS,
             changes=True),
    Workload("start", "mount, run true, unmount", "fresh", scale.start_and_end, changes=True,
             mounts=True, quick=True),
    Workload("first-write", "first write to a 1 GiB file", "fresh", bulk.write_first, changes=True,
             kind="bulk", stack="huge", repetitions=3),
    Workload("sqlite-delete", "SQLite, rollback journal", "fresh", bulk.fill_database("delete"),
             prove=bulk.rows, changes=True, kind="bulk"),
    Workload("sqlite-wal", "SQLite, WAL", "fresh", bulk.fill_database("wal"), prove=bulk.rows,
             changes=True, kind="bulk"),
    Workload("seqwrite", "sequential write, fsync", "fresh", bulk.write_sequentially,
             prove=bulk.size_written, changes=True, kind="bulk"),
    Workload("random", "random 4k with fsync", "fresh", bulk.write_randomly,
             prepare=bulk.prepare_random, prove=bulk.size_written, changes=True, kind="bulk"),
]
