# SPDX-License-Identifier: GPL-2.0-or-later
"""The file systems that are compared. Each knows how to mount the layers in a box of its own."""

import json
import os
import re
import shutil
import subprocess

import machine
import stacks
from machine import Failure

HERE = os.path.dirname(os.path.abspath(__file__))

BUILD_SECONDS = 900
MOUNT_SECONDS = 30
END_SECONDS = 60


class Box:
    """The directories of one run: all on one file system, none inside another."""

    def __init__(self, directory, fixtures, stack):
        self.directory = directory
        self.fixtures = fixtures
        self.stack = stack
        self.upper = os.path.join(directory, "upper")
        self.work = os.path.join(directory, "work")
        self.mountpoint = os.path.join(directory, "mnt")
        for path in (self.upper, self.work, self.mountpoint):
            os.makedirs(path)

    @property
    def lowers(self):
        """In one text, relative to the stack's directory."""
        return ":".join(self.stack.names)

    def remove(self):
        shutil.rmtree(self.directory)


class Side:
    """A way to see the layers as one tree."""

    program = None  # what must be installed
    same_durability = "overlayfs"  # the side of the kernel that promises as much
    quick = True

    def __init__(self, name):
        self.name = name
        self.process = None
        self.box = None

    def missing(self):
        """Why this side cannot take part, or None."""
        if self.program and not shutil.which(self.program):
            return f"{self.program} is not installed"
        return None

    def takes(self, stack):
        """Whether it can show those layers."""
        return True

    def version(self):
        return ""

    def start(self, box, changes):
        """Mounts. Changes tells whether the workload will change the tree."""
        raise NotImplementedError

    def stop(self):
        machine.unmount(self.box.mountpoint)

    def free(self):
        """Lets programs go that wait for this side, when it answers no more."""

    def cpu_seconds(self):
        return None

    def messages(self):
        """What the kernel has sent so far, by kind, where that can be known."""
        return None


class Overlayfs(Side):
    """The kernel's own."""

    options = ""

    def missing(self):
        if shutil.which("modprobe"):
            subprocess.run(["modprobe", "--quiet", "overlay"], stdin=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=30, check=False)
        with open("/proc/filesystems", encoding="ascii") as kinds:
            if "\toverlay\n" not in kinds.read():
                return "this kernel has no overlayfs"
        return None

    def version(self):
        return os.uname().release

    def start(self, box, changes):
        self.box = box
        options = (f"lowerdir={box.lowers},upperdir={box.upper},workdir={box.work}"
                   + self.options)
        machine.run(["mount", "-t", "overlay", "overlay", "-o", options, box.mountpoint],
                    MOUNT_SECONDS, cwd=box.stack.directory)


class OverlayfsVolatile(Overlayfs):
    options = ",volatile"
    same_durability = "overlayfs-volatile"


class Bare(Side):
    """No union at all: a copy of the tree, or for workloads that only read the tree itself."""

    def takes(self, stack):
        return stack == stacks.DEBIAN

    def start(self, box, changes):
        self.box = box
        if not changes:
            machine.run(["mount", "--bind", "-o", "ro", box.fixtures.root, box.mountpoint],
                        MOUNT_SECONDS)
            return
        machine.run(["mount", "--bind", box.upper, box.mountpoint], MOUNT_SECONDS)
        copy = ["bash", "-o", "pipefail", "-c",
                'tar --exclude="$3" -C "$1" -cf - . | tar -C "$2" -xpf -',
                "copy", box.fixtures.root, box.upper, "./" + box.fixtures.big_file]
        machine.run(copy, 300)
        machine.flush(box.upper)


