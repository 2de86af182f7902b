# SPDX-License-Identifier: GPL-2.0-or-later
"""Splits a Debian root into layers: three, as an image has them that was built in three steps,
or any number."""

import os
import re
import zlib

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


def distribute(root, names_of_layers, homes):
    """Layer -> its paths. Homes tells the layers of what is no directory; a directory is in the last
    one, and wherever something in it is."""
    paths = {name: set() for name in names_of_layers}
    for directory, names, files in os.walk(root):
        for name in names + files:
            full = os.path.join(directory, name)
            path = os.path.relpath(full, root)
            is_directory = os.path.isdir(full) and not os.path.islink(full)
            for layer in names_of_layers[-1:] if is_directory else homes(path):
                paths[layer].add(path)
                add_parents(paths[layer], path)
    return paths


def add_parents(paths, path):
    while path := os.path.dirname(path):
        paths.add(path)


def split(root, targets):
    """Targets: a directory for each of NAMES."""
    unpack(root, targets, distribute(root, NAMES, lambda path: (
        NAMES if path in IN_ALL else [layer_of(path)])))


def scatter(root, targets):
    """Each file to one of the targets, wherever chance has it."""
    numbers = range(len(targets))
    unpack(root, targets, distribute(root, numbers, lambda path: (
        [zlib.crc32(path.encode(errors="surrogateescape")) % len(targets)])))


def unpack(root, targets, distribution):
    for target, paths in zip(targets, distribution.values()):
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
