#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes ./configure from configure.ac. Needed once in a fresh clone; a release tarball has it already.
set -eu
cd "$(dirname "$0")"
exec autoreconf --force --install
