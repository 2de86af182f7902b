# SPDX-License-Identifier: GPL-2.0-or-later
"""From single runs to medians, ratios and geometric means."""

import math
import statistics


class Figures:
    def __init__(self, runs, sides, workloads):
        self.runs = runs
        self.sides = sides
        self.workloads = workloads

    def of(self, side, workload):
        """The runs of one side in one workload that came to a result."""
        return [run for run in self.runs if run["side"] == side and run["workload"] == workload
                and "seconds" in run]

    def median(self, side, workload, key="seconds"):
        values = [run[key] for run in self.of(side, workload) if key in run]
        return statistics.median(values) if values else None

    def messages(self, side, workload):
        """Kind -> median count, of the kinds that were sent at all; None where nobody counts."""
        counted = [run["messages"] for run in self.of(side, workload) if "messages" in run]
        if not counted:
            return None
        kinds = sorted({kind for one in counted for kind in one})
        return {kind: round(statistics.median(one.get(kind, 0) for one in counted))
                for kind in kinds}

    def ratio(self, side, base, workload):
        """Time of a side in units of another's."""
        time, unit = self.median(side, workload), self.median(base, workload)
        return time / unit if time and unit else None

    def mean(self, side, base, kinds=("metadata", "bulk")):
        """Geometric mean of the ratios over the workloads that both sides finished."""
        ratios = [self.ratio(side, base, workload.name) for workload in self.workloads
                  if workload.kind in kinds]
        logarithms = [math.log(ratio) for ratio in ratios if ratio]
        return math.exp(statistics.mean(logarithms)) if logarithms else None

    def proofs(self, side, workload):
        return {run["proof"] for run in self.of(side, workload)}

    def complaints(self):
        """A sentence for each failure, wrong result and run that could not be had undisturbed."""
        found = []
        for workload in self.workloads:
            agreed = self.agreed_proof(workload.name)
            for side in self.sides:
                found += self.complaints_about(side.name, workload.name, agreed)
        return found

    def agreed_proof(self, workload):
        """The kernel's result, or when it does not take part that of the first side."""
        for side in self.sides:
            proofs = self.proofs(side.name, workload)
            if proofs:
                return min(proofs)
        return None

    def complaints_about(self, side, workload, agreed):
        found = [f"{side}, {workload}: {failure}" for failure in dict.fromkeys(
            run["failure"] for run in self.runs
            if run["side"] == side and run["workload"] == workload and "failure" in run)]
        others = sorted(self.proofs(side, workload) - {agreed})
        if others:
            found.append(f"{side}, {workload}: another result than {self.sides[0].name}: "
                         f"{' or '.join(map(repr, others))}, not {agreed!r}")
        disturbed = sum(run["disturbed"] for run in self.of(side, workload))
        if disturbed:
            found.append(f"{side}, {workload}: somebody dropped caches during {disturbed} runs")
        return found