class Daemon(Side):
    """A file system in user space, kept in the foreground so that its process is our child."""

    def command(self, box):
        raise NotImplementedError

    def start(self, box, changes):
        self.box = box
        log_path = os.path.join(box.directory, "log")
        with open(log_path, "wb") as log:
            # Should we be killed, it ends too, and with it the last user of our mounts.
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self.command(box)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, cwd=box.stack.directory)
        mounted = machine.wait_until(
            lambda: machine.device_of_mount(box.mountpoint) or self.process.poll() is not None,
            MOUNT_SECONDS)
        if not mounted or self.process.poll() is not None:
            with open(log_path, encoding="utf-8", errors="replace") as log:
                said = machine.last_line(log.read())
            self.end()
            raise Failure(f"{self.program} did not mount: {said}")

    def stop(self):
        try:
            if machine.device_of_mount(self.box.mountpoint):
                machine.unmount(self.box.mountpoint)
        finally:
            if not self.end():
                raise Failure(f"{self.program} had to be killed after its unmount")

    def end(self):
        """True when the daemon ended by itself."""
        process, self.process = self.process, None
        if process is None or machine.wait_for_end(process, END_SECONDS):
            return True
        machine.abort_fuse(self.box.mountpoint)
        machine.end_group(process)
        process.wait()
        return False

    def free(self):
        machine.abort_fuse(self.box.mountpoint)

    def cpu_seconds(self):
        try:
            return machine.cpu_seconds(self.process.pid)
        except OSError:
            raise Failure(f"{self.program} has ended by itself") from None


def version_in(text):
    found = re.search(r"\d+\.\d+(\.\d+)*", text)
    return found.group() if found else ""


class FuseOverlayfs(Daemon):
    program = "fuse-overlayfs"

    def version(self):
        return version_in(re.sub(r"fusermount3 version.*", "",
                                 machine.run([self.program, "--version"], 10)))

    def command(self, box):
        return [self.program, "-f", "-o",
                f"lowerdir={box.lowers},upperdir={box.upper},workdir={box.work},dev,suid",
                box.mountpoint]


class UnionfsFuse(Daemon):
    program = "unionfs"

    def version(self):
        return version_in(machine.run(["dpkg-query", "--show", "--showformat", "${Version}",
                                       "unionfs-fuse"], 10))

    def command(self, box):
        branches = [box.upper + "=RW"] + [layer + "=RO" for layer in box.stack.layers]
        return [self.program, "-f", "-o", "cow,allow_other,use_ino,default_permissions,dev,suid",
                ":".join(branches), box.mountpoint]


class Cowfs(Daemon):
    options = []
    program = os.environ.get("COWFS", "cowfs")

    def version(self):
        return version_in(machine.run([self.program, "--version"], 10))

    def command(self, box):
        return [self.program, "mount", "-f", *self.options,
                box.lowers, box.upper, box.mountpoint]

    def messages(self):
        report = machine.run([self.program, "stat", "--json", self.box.mountpoint], 30)
        return json.loads(report)["messages"]


class CowfsVolatile(Cowfs):
    options = ["-o", "volatile"]
    same_durability = "overlayfs-volatile"


class CowfsNewer(Cowfs):
    """With the newest libfuse that can be had."""

    program = None
    quick = False

    def missing(self):
        if CowfsNewer.program is None:
            try:
                CowfsNewer.program = os.environ.get("COWFS_NEWER") or newer_cowfs()
            except Failure as failure:
                return str(failure)
        return None


def newer_cowfs():
    """Built once, in the directory of the caches."""
    built = os.path.join(os.environ.get("COWFS_BENCH_CACHE", "build-bench"), "newer")
    said = machine.run([os.path.join(HERE, "newer_cowfs"), built], BUILD_SECONDS)
    return said.splitlines()[-1]


class CowfsPassthrough(CowfsNewer):
    options = ["-o", "io=passthrough"]


class CowfsUring(CowfsNewer):
    options = ["-o", "io_uring"]
    switch = "/sys/module/fuse/parameters/enable_uring"

    def missing(self):
        if not os.path.exists(self.switch):
            return "this kernel has no FUSE over io_uring"
        return super().missing()

    def start(self, box, changes):
        """The kernel's switch is read when the two agree; it is put back at once."""
        with open(self.switch, "r+", encoding="ascii") as switch:
            before = switch.read()
            switch.write("Y")
            switch.flush()
            try:
                super().start(box, changes)
            finally:
                switch.write(before)


def all_sides():
    """In the order of the table's columns."""
    return [
        Overlayfs("overlayfs"),
        OverlayfsVolatile("overlayfs-volatile"),
        FuseOverlayfs("fuse-overlayfs"),
        UnionfsFuse("unionfs-fuse"),
        Bare("bare"),
        Cowfs("cowfs"),
        CowfsVolatile("cowfs-volatile"),
        CowfsNewer("cowfs-newer"),
        CowfsPassthrough("cowfs-passthrough"),
        CowfsUring("cowfs-uring"),
    ]
