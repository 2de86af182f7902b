# SPDX-License-Identifier: GPL-2.0-or-later
"""A git repository that lies in a lower layer: two branches, everything packed and clean."""

import os
import random

import machine

DIRECTORIES = 80
FILES_PER_DIRECTORY = 25
CHANGED_EVERY = 5  # this share of the files differs between the branches
OLD = 1700000000

IDENTITY = {"GIT_AUTHOR_NAME": "bench", "GIT_AUTHOR_EMAIL": "bench@localhost",
            "GIT_COMMITTER_NAME": "bench", "GIT_COMMITTER_EMAIL": "bench@localhost",
            "GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000",
            "HOME": "/root", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


def git(root, repository, *arguments, limit=120, **options):
    """Runs git of a root in a repository of that root."""
    return machine.run(["chroot", root, "git", "-C", "/" + repository, *arguments], limit,
                       env=IDENTITY, **options)


def text(chance):
    return "".join(f"{chance.randrange(10 ** 12):012d} a line of text\n"
                   for _ in range(chance.randrange(10, 300)))


def paths():
    return [f"part-{directory}/file-{name}.txt"
            for directory in range(DIRECTORIES) for name in range(FILES_PER_DIRECTORY)]


def write_files(top, chosen, chance):
    for path in chosen:
        full = os.path.join(top, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="ascii") as out:
            out.write(text(chance))


def make_old(top, chosen):
    """So that git need not suspect files to have changed in the second of the index."""
    for path in chosen:
        os.utime(os.path.join(top, path), (OLD, OLD))


def make(root, repository):
    top = os.path.join(root, repository)
    chance = random.Random(2)
    os.makedirs(top)
    git(root, repository, "init", "--quiet", "--initial-branch=main")
    # A layer's files have other inode numbers and change times than those git has seen.
    git(root, repository, "config", "core.checkStat", "minimal")
    git(root, repository, "config", "core.trustctime", "false")
    git(root, repository, "config", "gc.auto", "0")
    write_files(top, paths(), chance)
    git(root, repository, "add", ".")
    git(root, repository, "commit", "--quiet", "--message=one")
    git(root, repository, "checkout", "--quiet", "-b", "other")
    write_files(top, paths()[::CHANGED_EVERY], chance)
    git(root, repository, "commit", "--quiet", "--all", "--message=two")
    git(root, repository, "checkout", "--quiet", "main")
    git(root, repository, "repack", "-a", "-d", "--quiet")
    make_old(top, paths())
    git(root, repository, "update-index", "-q", "--refresh")
