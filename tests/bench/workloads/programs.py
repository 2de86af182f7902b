# SPDX-License-Identifier: GPL-2.0-or-later
"""Workloads that are programs of the Debian root at work."""

import os
import time

import git_repository
import package
from workload import tree

COMPILATIONS = 5
EDITED_FILES = 100


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
    mounted.git("gc", "--quiet")
    return time.perf_counter() - start


def install_package(mounted):
    return mounted.seconds(
        "chroot", mounted.root, "dpkg", "--force-all", "--install", "/" + mounted.fixtures.package_file,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"})


# --- Proofs ---------------------------------------------------------------------------------------


def package_state(mounted):
    state = mounted.run("chroot", mounted.root, "dpkg-query", "--show",
                        package.NAME)
    return state.strip() + " " + tree(package.CONTENTS)(mounted)


def git_state(mounted):
    return " ".join(mounted.git(*command.split()).strip() for command in (
        "rev-parse HEAD^{tree} other^{tree}", "status --porcelain", "fsck --no-dangling"))
