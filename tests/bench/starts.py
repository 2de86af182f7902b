#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-or-later
"""What it costs to start a container: cowrun beside other runtimes, on one root file system of busybox.

Runs as root in tests/jail, which ends and removes whatever is left. COWFS and COWRUN name our programs, which are measured as
they are installed, without what only a debugger reads. Sides whose program is not here are left out.
"""

import argparse
import json
import os
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

LIMIT_SECONDS = 60
IDLE = ["sleep", "1000"]


def say(text):
    print(f"starts: {text}", file=sys.stderr, flush=True)


class Place:
    """A directory with the root file system and our programs."""

    def __init__(self, directory):
        self.directory = directory
        self.root = self.make("root")
        self.programs = self.make("programs")
        self.make_root()
        init = os.path.join(os.path.dirname(os.environ["COWRUN"]), "../init/cowrun-init")
        for name, path in (("cowfs", os.environ["COWFS"]), ("cowrun", os.environ["COWRUN"]),
                           ("cowrun-init", init)):
            machine.run(["strip", "-o", self.program(name), path], 60)
        os.environ["COWFS"] = self.program("cowfs")
        os.environ["COWRUN_INIT"] = self.program("cowrun-init")

    def make(self, name):
        path = os.path.join(self.directory, name)
        os.makedirs(path, exist_ok=True)
        return path

    def program(self, name):
        return os.path.join(self.programs, name)

    def make_root(self):
        for name in ("bin", "etc", "tmp", "proc", "sys", "dev"):
            os.makedirs(os.path.join(self.root, name))
        shutil.copy(shutil.which("busybox"), os.path.join(self.root, "bin/busybox"))
        for name in ("true", "sleep", "sh"):
            os.symlink("busybox", os.path.join(self.root, "bin", name))


class Side:
    """A way to run a command in the root. A side that has `idle` can leave a container running."""

    idle = True
    program = None

    def __init__(self, name, place):
        self.name = name
        self.place = place
        self.slug = name.replace(",", "").replace(" ", "-")
        self.directory = place.make(self.slug)

    def missing(self):
        return None if shutil.which(self.program) else f"{self.program} is not installed"

    def version(self):
        return version_in(machine.run([self.program, "--version"], 10))

    def prepare(self):
        """What is done once, before anything is measured."""

    def command(self, number, arguments):
        """Runs the arguments in a container and ends when they do."""
        raise NotImplementedError

    def start_idle(self, number):
        """Leaves a container running."""
        process = subprocess.Popen(self.command(number, IDLE), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.2)
        if process.poll() is not None:
            raise Failure(f"{self.name} has ended by itself")

    def stop_idle(self, number):
        """Control groups outlive the jail."""


class Bubblewrap(Side):
    program = "bwrap"

    def command(self, number, arguments):
        return ["bwrap", "--unshare-all", "--die-with-parent", "--bind", self.place.root, "/",
                "--proc", "/proc", "--dev", "/dev", *arguments]


