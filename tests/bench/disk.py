# SPDX-License-Identifier: GPL-2.0-or-later
"""The disk that everything happens on: an ext4 file system with a journal, in an image file.

A file system of its own keeps the machine's other work out of our syncs, and makes machines alike.
Without a journal, as some machines have their root, ext4 passes over every inode that was deleted
in the last minute when it looks for a free one: whatever is measured after a large deletion then
takes several times as long, on whichever side that happens to be."""

import contextlib
import glob
import os

import machine
from machine import Failure

IMAGE_GIB = 12
INODES = 2500000
IMAGE = "disk-2.img"  # another name where another form is wanted


def make_image(path):
    fresh = path + ".new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(fresh)
    machine.run(["fallocate", "--length", f"{IMAGE_GIB}GiB", fresh], 600)
    # All of it now: no inode table is to be written in the background of a measurement.
    machine.run(["mkfs.ext4", "-q", "-O", "has_journal", "-N", str(INODES), "-E",
                 "lazy_itable_init=0,lazy_journal_init=0,nodiscard", fresh], 600)
    os.rename(fresh, path)


def attach(image):
    """A loop device that does not cache what the file system on it caches already."""
    if machine.run(["losetup", "--associated", image], 60):
        raise Failure(f"{image} is in use; two mounts of it would destroy it")
    for direct in ("--direct-io=on", "--direct-io=off"):
        try:
            return machine.run(["losetup", "--find", "--show", direct, image], 60).strip()
        except Failure as failure:
            problem = failure
    raise Failure(f"{image} cannot be attached ({problem}); use --in-place")


@contextlib.contextmanager
def mounted(directory):
    """Yields the directory where the disk is mounted, within 'with'."""
    image = os.path.join(directory, IMAGE)
    mountpoint = os.path.join(directory, "disk")
    os.makedirs(mountpoint, exist_ok=True)
    if not os.path.exists(image):
        for earlier in glob.glob(os.path.join(directory, "disk*.img")):
            os.unlink(earlier)
        make_image(image)
    device = attach(image)
    try:
        machine.run(["mount", "-t", "ext4", device, mountpoint], 60)
    finally:
        # From now on the device lasts as long as its mount, whatever becomes of us.
        machine.run(["losetup", "--detach", device], 60)
    try:
        yield mountpoint
    finally:
        machine.unmount(mountpoint)
