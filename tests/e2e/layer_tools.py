# SPDX-License-Identifier: GPL-2.0-or-later
"""For the tests of the layer tools.

layer_tools.py make SEED DIRECTORY      fills it with a tree
layer_tools.py change SEED DIRECTORY    changes what is in it, at random
layer_tools.py compare BELOW WITH       compares two trees with the answer of `cowfs diff --json --content` on stdin
"""
import json
import os
import random
import stat
import sys

NAMES = [b"a", b"b", b"c", b"d", b"e", b"two words", b"new\nline", b"\xe9", b"gr\xc3\xbcn", b"back\\slash"]


def all_paths(root):
    """Every path below root, b"" being root itself, with its status."""
    found = {}
    pending = [b""]
    while pending:
        path = pending.pop()
        for entry in os.scandir(os.path.join(root, path) if path else root):
            name = os.path.join(path, entry.name)
            found[name] = os.lstat(os.path.join(root, name))
            if stat.S_ISDIR(found[name].st_mode):
                pending.append(name)
    return found


class Changes:
    def __init__(self, seed, root):
        self.random = random.Random(seed)
        self.root = root

    def directory(self):
        paths = [p for p, s in all_paths(self.root).items() if stat.S_ISDIR(s.st_mode)]
        return os.path.join(self.root, self.random.choice(paths + [b""]))

    def something(self):
        paths = sorted(all_paths(self.root))
        return os.path.join(self.root, self.random.choice(paths)) if paths else None

    def file(self):
        """None when chance wants it so: a FIFO would keep who opens it waiting."""
        path = self.something()
        return path if path and stat.S_ISREG(os.lstat(path).st_mode) else None

    def new_path(self):
        return os.path.join(self.directory(), self.random.choice(NAMES))

    def text(self):
        return bytes(self.random.choice(b"abc\n") for _ in range(self.random.randrange(200)))

    def write(self):
        with open(self.new_path(), "xb") as file:
            file.write(self.text())

    def append(self):
        with open(self.file(), "ab") as file:
            file.write(self.text())

    def rewrite(self):
        path = self.file()
        with open(path, "rb") as file:
            content = file.read()
        with open(path, "r+b") as file:
            file.write(content)

    def make_directory(self):
        os.mkdir(self.new_path())

    def make_link(self):
        os.symlink(self.random.choice([b"a", b"../b", b"/etc/passwd", b"absent"]), self.new_path())

    def make_fifo(self):
        os.mkfifo(self.new_path())

    def link(self):
        os.link(self.something(), self.new_path(), follow_symlinks=False)

    def rename(self):
        os.rename(self.something(), self.new_path())

    def remove(self):
        path = self.something()
        if stat.S_ISDIR(os.lstat(path).st_mode):
            for below in sorted(all_paths(path), reverse=True):
                inner = os.path.join(path, below)
                (os.rmdir if stat.S_ISDIR(os.lstat(inner).st_mode) else os.unlink)(inner)
            os.rmdir(path)
        else:
            os.unlink(path)

    def chmod(self):
        path = self.something()
        if not os.path.islink(path):
            os.chmod(path, self.random.choice([0o600, 0o644, 0o755, 0o4711]))

    def touch(self):
        os.utime(self.something(), (1, 2), follow_symlinks=False)

    def run(self, operations, count):
        for _ in range(count):
            try:
                self.random.choice(operations)()
            except (OSError, TypeError):
                pass  # it was not to be


def make(seed, root):
    changes = Changes(seed, root)
    changes.run([changes.write] * 4 + [changes.make_directory] * 3 + [changes.make_link, changes.make_fifo,
                                                                     changes.link], 80)


def change(seed, root):
    changes = Changes(seed, root)
    changes.run([changes.write, changes.append, changes.append, changes.rewrite, changes.make_directory,
                 changes.make_link, changes.link, changes.rename, changes.rename, changes.remove,
                 changes.chmod, changes.touch], 60)


def content(root, path, status):
    """What makes two files of one type the same."""
    full = os.path.join(root, path)
    if stat.S_ISREG(status.st_mode):
        with open(full, "rb") as file:
            return file.read()
    if stat.S_ISLNK(status.st_mode):
        return os.readlink(full)
    if stat.S_ISDIR(status.st_mode):
        return sorted(os.listdir(full))
    return status.st_rdev


def same_attributes(a, b):
    fields = ["st_mode", "st_uid", "st_gid", "st_mtime_ns"]
    return all(getattr(a, field) == getattr(b, field) for field in fields)


class Comparison:
    def __init__(self, below_root, with_root):
        self.roots = below_root, with_root
        self.below, self.with_ = all_paths(below_root), all_paths(with_root)
        self.complaints = 0

    def complain(self, path, what):
        print(f"# {path!r}: {what}")
        self.complaints += 1

    def is_deleted_with_parent(self, path):
        """What is in a deleted directory, or in one that became something else, is not told."""
        parent = os.path.dirname(path)
        return bool(parent) and not (parent in self.with_ and stat.S_ISDIR(self.with_[parent].st_mode))

    def expect(self, path):
        if path not in self.below:
            return {"added"}
        if path not in self.with_:
            return {None} if self.is_deleted_with_parent(path) else {"deleted"}
        below, with_ = self.below[path], self.with_[path]
        if stat.S_IFMT(below.st_mode) != stat.S_IFMT(with_.st_mode):
            return {"changed"}
        if content(self.roots[0], path, below) != content(self.roots[1], path, with_):
            return {"changed"}
        return {"touched", None} if same_attributes(below, with_) else {"touched"}

    def compare(self, told):
        kinds = {}
        for answer in told:
            path = os.fsencode(answer["path"])[1:]
            if path in kinds:
                self.complain(path, "is told twice")
            kinds[path] = answer["kind"]
        for path in set(self.below) | set(self.with_) | set(kinds):
            expected = self.expect(path) if path in self.below or path in self.with_ else {None}
            if kinds.get(path) not in expected:
                self.complain(path, f"told {kinds.get(path)}, expected {expected}")
        return self.complaints == 0


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "make":
        make(int(arguments[0]), os.fsencode(arguments[1]))
    elif command == "change":
        change(int(arguments[0]), os.fsencode(arguments[1]))
    else:
        comparison = Comparison(os.fsencode(arguments[0]), os.fsencode(arguments[1]))
        sys.exit(0 if comparison.compare(json.load(sys.stdin)) else 1)


main()
