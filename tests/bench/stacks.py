# SPDX-License-Identifier: GPL-2.0-or-later
"""Stacks of layers beside the Debian root's three, for single workloads. Each is made when it is
first wanted, and kept."""

import os
import random
import shutil

import layers
import machine

DEBIAN = "debian"

DEEP_LAYERS = 100
WIDE_LAYERS = 500
WIDE_FILES = 20  # in each layer
HUGE_MIB = 1024
MILLION_DIRECTORIES = 1000
MILLION_FILES = 1000  # in each directory
NAMES_IN_DIRECTORY = 200000


class Stack:
    """Layers that lie in one directory, topmost first. They are named relative to it: so the names
    of many fit into the page that mount(2) takes."""

    def __init__(self, directory, names):
        self.directory = directory
        self.names = names
        self.list = os.path.join(directory, "files.list")

    @property
    def layers(self):
        return [os.path.join(self.directory, name) for name in self.names]


def numbered(count):
    return [str(number) for number in range(count)]


def make_files(directory, names):
    os.makedirs(directory)
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    for name in names:
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=handle))
    os.close(handle)


def write_list(stack, paths):
    random.Random(3).shuffle(paths)
    with open(stack.list, "w", encoding="ascii") as out:
        out.writelines(path + "\n" for path in paths)


def make_deep(stack, fixtures):
    """The Debian root again, as an image has it that was built in a hundred steps."""
    layers.scatter(fixtures.root, stack.layers)


def make_wide(stack, _fixtures):
    """One directory that every layer adds a few files to."""
    paths = []
    for layer in stack.names:
        names = [f"file-{layer}-{number}" for number in range(WIDE_FILES)]
        make_files(os.path.join(stack.directory, layer, "shared"), names)
        paths += [f"shared/{name}" for name in names]
    write_list(stack, paths)


def make_huge(stack, _fixtures):
    os.makedirs(stack.layers[0])
    bytes_of = random.Random(4)
    with open(os.path.join(stack.layers[0], "huge"), "wb") as out:
        for _ in range(HUGE_MIB):
            out.write(bytes_of.randbytes(1 << 20))
    write_list(stack, ["huge"])


def make_million(stack, _fixtures):
    for directory in range(MILLION_DIRECTORIES):
        make_files(os.path.join(stack.layers[directory % 2], f"directory-{directory}"),
                   [f"file-{number}" for number in range(MILLION_FILES)])


def make_directory(stack, _fixtures):
    make_files(os.path.join(stack.layers[0], "directory"),
               [f"a-file-with-the-number-{number}" for number in range(NAMES_IN_DIRECTORY)])
    os.makedirs(os.path.join(stack.layers[1], "directory"))


MAKERS = {
    "deep": (DEEP_LAYERS, make_deep),
    "wide": (WIDE_LAYERS, make_wide),
    "huge": (1, make_huge),
    "million": (2, make_million),
    "directory": (2, make_directory),
}


def make(name, fixtures, say):
    """The stack of that name, made if it is not there."""
    count, maker = MAKERS[name]
    directory = os.path.join(fixtures.directory, "stacks", name)
    stack = Stack(directory, numbered(count))
    if not os.path.isdir(directory):
        say(f"making the layers called {name}")
        half_made = Stack(directory + ".new", numbered(count))
        shutil.rmtree(half_made.directory, ignore_errors=True)
        os.makedirs(half_made.directory)
        maker(half_made, fixtures)
        machine.flush(half_made.directory)
        os.rename(half_made.directory, directory)
    return stack
