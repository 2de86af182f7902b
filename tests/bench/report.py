# SPDX-License-Identifier: GPL-2.0-or-later
"""The results as text tables and as JSON."""

KERNEL = "overlayfs"
PEER = "fuse-overlayfs"
OURS = "cowfs"


def seconds(value):
    if value is None:
        return "-"
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def times(value):
    return "-" if value is None else f"{value:.2f}"


def grid(rows):
    """Rows of strings as lines; the first column is text, the others are numbers."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [(row[0].ljust(widths[0]) + "".join(
        "  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))).rstrip()
        for row in rows]


def table_of_seconds(figures):
    rows = [["seconds"] + [side.name for side in figures.sides]]
    for workload in figures.workloads:
        rows.append([workload.title] + [seconds(figures.median(side.name, workload.name))
                                        for side in figures.sides])
    return grid(rows)


def table_of_ratios(figures, base):
    rows = [[f"in units of {base}"] + [side.name for side in figures.sides]]
    for workload in figures.workloads:
        rows.append([workload.title] + [times(figures.ratio(side.name, base, workload.name))
                                        for side in figures.sides])
    for title, kinds in (("geometric mean", ("metadata", "bulk")),
                         ("  of those without bulk", ("metadata",))):
        rows.append([title] + [times(figures.mean(side.name, base, kinds))
                               for side in figures.sides])
    return grid(rows)


def table_of_work(figures):
    """What cowfs had to do: messages, and seconds of its processor time."""
    rows = [["messages to cowfs", "all", "daemon CPU s", "settling s"]]
    kinds_of = []
    for workload in figures.workloads:
        messages = figures.messages(OURS, workload.name)
        if messages is None:
            continue
        rows.append([workload.title, str(sum(messages.values())),
                     seconds(figures.median(OURS, workload.name, "daemon_cpu_seconds")),
                     seconds(figures.median(OURS, workload.name, "settle_seconds"))])
        most = sorted(messages.items(), key=lambda one: -one[1])
        kinds_of.append(", ".join(f"{kind} {count}" for kind, count in most if count) or "none")
    lines = grid(rows)
    return lines[:1] + [f"{line}  {kinds}" for line, kinds in zip(lines[1:], kinds_of)]


def verdicts(figures):
    """What the table says, in sentences."""
    found = []
    for side in figures.sides:
        if not side.name.startswith(OURS):
            continue
        base = side.same_durability
        mean = figures.mean(side.name, base)
        if mean:
            found.append(f"{side.name} takes {times(mean)} times as long as {base} "
                         "in the geometric mean.")
        found += verdicts_on_peer(figures, side.name)
    return found


def verdicts_on_peer(figures, name):
    mean = figures.mean(name, PEER, ("metadata",))
    if not mean:
        return []
    behind = [workload.title for workload in figures.workloads
              if (figures.ratio(name, PEER, workload.name) or 0) > 1]
    where = f"behind it in: {', '.join(behind)}." if behind else "ahead of it in every workload."
    return [f"{name} is {1 / mean:.1f} times as fast as {PEER} in the geometric mean "
            f"of metadata and small files; {where}"]


def about(machine, versions, repetitions):
    return [f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
            f"{machine['file_system']}; {machine['distribution']}, Linux {machine['kernel']}",
            ", ".join(f"{name} {version}".strip() for name, version in versions.items()),
            f"{machine['entries']} names in three layers; "
            f"medians of {repetitions} interleaved runs"]


def text(figures, heading):
    bases = [name for name in (KERNEL, PEER) if any(side.name == name for side in figures.sides)]
    parts = [heading, table_of_seconds(figures)]
    parts += [table_of_ratios(figures, base) for base in bases]
    if any(side.name == OURS for side in figures.sides):
        parts.append(table_of_work(figures))
    parts += [verdicts(figures), figures.complaints()]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def as_json(figures, machine, versions, repetitions):
    def per_side(value):
        return {side.name: {workload.name: value(side.name, workload.name)
                            for workload in figures.workloads} for side in figures.sides}

    return {
        "machine": machine,
        "versions": versions,
        "repetitions": repetitions,
        "workloads": {workload.name: {"title": workload.title, "state": workload.state,
                                      "kind": workload.kind} for workload in figures.workloads},
        "medians": per_side(figures.median),
        "ratios": {base: per_side(lambda side, workload, base=base:
                                  figures.ratio(side, base, workload))
                   for base in (KERNEL, PEER)},
        "geometric_means": {base: {side.name: figures.mean(side.name, base)
                                   for side in figures.sides} for base in (KERNEL, PEER)},
        "complaints": figures.complaints(),
        "runs": figures.runs,
    }
