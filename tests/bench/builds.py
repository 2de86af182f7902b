#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-or-later
"""What it costs to build an image: podman on the kernel's overlayfs, on fuse-overlayfs and on cowfs, with one Debian root.

Runs as root in tests/jail, which ends and removes whatever is left. COWFS names our program. Sides whose program is not here
are left out. Under a mount program podman compares the whole tree of a layer with the one below, and then waits for the next
full second: what a side takes beyond that second is its own.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import machine
from machine import Failure
from report import grid
from sides import version_in

LIMIT_SECONDS = 900
WAIT_SECONDS = 1  # podman's, for each layer under a mount program
RULES = '{"default": [{"type": "insecureAcceptAnything"}]}'


def say(text):
    print(f"builds: {text}", file=sys.stderr, flush=True)


class Side:
    """A store of podman's. The program is what mounts its layers, or None for the kernel's overlayfs."""

    def __init__(self, name, program, directory):
        self.name = name
        self.program = program
        self.directory = os.path.join(directory, name)
        self.wait = WAIT_SECONDS if program else 0
        self.builds = []
        self.commits = []

    def missing(self):
        if self.program == "":
            return f"{self.name} is not installed"
        return None

    def podman(self, *arguments):
        options = ["--storage-opt", f"overlay.mount_program={self.program}"] if self.program else []
        return machine.run(
            ["podman", "--root", os.path.join(self.directory, "root"), "--runroot", os.path.join(self.directory, "run"),
             "--cgroup-manager", "cgroupfs", "--runtime", "runc", "--events-backend", "none",
             "--storage-driver", "overlay", *options, *arguments], LIMIT_SECONDS).strip()

    def prepare(self, archive):
        os.makedirs(self.directory)
        self.podman("import", "-q", "-c", "ENV PATH=/usr/bin:/bin", archive, "localhost/debian")

    def build(self, recipe):
        """Seconds for the image of all its layers."""
        start = time.perf_counter()
        self.podman("build", "-q", "--no-cache", "--layers", "--network", "host", "--isolation", "chroot",
                    "--ulimit", "nofile=1024:1024", "-t", "localhost/built", "-f", recipe, os.path.dirname(recipe))
        return time.perf_counter() - start

    def change(self):
        """A container in which one file of the image was touched."""
        # What the engine would do with a process there; no runtime is to be measured.
        self.podman("create", "--name", "changed", "localhost/debian", "true")
        merged = self.podman("mount", "changed")
        os.utime(os.path.join(merged, "usr/bin/env"))
        self.podman("umount", "changed")

    def commit(self):
        start = time.perf_counter()
        self.podman("commit", "-q", "changed", "localhost/committed")
        return time.perf_counter() - start

    def forget(self):
        """The images and containers of a repetition."""
        self.podman("rm", "changed")
        self.podman("rmi", "-f", "localhost/built", "localhost/committed")

    def measure(self, recipe):
        self.builds.append(self.build(recipe))
        self.change()
        self.commits.append(self.commit())
        self.forget()

    def version(self):
        if not self.program:
            return os.uname().release
        return version_in(re.sub(r"fusermount3 version.*", "", machine.run([self.program, "--version"], 10)))


def messages_of_commit(side):
    """What the kernel asks cowfs for during one commit, of the container's union and of its image's."""
    side.change()
    places = [side.podman("mount", "changed"), side.podman("image", "mount", "localhost/debian")]

    def counts():
        total = {}
        for place in places:
            for kind, number in json.loads(machine.run([side.program, "stat", "--json", place], 30))["messages"].items():
                total[kind] = total.get(kind, 0) + number
        return total

    before = counts()
    side.commit()
    after = counts()
    side.podman("image", "umount", "localhost/debian")
    side.podman("umount", "changed")
    side.podman("rm", "changed")
    return {kind: number - before.get(kind, 0) for kind, number in after.items() if number > before.get(kind, 0)}


def all_sides(directory):
    return [Side("overlayfs", None, directory), Side("fuse-overlayfs", shutil.which("fuse-overlayfs") or "", directory),
            Side("cowfs", os.environ["COWFS"], directory)]


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def settle(directory):
    """podman's configuration is this benchmark's own."""
    os.makedirs("/etc/containers", exist_ok=True)
    write("/etc/containers/policy.json", RULES)
    write(os.path.join(directory, "containers.conf"),
          '[containers]\nnetns = "none"\n'
          f'default_ulimits = ["nofile=1024:1024", "nproc=32768:32768"]\n[engine]\nconmon_path = ["{shutil.which("conmon")}"]\n')
    write(os.path.join(directory, "storage.conf"), '[storage]\ndriver = "overlay"\n'
          f'graphroot = "{directory}/root"\nrunroot = "{directory}/run"\n')
    os.environ["CONTAINERS_CONF"] = os.path.join(directory, "containers.conf")
    os.environ["CONTAINERS_STORAGE_CONF"] = os.path.join(directory, "storage.conf")


def write_recipe(directory, layers):
    os.makedirs(os.path.join(directory, "context"))
    recipe = os.path.join(directory, "context", "Dockerfile")
    write(recipe, "FROM localhost/debian\n" + "".join(f"RUN echo {layer} >/root/file{layer}\n" for layer in range(layers)))
    return recipe


def debian_archive(given, directory):
    if given:
        return given
    maker = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e/debian_root.sh")
    root, archive = os.path.join(directory, "debian"), os.path.join(directory, "debian.tar")
    machine.run(["bash", maker, root], LIMIT_SECONDS)
    machine.run(["tar", "-C", root, "-cf", archive, "."], LIMIT_SECONDS)
    shutil.rmtree(root)
    return archive


def table(sides, layers):
    rows = [["seconds", f"build, {layers} RUN", "above the wait", "commit", "above the wait"]]
    for side in sides:
        build, commit = statistics.median(side.builds), statistics.median(side.commits)
        rows.append([side.name] + [f"{seconds:.1f}" for seconds in (
            build, build - layers * side.wait, commit, commit - side.wait)])
    return grid(rows)


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=3, metavar="N")
    parser.add_argument("--layers", type=int, default=20, metavar="N")
    parser.add_argument("--archive", metavar="FILE", help="a Debian root as a tar archive, instead of making one")
    parser.add_argument("--sides", metavar="NAME,...", help="only these")
    return parser.parse_args(arguments)


def bench(options, directory):
    sides = [side for side in all_sides(directory) if not options.sides or side.name in options.sides.split(",")]
    for side in [side for side in sides if side.missing()]:
        say(f"{side.name} is left out: {side.missing()}")
        sides.remove(side)
    settle(directory)
    archive = debian_archive(options.archive, directory)
    recipe = write_recipe(directory, options.layers)
    for side in sides:
        side.prepare(archive)
    # By turns, so that what the machine does besides falls on all.
    for _ in range(options.repetitions):
        for side in sides:
            side.measure(recipe)
            say(f"{side.name}: build {side.builds[-1]:.1f} s, commit {side.commits[-1]:.1f} s")
    print(", ".join(f"{side.name} {side.version()}" for side in sides) + f"; medians of {options.repetitions}\n")
    print("\n".join(table(sides, options.layers)))
    for side in sides:
        if side.name == "cowfs":
            found = sorted(messages_of_commit(side).items(), key=lambda item: -item[1])
            print("\nmessages of a commit: " + ", ".join(f"{number} {kind}" for kind, number in found))


def main():
    options = parse(sys.argv[1:])
    if "COWFS_JAIL" not in os.environ or os.geteuid() != 0:
        say("run me as root, by tests/jail")
        return 1
    if not shutil.which("podman") or not shutil.which("conmon"):
        say("podman and conmon are not installed")
        return 1
    try:
        bench(options, tempfile.mkdtemp(prefix="builds-"))
    except (Failure, OSError, subprocess.SubprocessError) as failure:
        say(failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
