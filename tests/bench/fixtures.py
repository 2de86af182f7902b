# SPDX-License-Identifier: GPL-2.0-or-later
"""What all sides work on, made once and kept: a Debian root, whole and in three layers, and the
inputs of the workloads. Nothing in it is ever written to by a run."""

import os
import random
import shutil
import subprocess

import git_repository
import layers
import machine
import package
import source_file
import stacks

HERE = os.path.dirname(os.path.abspath(__file__))

# Another number makes a cache of an earlier form be thrown away.
FORM = 4

BIG_FILE_MIB = 256
SMALL = 64 * 1024
TINY = 8 * 1024
TINY_FILES = 2000
CHURNED_FILES = 400

# Below the root: what workloads inside it need.
BENCH = "srv/bench"


class Fixtures:
    """Where everything lies. Paths into the tree are relative to its root."""

    big_file = BENCH + "/big"
    repository = BENCH + "/repository"
    source = BENCH + "/source.c"
    package_file = BENCH + "/package.deb"
    changed_tree = "usr/share"

    def __init__(self, directory):
        self.directory = directory
        self.root = os.path.join(directory, "root")
        self.stacks = {stacks.DEBIAN: stacks.Stack(os.path.join(directory, "layers"), layers.NAMES)}
        self.archive = os.path.join(directory, "tree.tar")
        self.tool = os.path.join(directory, "workload")
        self.stamp = os.path.join(directory, "form")

    def list(self, name):
        return os.path.join(self.directory, name + ".list")

    def entries(self):
        """How many names the tree has."""
        return sum(len(names) + len(files) for _, names, files in os.walk(self.root))


def regular_files(root, below_size):
    """Paths relative to root, sorted, of files that are smaller than that."""
    found = []
    for directory, names, files in os.walk(root):
        names.sort()
        for name in sorted(files):
            path = os.path.join(directory, name)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            if os.path.getsize(path) < below_size:
                found.append(os.path.relpath(path, root))
    return found


def evenly(paths, count):
    """That many of them, from all over."""
    return paths[:: max(1, len(paths) // count)][:count]


def write_lines(path, lines):
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as out:
        out.writelines(line + "\n" for line in lines)


def write_lists(fixtures):
    root = fixtures.root
    small = regular_files(root, SMALL)
    shared = [path for path in small if path.startswith(fixtures.changed_tree)
              and os.lstat(os.path.join(root, path)).st_nlink == 1]
    directories = [os.path.relpath(directory, root) for directory, _, _ in os.walk(root)
                   if "/.git" not in directory]
    write_lines(fixtures.list("small"), small)
    write_lines(fixtures.list("tiny"), evenly(regular_files(root, TINY), TINY_FILES))
    write_lines(fixtures.list("churned"), evenly(shared, CHURNED_FILES))
    write_lines(fixtures.list("directories"), sorted(directories))


def write_big_file(path):
    bytes_of = random.Random(1)
    with open(path, "wb") as out:
        for _ in range(BIG_FILE_MIB):
            out.write(bytes_of.randbytes(1 << 20))


def make_root(fixtures, given_root, say):
    if given_root:
        say(f"copying {given_root}")
        os.mkdir(fixtures.root)
        machine.run(["cp", "--archive", "--reflink=auto", given_root + "/.", fixtures.root], 600)
    else:
        say("making a Debian root; this can take a few minutes")
        machine.run(["bash", os.path.join(HERE, "../e2e/debian_root.sh"), fixtures.root], 1200)
    os.makedirs(os.path.join(fixtures.root, BENCH), exist_ok=True)
    say("adding a git repository, a package, a source file and a big file")
    write_big_file(os.path.join(fixtures.root, fixtures.big_file))
    source_file.write(os.path.join(fixtures.root, fixtures.source))
    git_repository.make(fixtures.root, fixtures.repository)
    package.make(fixtures.root, os.path.join(fixtures.root, fixtures.package_file))


def compile_tool(fixtures):
    """Every time: the source may have changed, and it takes no time."""
    source = os.path.join(HERE, "workload.c")
    machine.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-o", fixtures.tool, source], 60)


def is_made(fixtures):
    try:
        with open(fixtures.stamp, encoding="ascii") as stamp:
            return stamp.read() == f"{FORM}\n"
    except FileNotFoundError:
        return False


def make(directory, given_root, wanted_stacks, say):
    """The fixtures in that directory, made if they are not there."""
    fixtures = Fixtures(directory)
    if not is_made(fixtures):
        for stale in ("root", "layers", "stacks"):
            shutil.rmtree(os.path.join(directory, stale), ignore_errors=True)
        make_root(fixtures, given_root, say)
        say("splitting it into layers")
        layers.split(fixtures.root, fixtures.stacks[stacks.DEBIAN].layers)
        machine.run(["tar", "-C", fixtures.root, "-cf", fixtures.archive, fixtures.changed_tree], 300)
        write_lists(fixtures)
        machine.flush(directory)
        write_lines(fixtures.stamp, [str(FORM)])
    for name in sorted(wanted_stacks - {stacks.DEBIAN}):
        fixtures.stacks[name] = stacks.make(name, fixtures, say)
    compile_tool(fixtures)
    return fixtures


def warm(fixtures, stack):
    """Brings those layers, and of the Debian root the whole tree, into the machine's caches."""
    paths = [stack.directory]
    if stack is fixtures.stacks[stacks.DEBIAN]:
        paths += [fixtures.root, fixtures.archive]
    with open(os.devnull, "wb") as nowhere:
        machine.run(["find", *paths, "-type", "f", "-size", "+0", "-exec", "cat", "{}", "+"], 600,
                    output=nowhere)
        subprocess.run([fixtures.tool], stdin=subprocess.DEVNULL, stderr=nowhere, timeout=10,
                       check=False)
