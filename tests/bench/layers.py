# SPDX-License-Identifier: GPL-2.0-or-later
"""Splits a Debian root into three layers, as an image has them that was built in three steps."""

import os
import re

import debian_root
import machine

# Topmost first: scripting languages and git, the compiler, the rest.
NAMES = ["top", "middle", "bottom"]
TOP_PACKAGES = re.compile(r"(git|python3|libpython|perl|libperl)")

# Each step of an image rewrites these, so every layer has them.
IN_ALL = {"var/lib/dpkg/status"}


def layer_of(package, paragraph):
    if TOP_PACKAGES.match(package) and "Essential: yes" not in paragraph:
        return "top"
    if re.search(r"^(Essential: yes|Priority: required)$", paragraph, re.MULTILINE):
        return "bottom"
    return "middle"


def layers_of_paths(root):
    """Path -> name of its layer, of what belongs to a package above the bottom."""
    owner = {}
    for package, paragraph in debian_root.read_status(root).items():
        layer = layer_of(package, paragraph)
        if layer != "bottom":
            owner.update(dict.fromkeys(debian_root.files_of(root, package), layer))
    return owner


def distribute(root):
    """Layer -> its paths. Those of directories are in each layer that has something in them."""
    owner = layers_of_paths(root)
    paths = {name: set() for name in NAMES}
    for directory, names, files in os.walk(root):
        for name in names + files:
            path = os.path.relpath(os.path.join(directory, name), root)
            is_directory = name in names and not os.path.islink(os.path.join(directory, name))
            home = "bottom" if is_directory else owner.get(path, "bottom")
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