class Oci(Side):
    """A runtime of OCI bundles."""

    flags = ()

    def root(self, _number):
        return self.place.root

    def bundle(self, number, arguments):
        path = self.place.make(os.path.join(self.slug, f"bundle-{number}-{arguments[0]}"))
        config = os.path.join(path, "config.json")
        if os.path.exists(config):
            return path
        machine.run([self.program, "spec", "--bundle", path] if self.program == "runc" else
                    ["sh", "-c", 'cd "$1" && crun spec', "spec", path], 10)
        with open(config, encoding="utf-8") as text:
            spec = json.load(text)
        spec["process"]["terminal"] = False
        spec["process"]["args"] = arguments
        spec["root"] = {"path": self.root(number), "readonly": False}
        with open(config, "w", encoding="utf-8") as text:
            json.dump(spec, text)
        return path

    def call(self, *arguments):
        return [self.program, *self.flags, "--root", os.path.join(self.directory, "state"),
                *arguments]

    def prepare(self):
        for number in range(self.place.count):
            self.bundle(number, ["true"])

    def command(self, number, arguments):
        return self.call("run", "--bundle", self.bundle(number, arguments), f"x{number}")

    def start_idle(self, number):
        # A pipe would be held open by the container.
        subprocess.run(self.call("run", "--detach", "--bundle", self.bundle(number, IDLE),
                                 f"idle{number}"), timeout=LIMIT_SECONDS, check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop_idle(self, number):
        machine.run(self.call("delete", "--force", f"idle{number}"), LIMIT_SECONDS)


class Runc(Oci):
    program = "runc"


class Crun(Oci):
    """Without control groups, for it refuses those of a machine that has both versions."""

    program = "crun"
    flags = ("--cgroup-manager=disabled",)


class CrunOnCowfs(Crun):
    """The same on a union, mounted for the container: what cowrun does all by itself."""

    idle = False

    def root(self, number):
        return os.path.join(self.directory, f"mnt{number}")

    def command(self, number, arguments):
        mountpoint = self.root(number)
        upper = os.path.join(self.directory, f"upper{number}")
        os.makedirs(mountpoint, exist_ok=True)
        os.makedirs(upper, exist_ok=True)
        run = " ".join(super().command(number, arguments))
        cowfs = self.place.program("cowfs")
        return ["sh", "-c", f"{cowfs} mount {self.place.root} {upper} {mountpoint} && {run}; "
                f"status=$?; {cowfs} umount {mountpoint}; exit $status"]


class Cowrun(Side):
    def missing(self):
        return None

    def version(self):
        return version_in(machine.run([self.place.program("cowrun"), "--version"], 10))

    def call(self, *arguments):
        return [self.place.program("cowrun"), "--root", os.path.join(self.directory, "store"),
                *arguments]

    def command(self, number, arguments):
        return self.call("run", "--rm", "--net", "none", "--rootfs", self.place.root, *arguments)

    def start_idle(self, number):
        machine.run(self.call("run", "-d", "--rm", "--net", "none", "--name", f"idle{number}",
                              "--rootfs", self.place.root, *IDLE), LIMIT_SECONDS)

    def stop_idle(self, number):
        machine.run(self.call("rm", "-f", f"idle{number}"), LIMIT_SECONDS)


class Podman(Side):
    program = "podman"
    driver = ("overlay",)

    def call(self, *arguments):
        return ["podman", "--root", os.path.join(self.directory, "root"), "--runroot",
                os.path.join(self.directory, "run"), "--cgroup-manager", "cgroupfs", "--runtime",
                "crun", "--events-backend", "none", "--storage-driver", self.driver[0],
                *[option for value in self.driver[1:] for option in ("--storage-opt", value)],
                *arguments]

    def prepare(self):
        os.makedirs("/etc/containers", exist_ok=True)
        with open("/etc/containers/policy.json", "w", encoding="ascii") as policy:
            policy.write('{"default": [{"type": "insecureAcceptAnything"}]}')
        machine.run(["sh", "-c", 'tar -C "$0" -cf - . | "$@"', self.place.root,
                     *self.call("import", "-q", "-", "bench")], LIMIT_SECONDS)

    def options(self):
        return ["--network", "none", "--cgroups", "disabled", "--log-driver", "none", "--pull", "never"]

    def command(self, number, arguments):
        return self.call("run", "--rm", *self.options(), "localhost/bench", *arguments)

    def start_idle(self, number):
        machine.run(self.call("run", "-d", "--rm", *self.options(), "localhost/bench", *IDLE),
                    LIMIT_SECONDS)


class PodmanFuse(Podman):
    driver = ("overlay", f"overlay.mount_program={shutil.which('fuse-overlayfs')}")

    def missing(self):
        if not shutil.which("fuse-overlayfs"):
            return "fuse-overlayfs is not installed"
        return super().missing()


def all_sides(place):
    return [Bubblewrap("bwrap", place), Crun("crun, no groups", place), Runc("runc", place),
            CrunOnCowfs("crun on cowfs", place), Cowrun("cowrun", place),
            Podman("podman, overlay", place), PodmanFuse("podman, fuse-overlayfs", place)]


# --- Measuring ------------------------------------------------------------------------------------


def time_one(side, number):
    start = time.perf_counter()
    machine.run(side.command(number, ["true"]), LIMIT_SECONDS)
    return time.perf_counter() - start


def time_at_once(side, count):
    """Until the last has ended."""
    commands = [side.command(number, ["true"]) for number in range(count)]
    start = time.perf_counter()
    processes = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) for command in commands]
    failed = sum(process.wait(timeout=LIMIT_SECONDS) != 0 for process in processes)
    seconds = time.perf_counter() - start
    if failed:
        raise Failure(f"{failed} of {count} failed")
    return seconds


