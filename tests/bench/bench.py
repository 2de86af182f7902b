# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark's command line; tests/bench/run starts it."""

import argparse
import contextlib
import fcntl
import json
import os
import signal
import sys
import time

import disk
import fixtures as fixture_makers
import machine
import page
import plot
import report
from figures import Figures
from machine import Failure
from runner import Runner
from sides import all_sides
from workloads import WORKLOADS

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs")

REPETITIONS = 5
QUICK_REPETITIONS = 1


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="tests/bench/run", description="Compares cowfs (the program that $COWFS names) with "
        "other union file systems and with a bare directory.")
    parser.add_argument("--quick", action="store_true", help="fewer workloads, each once: about "
                        "two minutes when the Debian root is there")
    parser.add_argument("--repetitions", type=int, metavar="N", help=f"instead of {REPETITIONS}")
    parser.add_argument("--sides", metavar="NAME,...", help="only these: "
                        + ", ".join(side.name for side in all_sides()))
    parser.add_argument("--workloads", metavar="NAME,...", help="only these: "
                        + ", ".join(workload.name for workload in WORKLOADS))
    parser.add_argument("--cache", metavar="DIRECTORY",
                        default=os.environ.get("COWFS_BENCH_CACHE", "build-bench"),
                        help="where the layers are kept and the mounts are made, in a disk image "
                        "($COWFS_BENCH_CACHE, else build-bench)")
    parser.add_argument("--in-place", action="store_true", help="in that directory itself, "
                        "instead of a disk image in it: measures its file system too")
    parser.add_argument("--root", metavar="DIRECTORY", help="copy this Debian root, which must "
                        "have gcc and git, instead of making one")
    parser.add_argument("--output", metavar="DIRECTORY", default="build-bench",
                        help="where bench.txt, bench.json and bench.svg go (build-bench)")
    parser.add_argument("--docs", action="store_true",
                        help="also renew docs/benchmarks.md and its picture")
    return parser.parse_args(arguments)


def chosen(everything, names):
    """Those that were asked for, in our order."""
    if names is None:
        return everything
    wanted = names.split(",")
    unknown = set(wanted) - {one.name for one in everything}
    if unknown:
        raise Failure(f"there is no {', '.join(sorted(unknown))}; see --help")
    return [one for one in everything if one.name in wanted]


def sides_here(options):
    present = []
    wanted = chosen(all_sides(), options.sides)
    if options.quick and options.sides is None:
        wanted = [side for side in wanted if side.quick]
    for side in wanted:
        reason = side.missing()
        if reason:
            say(f"{side.name} is left out: {reason}")
        else:
            present.append(side)
    if not present:
        raise Failure("there is nothing to compare")
    return present


def workloads_for(options):
    found = chosen(WORKLOADS, options.workloads)
    if options.quick and options.workloads is None:
        found = [workload for workload in found if workload.quick]
    return found


def open_cache(path):
    """The directory, locked: two benchmarks at a time would only measure each other."""
    os.makedirs(path, exist_ok=True)
    path = os.path.realpath(path)
    if machine.file_system(path) in ("tmpfs", "ramfs", "overlay"):
        raise Failure(f"{path} is not on a disk; choose another place with --cache")
    lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Failure(f"another benchmark is running in {path}") from None
    return path


def place(options, cache):
    return contextlib.nullcontext(cache) if options.in_place else disk.mounted(cache)


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def publish(options, runner, repetitions, details, versions):
    figures = Figures(runner.runs, runner.sides, runner.workloads)
    heading = report.about(details, versions, repetitions)
    tables = report.text(figures, heading)
    picture = plot.draw(figures, heading)
    results = report.as_json(figures, details, versions, repetitions)
    os.makedirs(options.output, exist_ok=True)
    write(os.path.join(options.output, "bench.txt"), tables)
    write(os.path.join(options.output, "bench.json"), json.dumps(results, indent=1) + "\n")
    if picture:
        write(os.path.join(options.output, "bench.svg"), picture)
    if options.docs:
        page.update(os.path.join(DOCS, "benchmarks.md"), tables)
        if picture:
            write(os.path.join(DOCS, "benchmarks.svg"), picture)
    print(tables, end="")


def bench(options):
    sides = sides_here(options)
    workloads = workloads_for(options)
    repetitions = options.repetitions or (QUICK_REPETITIONS if options.quick else REPETITIONS)
    cache = open_cache(options.cache)
    versions = {side.name: side.version() for side in sides}
    started = time.monotonic()
    with place(options, cache) as directory:
        fixtures = fixture_makers.make(directory, options.root,
                                       {workload.stack for workload in workloads}, say)
        details = {**machine.describe(directory), "entries": fixtures.entries()}
        runner = Runner(fixtures, sides, workloads, say)
        try:
            runner.run(repetitions)
        finally:
            runner.close()
    say(f"{len(runner.runs)} runs in {round(time.monotonic() - started)} s")
    publish(options, runner, repetitions, details, versions)


def end_in_order(number, _frame):
    """Lets every 'finally' unmount and remove what it made."""
    raise SystemExit(128 + number)


def main():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end_in_order)
    os.environ["LC_ALL"] = "C.UTF-8"
    os.umask(0o022)
    try:
        bench(parse(sys.argv[1:]))
    except (Failure, OSError) as failure:
        say(failure)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
