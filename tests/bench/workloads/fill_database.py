# SPDX-License-Identifier: GPL-2.0-or-later
"""FILE JOURNAL: inserts batches of rows into an SQLite database and prints the seconds. FILE alone:
says what is in it."""

import contextlib
import sqlite3
import sys
import time

BATCHES = 60
ROWS = 200


def fill(path, journal):
    start = time.perf_counter()
    with contextlib.closing(sqlite3.connect(path)) as base:
        base.execute(f"PRAGMA journal_mode={journal}")
        base.execute("CREATE TABLE entries (id INTEGER PRIMARY KEY, name TEXT UNIQUE, value TEXT)")
        for batch in range(BATCHES):
            with base:
                base.executemany("INSERT INTO entries (name, value) VALUES (?, ?)", (
                    (f"{row * 7919 % ROWS:04}-{batch}", "x" * 80) for row in range(ROWS)))
    return time.perf_counter() - start


def look(path):
    with contextlib.closing(sqlite3.connect(path)) as base:
        count, = base.execute("SELECT count(*) FROM entries").fetchone()
        found, = base.execute("PRAGMA integrity_check").fetchone()
    return f"{count} rows, {found}"


if __name__ == "__main__":
    print(f"{fill(*sys.argv[1:]):.6f}" if len(sys.argv) == 3 else look(sys.argv[1]))