def processes():
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def memory_of(pid):
    """KiB, its part of what it shares; 0 for the container's own program, and who has just ended."""
    try:
        if os.readlink(f"/proc/{pid}/exe").endswith("/busybox"):
            return 0
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
            return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    except OSError:
        return 0


def memory_per_idle(side, count):
    """KiB of what stays beside each container."""
    before = processes()
    started = 0
    try:
        while started < count:
            side.start_idle(started)
            started += 1
        time.sleep(0.5)
        return sum(memory_of(pid) for pid in processes() - before) / count
    finally:
        for number in range(started):
            side.stop_idle(number)


def measure(place, sides, options):
    results = {side.name: {"seconds": []} for side in sides}
    for side in list(sides):
        try:
            side.prepare()
            time_one(side, 0)
        except Failure as failure:
            say(f"{side.name} is left out: {failure}")
            sides.remove(side)
    # By turns, so that what the machine does besides falls on all.
    for _ in range(options.repetitions):
        for side in sides:
            results[side.name]["seconds"].append(time_one(side, 0))
    for side in sides:
        try:
            results[side.name]["at once"] = time_at_once(side, options.at_once)
            if side.idle:
                results[side.name]["memory"] = memory_per_idle(side, options.idle)
        except (Failure, subprocess.SubprocessError) as failure:
            say(f"{side.name}: {failure}")
        say(f"{side.name}: done")
    return results


# --- Telling --------------------------------------------------------------------------------------


def number(value, factor=1, digits=1):
    return "-" if value is None else f"{value * factor:.{digits}f}"


def table(sides, results, options):
    rows = [["", "ms each", "least", f"s, {options.at_once} at once", "KiB each, idle"]]
    for side in sides:
        result = results[side.name]
        rows.append([side.name, number(statistics.median(result["seconds"]), 1000),
                     number(min(result["seconds"]), 1000), number(result.get("at once"), 1, 2),
                     number(result.get("memory"), 1, 0)])
    return grid(rows)


def use_one_version():
    """crun starts nothing where version 2 has controllers beside version 1. Seen in the jail alone."""
    if os.path.ismount("/sys/fs/cgroup/unified"):
        machine.run(["umount", "/sys/fs/cgroup/unified"], 10)


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=30, metavar="N")
    parser.add_argument("--at-once", type=int, default=100, metavar="N")
    parser.add_argument("--idle", type=int, default=10, metavar="N")
    parser.add_argument("--sides", metavar="NAME,...", help="only these")
    return parser.parse_args(arguments)


def main():
    options = parse(sys.argv[1:])
    if "COWFS_JAIL" not in os.environ or os.geteuid() != 0:
        say("run me as root, by tests/jail")
        return 1
    use_one_version()
    place = Place(tempfile.mkdtemp(prefix="starts-"))
    place.count = options.at_once
    sides = []
    for side in all_sides(place):
        if options.sides and side.name not in options.sides.split(","):
            continue
        if side.missing():
            say(f"{side.name} is left out: {side.missing()}")
        else:
            sides.append(side)
    try:
        results = measure(place, sides, options)
    except (Failure, OSError) as failure:
        say(failure)
        return 1
    details = machine.describe(place.directory)
    print(f"{details['processor']}, {details['cores']} cores, {details['memory_gib']} GiB, "
          f"{details['file_system']}; {details['distribution']}, Linux {details['kernel']}")
    print(", ".join(f"{side.name} {side.version()}" for side in sides))
    print(f"medians of {options.repetitions} interleaved starts of true; memory with "
          f"{options.idle} containers\n")
    print("\n".join(table(sides, results, options)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
