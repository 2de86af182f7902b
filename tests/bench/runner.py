# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs every workload on every side by turns."""

import os
import re
import shutil
import tempfile
import time

import fixtures as fixture_makers
import machine
from machine import Failure, TimeLimit
from sides import Box
from workload import Mounted

# A run during which someone else dropped the machine's caches is done again, so often at most.
ATTEMPTS = 4
WORKLOAD_SECONDS = 180
TIMES_TO_WARM = 2


class Runner:
    def __init__(self, fixtures, sides, workloads, say):
        self.fixtures = fixtures
        self.sides = sides
        self.workloads = workloads
        self.say = say
        # A name that is always the same: what a killed run left behind goes first.
        self.scratch = os.path.join(fixtures.directory, "runs")
        shutil.rmtree(self.scratch, ignore_errors=True)
        os.mkdir(self.scratch)
        self.warm_since = {}  # stack -> how often caches had been dropped by then
        self.hopeless = set()  # (side, workload) that took too long once
        self.runs = []

    def run(self, repetitions):
        """Leaves a dictionary for each run in self.runs."""
        for repetition in range(repetitions):
            for number, workload in enumerate(self.workloads):
                if repetition >= workload.repetitions:
                    continue
                turn = (repetition + number) % len(self.sides)
                for side in self.sides[turn:] + self.sides[:turn]:
                    self.run_and_note(side, workload, repetition)
                self.report(workload, repetition, min(repetitions, workload.repetitions))

    def close(self):
        shutil.rmtree(self.scratch, ignore_errors=True)

    def report(self, workload, repetition, repetitions):
        shown = []
        for run in self.runs[-len(self.sides):]:
            seconds = run.get("seconds")
            shown.append((run["side"], f"{seconds:.3f}" if seconds is not None else "-"))
        order = [side.name for side in self.sides]
        shown.sort(key=lambda one: order.index(one[0]))
        self.say(f"{repetition + 1}/{repetitions} {workload.name}: "
                 + ", ".join(f"{name} {seconds}" for name, seconds in shown))

    def run_and_note(self, side, workload, repetition):
        note = {"repetition": repetition, "side": side.name, "workload": workload.name}
        self.runs.append(note)
        if (side.name, workload.name) in self.hopeless:
            note["failure"] = "left out, because it took too long before"
            return
        if not side.takes(workload.stack):
            return
        try:
            for _ in range(ATTEMPTS):
                note.update(self.run_once(side, workload))
                if not note["disturbed"]:
                    break
        except TimeLimit as failure:
            self.hopeless.add((side.name, workload.name))
            note["failure"] = self.words_of(failure)
        except (Failure, OSError) as failure:
            note["failure"] = self.words_of(failure)
        if "failure" in note:
            self.say(f"{side.name}, {workload.name}: {note['failure']}")

    def words_of(self, failure):
        """Without the directory of that one run, so that the same failure has the same words each time."""
        return re.sub(re.escape(self.scratch) + "/[^/]*", "RUN", str(failure))

    def run_once(self, side, workload):
        stack = self.fixtures.stacks[workload.stack]
        box = Box(tempfile.mkdtemp(prefix=side.name + "-", dir=self.scratch), self.fixtures, stack)
        try:
            if workload.state != "cold":
                self.warm_the_layers(stack)
            side.start(box, workload.changes)
            try:
                result = self.measure(side, workload, box)
            except BaseException:
                stop_after_failure(side)
                raise
            result["settle_seconds"] = self.settle(side)
            return result
        finally:
            box.remove()
            machine.flush(self.scratch)

    def warm_the_layers(self, stack):
        dropped = machine.times_caches_were_dropped()
        if stack not in self.warm_since or self.warm_since[stack] != dropped:
            fixture_makers.warm(self.fixtures, stack)
            self.warm_since[stack] = dropped

    def measure(self, side, workload, box):
        mounted = Mounted(side, box, WORKLOAD_SECONDS)
        workload.prepare(mounted)
        if workload.state == "warm":
            for _ in range(TIMES_TO_WARM):
                workload.measure(mounted)
        if workload.state == "cold":
            machine.flush(self.scratch)
            machine.drop_caches()
            load_programs(self.fixtures)
        dropped = machine.times_caches_were_dropped()
        messages = None if workload.mounts else side.messages()
        cpu = None if workload.mounts else side.cpu_seconds()
        seconds = workload.measure(mounted)
        result = {"seconds": seconds,
                  "disturbed": dropped != machine.times_caches_were_dropped()}
        if cpu is not None:
            result["daemon_cpu_seconds"] = round(side.cpu_seconds() - cpu, 3)
        if messages is not None:
            result["messages"] = difference(side.messages(), messages)
        result["proof"] = workload.prove(mounted)
        return result

    def settle(self, side):
        """What a side still has to do when the workload has ended."""
        start = time.perf_counter()
        side.stop()
        machine.flush(self.scratch)
        return round(time.perf_counter() - start, 6)


def load_programs(fixtures):
    """Cold is the tree that is looked at, not the programs that look."""
    machine.run(["find", os.devnull], 30)
    machine.run([fixtures.tool, "absent", "/", fixtures.list("directories"), "1"], 30)


def difference(after, before):
    return {kind: count - before.get(kind, 0) for kind, count in after.items()
            if count != before.get(kind, 0)}


def stop_after_failure(side):
    """The failure that led here is what counts, not what comes of it."""
    side.free()
    try:
        side.stop()
    except (Failure, OSError):
        pass
