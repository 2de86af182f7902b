# SPDX-License-Identifier: GPL-2.0-or-later
"""Splits a Debian root into three layers, as an image has them that was built in three steps."""

import os
import re

import machine

# Topmost first.
NAMES = ["top", "middle", "bottom"]

# A path belongs to the first layer that has a component of it beginning like this.
BEGINNINGS = {
    "top": re.compile(r"(^|/)(git|python3|libpython|perl|libperl|py3)"),
    "middle": re.compile(r"(^|/)(gcc|cpp|libgcc|cc1|binutils|x86_64-linux-gnu-|libc6-dev|include)"),
}

# Each step of an image rewrites these, so every layer has them.
IN_ALL = {"var/lib/dpkg/status"}

# What make bench adds for its own use.
NOT_PACKAGED = "srv/"


def layer_of(path):
    if path.startswith(NOT_PACKAGED):
        return "bottom"
    return next((name for name, beginning in BEGINNINGS.items() if beginning.search(path)),
                "bottom")


def distribute(root):
    """Layer -> its paths. A directory is in the bottom, and wherever something in it is."""
    paths = {name: set() for name in NAMES}
    for directory, names, files in os.walk(root):
        for name in names + files:
            full = os.path.join(directory, name)
            path = os.path.relpath(full, root)
            is_directory = os.path.isdir(full) and not os.path.islink(full)
            home = "bottom" if is_directory else layer_of(path)
            for layer in NAMES if path in IN_ALL else [home]:
                paths[layer].add(path)
                add_parents(paths[layer], path)
    return paths


def add_parents(paths, path):
    while path := os.path.dirname(path):
        paths.add(path)


def split(root, targets):
    """Targets: a directory for each of NAMES."""
    for target, paths in zip(targets, distribute(root).values()):
        os.makedirs(target)
        archive = target + ".tar"
        listed = target + ".paths"
        with open(listed, "w", encoding="utf-8", errors="surrogateescape") as out:
            out.writelines(path + "\n" for path in sorted(paths))
        # The pax format keeps parts of a second. What is in a directory need not follow it at once.
        machine.run(["tar", "-C", root, "--format=pax", "--xattrs", "--no-recursion",
                     "--verbatim-files-from", "-cf", archive, "-T", listed], 300)
        machine.run(["tar", "-C", target, "--xattrs", "--xattrs-include=*",
                     "--delay-directory-restore", "-xpf", archive], 300)
        os.unlink(archive)
        os.unlink(listed)
