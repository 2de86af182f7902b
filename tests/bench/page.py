# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts the tables of a run between the two marks in docs/benchmarks.md."""

from machine import Failure

BEGIN = "<!-- bench: begin; tests/bench/run --docs writes what follows -->"
END = "<!-- bench: end -->"


def update(path, tables):
    with open(path, encoding="utf-8") as page:
        text = page.read()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Failure(f"{path} has lost its marks {BEGIN!r} and {END!r}")
    with open(path, "w", encoding="utf-8") as page:
        page.write(f"{before}{BEGIN}\n\n```text\n{tables}```\n\n{END}{after}")
