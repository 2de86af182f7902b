# SPDX-License-Identifier: GPL-2.0-or-later
"""Workloads on very many files, names or layers, and mounting itself."""

import subprocess
import time


def walk_all(mounted):
    return mounted.seconds("find", mounted.root, "-printf", "%s %i\n", output=subprocess.DEVNULL)


def read_listed(mounted):
    return mounted.tool("read", mounted.root, mounted.stack.list, 1)


def count(mounted):
    return str(mounted.run("find", mounted.root, "-printf", ".").count("."))


def start_and_end(mounted):
    """What a container costs that does nothing: a mount, one program, an unmount."""
    mounted.side.stop()
    start = time.perf_counter()
    mounted.side.start(mounted.box, True)
    mounted.run("chroot", mounted.root, "true")
    mounted.side.stop()
    seconds = time.perf_counter() - start
    mounted.side.start(mounted.box, True)
    return seconds
