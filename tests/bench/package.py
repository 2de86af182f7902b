# SPDX-License-Identifier: GPL-2.0-or-later
"""A Debian package of files that the root has already, as if it were installed again. It is not
compressed: unpacking that would only be the same work on every side."""

import os
import shutil
import tempfile

import machine

NAME = "cowfs-bench"
CONTENTS = "usr/include"

CONTROL = f"""Package: {NAME}
Version: 1
Architecture: all
Maintainer: nobody <nobody@localhost>
Description: what make bench installs
"""


def make(root, target):
    tree = tempfile.mkdtemp(prefix="package-", dir=os.path.dirname(root))
    try:
        os.chmod(tree, 0o755)
        os.makedirs(os.path.join(tree, os.path.dirname(CONTENTS)))
        machine.run(["cp", "--archive", os.path.join(root, CONTENTS),
                     os.path.join(tree, CONTENTS)], 60)
        os.mkdir(os.path.join(tree, "DEBIAN"))
        with open(os.path.join(tree, "DEBIAN/control"), "w", encoding="ascii") as control:
            control.write(CONTROL)
        machine.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, target], 60)
    finally:
        shutil.rmtree(tree)
