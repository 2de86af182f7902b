# SPDX-License-Identifier: GPL-2.0-or-later
"""A Debian root from the mirror that this machine's apt uses; and a package built back from it."""

import os
import re
import shutil
import tempfile

import machine
from machine import Failure

PACKAGES = ["gcc", "git", "libc6-dev", "make", "python3"]
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


def source_of_this_machine():
    """'MIRROR SUITE main' of the suite itself; its updates would only make roots differ."""
    targets = machine.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
         "Created-By: Packages", "Component: main"], 60)
    plain = [line for line in targets.splitlines()
             if not re.search(r"security|updates|backports", line)]
    if not plain:
        raise Failure("apt knows no Debian mirror on this machine; give me a root with --root")
    return sorted(plain)[0].split()


def make(root):
    mirror, suite, component = source_of_this_machine()
    machine.run(
        ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase",
         "--include=" + ",".join(PACKAGES), "--keyring=" + KEYS,
         suite, root, f"deb {mirror} {suite} {component}"], 1800)


# --- Packages of a root ---------------------------------------------------------------------------


def read_status(root):
    """Package name -> its paragraph in dpkg's status file, for those installed."""
    with open(os.path.join(root, "var/lib/dpkg/status"), encoding="utf-8") as status:
        paragraphs = status.read().split("\n\n")
    found = {}
    for paragraph in paragraphs:
        name = re.search(r"^Package: (\S+)$", paragraph, re.MULTILINE)
        if name and re.search(r"^Status: .* installed$", paragraph, re.MULTILINE):
            found[name.group(1)] = paragraph
    return found


def through_links(root, path):
    """Where a path of a package really lies: /bin/x is /usr/bin/x."""
    top, _, rest = path.partition("/")
    link = os.path.join(root, top)
    if rest and os.path.islink(link):
        return os.path.join(os.readlink(link).lstrip("/"), rest)
    return path


def files_of(root, package):
    """The paths, relative to root, of what a package installed."""
    info = os.path.join(root, "var/lib/dpkg/info")
    paths = []
    for name in os.listdir(info):
        if re.fullmatch(re.escape(package) + r"(:\w+)?\.list", name):
            with open(os.path.join(info, name), encoding="utf-8") as lines:
                paths += [line.strip().lstrip("/") for line in lines]
    found = [through_links(root, path) for path in paths if path not in ("", ".")]
    return [path for path in found if os.path.lexists(os.path.join(root, path))]


def repack(root, package, target):
    """Builds the package that these files came from, without compression, which would only be
    the same work on every side."""
    control = read_status(root)[package]
    control = re.sub(r"^(Status|Conffiles):.*\n( .*\n)*", "", control + "\n", flags=re.MULTILINE)
    tree = tempfile.mkdtemp(prefix="package-", dir=os.path.dirname(root))
    try:
        machine.run(["tar", "-C", root, "--no-recursion", "-cf", tree + "/files.tar", "--",
                     *files_of(root, package)], 60)
        machine.run(["tar", "-C", tree, "-xpf", tree + "/files.tar"], 60)
        os.unlink(tree + "/files.tar")
        os.mkdir(tree + "/DEBIAN")
        with open(tree + "/DEBIAN/control", "w", encoding="utf-8") as out:
            out.write(control)
        os.chmod(tree, 0o755)
        machine.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, target], 60)
    finally:
        shutil.rmtree(tree)
