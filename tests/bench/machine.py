# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmark asks of the machine: programs with a time limit, mounts, caches, names."""

import os
import platform
import select
import signal
import subprocess
import time

CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """Something on a side went wrong; the text says what, in one line."""


class TimeLimit(Failure):
    """A program had not ended when its time was over."""


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else "it said nothing"


def end_group(process):
    """Ends a process that we started as the leader of its own group, and what it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run(argv, limit, on_limit=None, output=subprocess.PIPE, **options):
    """Runs a program to its end and returns what it printed. A program over its time limit is
    ended; on_limit is called before that, to free it from a file system that does not answer."""
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE,
        text=True, errors="replace", start_new_session=True, **options)
    try:
        out, err = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        if on_limit:
            on_limit()
        end_group(process)
        process.communicate()
        raise TimeLimit(f"{os.path.basename(argv[0])} took more than {limit} s") from None
    except BaseException:
        end_group(process)
        raise
    if process.returncode != 0:
        raise Failure(f"{os.path.basename(argv[0])} failed ({process.returncode}): "
                      + last_line(err or out or ""))
    return out or ""


# --- Mounts ---------------------------------------------------------------------------------------


def device_of_mount(path):
    """'MAJOR:MINOR' of what is mounted on path, or None."""
    found = None
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        for line in mounts:
            fields = line.split()
            if fields[4] == path:
                found = fields[2]
    return found


def abort_fuse(path):
    """Answers everything that waits for the FUSE file system on path with an error."""
    device = device_of_mount(path)
    if device is None:
        return
    try:
        with open(f"/sys/fs/fuse/connections/{device.split(':')[1]}/abort", "w",
                  encoding="ascii") as abort:
            abort.write("1")
    except OSError:
        pass  # it is not a FUSE file system, or it has ended by itself


def unmount(path, limit=120):
    """Unmounts path; a file system that does not let go is cut off, which is a Failure."""
    try:
        run(["umount", path], limit, on_limit=lambda: abort_fuse(path))
    except Failure:
        abort_fuse(path)
        subprocess.run(["umount", "--lazy", path], stdin=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=60, check=False)
        raise


# --- Caches ---------------------------------------------------------------------------------------


def flush(path):
    """Writes what the file system of path still has in memory; the others are left alone."""
    run(["sync", "--file-system", path], 300)


def drop_caches():
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as drop:
        drop.write("3")


def times_caches_were_dropped():
    """How often anyone on this machine has dropped caches, or None where nobody counts."""
    count = None
    with open("/proc/vmstat", encoding="ascii") as counters:
        for line in counters:
            name, value = line.split()
            if name in ("drop_pagecache", "drop_slab"):
                count = (count or 0) + int(value)
    return count


# --- Processes ------------------------------------------------------------------------------------


def cpu_seconds(pid):
    """User and system time of all threads of a process so far."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as status:
        fields = status.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def wait_for_end(process, limit):
    """True when a process that we started has ended in time. Popen.wait() would look only now and then."""
    if process.poll() is not None:
        return True
    with open(os.pidfd_open(process.pid), "rb") as ended:
        if not select.select([ended], [], [], limit)[0]:
            return False
    process.wait()
    return True


def wait_until(condition, limit):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.0005)
    return False


# --- Names for the report -------------------------------------------------------------------------


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        for line in info:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def memory_gib():
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def distribution():
    return platform.freedesktop_os_release().get("PRETTY_NAME", "an unknown distribution")


def file_system(path):
    return run(["findmnt", "--noheadings", "--output", "FSTYPE", "--target", path], 10).strip()


def describe(directory):
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gib": memory_gib(),
        "kernel": platform.release(),
        "distribution": distribution(),
        "file_system": file_system(directory),
    }
