# SPDX-License-Identifier: GPL-2.0-or-later
"""Draws the ratios to the kernel's overlayfs: a row for each workload, a mark for each side, on a
logarithmic axis. Left of the line at 1 is faster than the kernel."""

import math
from html import escape

import report

LABELS = 210  # room for the titles of the rows
AXIS = 620
RIGHT = 30
ROW = 26
TOP = 96
BOTTOM = 46

INK = "#1f2328"
FAINT = "#6e7781"
LINE = "#d8dee4"

# Colour and shape, so that they are told apart without colours too.
MARKS = {
    "fuse-overlayfs": ("#d55e00", "square"),
    "unionfs-fuse": ("#8c6bb1", "triangle"),
    "bare": ("#6e7781", "diamond"),
    "cowfs-volatile": ("#0072b2", "ring"),
    "cowfs": ("#0072b2", "circle"),
}

# A bare directory copies nothing up; a mark this far out would push all others together.
LEFTMOST = 0.2


def mark(shape, x, y, colour, size=5.0):
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size + 1}" fill="{colour}"/>'
    if shape == "ring":
        return (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="#ffffff" stroke="{colour}" '
                'stroke-width="2"/>')
    corners = {
        "square": [(-1, -1), (1, -1), (1, 1), (-1, 1)],
        "triangle": [(0, -1.2), (1.1, 0.9), (-1.1, 0.9)],
        "diamond": [(0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)],
    }[shape]
    points = " ".join(f"{x + dx * size:.1f},{y + dy * size:.1f}" for dx, dy in corners)
    return f'<polygon points="{points}" fill="{colour}"/>'


def words(x, y, text, anchor="start", size=12, colour=INK, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
            f'font-weight="{weight}" fill="{colour}">{escape(text)}</text>')


class Scale:
    """From a ratio to a place on the axis; one that is off it to the left, to its end."""

    def __init__(self, ratios):
        self.low = max(LEFTMOST, min(0.5, *ratios)) / 1.1
        self.high = max(4.0, *ratios) * 1.1

    def x(self, ratio):
        share = math.log(max(ratio, self.low) / self.low) / math.log(self.high / self.low)
        return LABELS + share * AXIS

    def ticks(self):
        steps = [digit * 10.0 ** power for power in range(-3, 5) for digit in (1, 2, 5)]
        return [step for step in steps if self.low <= step <= self.high]


def rows_of(figures):
    """(title, {side: ratio}) of each workload and of the means."""
    names = [side.name for side in figures.sides if side.name in MARKS]
    rows = []
    for workload in figures.workloads:
        rows.append((workload.title, {name: figures.ratio(name, report.KERNEL, workload.name)
                                      for name in names}))
    rows.append(("geometric mean", {name: figures.mean(name, report.KERNEL) for name in names}))
    return [(title, {name: ratio for name, ratio in ratios.items() if ratio})
            for title, ratios in rows]


def axis(scale, bottom):
    parts = []
    for tick in scale.ticks():
        x = scale.x(tick)
        strong = tick == 1
        parts.append(f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom}" '
                     f'stroke="{INK if strong else LINE}" stroke-width="1"/>')
        parts.append(words(x, bottom + 16, f"{tick:g}", "middle", 11, FAINT))
    parts.append(words(LABELS + AXIS / 2, bottom + 34, "time in units of the kernel's overlayfs "
                       "(logarithmic; further left is faster)", "middle", 11, FAINT))
    return parts


def legend(names):
    parts = []
    x = LABELS
    for name in names:
        colour, shape = MARKS[name]
        parts.append(mark(shape, x + 6, TOP - 26, colour))
        parts.append(words(x + 18, TOP - 22, name))
        x += 36 + 7 * len(name)
    return parts


def row(index, title, ratios, scale):
    y = TOP + ROW * index + ROW / 2
    last = title == "geometric mean"
    parts = [words(LABELS - 12, y + 4, title, "end", weight="bold" if last else "normal")]
    if len(ratios) > 1:
        ends = scale.x(min(ratios.values())), scale.x(max(ratios.values()))
        parts.append(f'<line x1="{ends[0]:.1f}" y1="{y}" x2="{ends[1]:.1f}" y2="{y}" '
                     f'stroke="{LINE}" stroke-width="2"/>')
    for name in sorted(ratios, key=list(MARKS).index):  # ours last, on top
        colour, shape = MARKS[name]
        parts.append(mark(shape, scale.x(ratios[name]), y, colour))
    return parts


def draw(figures, heading):
    """The picture as SVG, or None when there is nothing to compare with."""
    rows = rows_of(figures)
    known = [ratio for _, ratios in rows for ratio in ratios.values()]
    if not known:
        return None
    scale = Scale(known)
    bottom = TOP + ROW * len(rows)
    width, height = LABELS + AXIS + RIGHT, bottom + BOTTOM
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
             f'width="{width}" height="{height}" font-family="sans-serif" role="img">',
             "<title>Times of union file systems in units of the kernel's overlayfs</title>",
             f'<rect width="{width}" height="{height}" fill="#ffffff"/>']
    parts += [words(16, 22 + 16 * number, line, size=11, colour=FAINT)
              for number, line in enumerate(heading[:2])]
    parts += legend([name for name in MARKS if any(name in ratios for _, ratios in rows)])
    parts += axis(scale, bottom)
    for index, (title, ratios) in enumerate(rows):
        parts += row(index, title, ratios, scale)
    return "\n".join(parts + ["</svg>"]) + "\n"
