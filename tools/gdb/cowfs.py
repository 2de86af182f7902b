# SPDX-License-Identifier: GPL-2.0-or-later
"""Looking into a union in gdb: in a daemon that is stopped, or in its core file.

Commands: cowfs layers, inode, tree, listing, requests. Pretty-printers for the core types. All of it reads the process's
memory, and nothing else: whoever touches the mount of a daemon that is stopped waits until it goes on, gdb itself too. So no
file is opened here, and nothing is called in the process.

Installed, gdb loads this by itself with the program. From a build tree: source tools/gdb/cowfs.py
docs/debugging.md has recipes.
"""

import time

import gdb
import gdb.printing

TYPES = {1: "fifo", 2: "character device", 4: "directory", 6: "block device", 8: "file", 10: "link", 12: "socket"}
LETTERS = {0: "-", 1: "p", 2: "c", 4: "d", 6: "b", 8: "f", 10: "l", 12: "s"}
FLAGS = ["in-table", "nameless", "unlinked", "no-xattr", "unsynced", "hidden"]
WHITEOUT_FORMS = {0: "", 1: "prefix", 2: "node", 3: "prefix+node"}
XATTR_NAMESPACES = ["none", "user", "trusted"]
NO_LAYER = 0xFFFF
FUSE_ROOT_ID = 1
UNREADABLE = "(cannot be read)"


# -- values ---------------------------------------------------------------------------------------


def printable(text):
    """A name on one line, harmless to a terminal, as name_text_append() of the program makes it."""
    result = ""
    for character in text:
        code = ord(character)
        if character == "\\":
            result += "\\\\"
        elif character == "\n":
            result += "\\n"
        elif character == "\t":
            result += "\\t"
        elif 0xDC80 <= code <= 0xDCFF:
            result += "\\%03o" % (code - 0xDC00)
        elif code < 0x20 or 0x7F <= code < 0xA0 or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069:
            result += "".join("\\%03o" % byte for byte in character.encode())
        else:
            result += character
    return result


def string(pointer, limit=65536):
    """What a char pointer leads to, raw; None for NULL."""
    if int(pointer) == 0:
        return None
    data = b""
    while len(data) < limit:
        # Not beyond the page, for the next one may not be there.
        size = 4096 - (int(pointer) + len(data)) % 4096
        try:
            data += bytes(gdb.selected_inferior().read_memory(int(pointer) + len(data), size))
        except gdb.MemoryError:
            return UNREADABLE
        end = data.find(b"\0")
        if end >= 0:
            return data[:end].decode("utf-8", "surrogateescape")
    return data[:limit].decode("utf-8", "surrogateescape")


def pointer_to(type_name, address):
    return gdb.Value(address).cast(gdb.lookup_type(type_name).pointer())


def listed(head, type_name, member):
    """The owners of the nodes in a struct list."""
    owner = gdb.lookup_type(type_name)
    offset = next(field.bitpos // 8 for field in owner.fields() if field.name == member)
    node = head["next"]
    while int(node) != int(head.address):
        yield pointer_to(type_name, int(node) - offset).dereference()
        node = node["next"]


# -- the union ------------------------------------------------------------------------------------


class Union:
    """The union that the process serves; or, without a session, the one in $cowfs_fs (a struct union_fs *)."""

    def __init__(self):
        self.session = None
        given = gdb.convenience_variable("cowfs_fs")
        if given is not None:
            self.fs = given.dereference()
            return
        symbol = gdb.lookup_global_symbol("session_running")
        if symbol is None:
            raise gdb.GdbError("no debugging symbols of cowfs: install them, or load them with symbol-file")
        try:
            session = symbol.value()
            serves = int(session) != 0
        except gdb.MemoryError:
            raise gdb.GdbError("there is no process: attach to one, or load a core file") from None
        if not serves:
            raise gdb.GdbError("this process serves no union (yet, or any more)")
        self.session = session.dereference()
        self.fs = self.session["fs"].dereference()

    def layers(self):
        return [self.fs["layers"][i].dereference() for i in range(int(self.fs["layer_count"]))]

    def layer_name(self, index):
        layer = self.fs["layers"][index]
        return string(layer["real_path"]) or string(layer["path"])

    def is_upper(self, index):
        return index == 0 and bool(self.fs["has_upper"])

    def inodes(self):
        shards = self.fs["inodes"]
        for i in range(shards.type.range()[1] + 1):
            for bucket in range(int(shards[i]["bucket_count"])):
                inode = shards[i]["buckets"][bucket]
                while int(inode) != 0:
                    yield inode.dereference()
                    inode = inode["next"]

    def root(self):
        return self.fs["root"].dereference()

    def of_node(self, node):
        if int(node) == FUSE_ROOT_ID:
            return self.root()
        return pointer_to("struct inode", int(node)).dereference()

    def path(self, inode):
        """Where it was last seen, as union_path() tells."""
        names = []
        address, root = int(inode.address), int(self.fs["root"])
        while address != root:
            inode = pointer_to("struct inode", address).dereference()
            name, address = string(inode["name"]), int(inode["parent"])
            if address == 0 or name is None:
                return "?"
            names.append(name)
        return "/" + "/".join(reversed(names))

    def children(self):
        """The inodes in memory by the address of their parent; those that cannot be found any more left out."""
        result = {}
        for inode in self.inodes():
            if not int(inode["flags"]) & (1 << FLAGS.index("hidden") | 1 << FLAGS.index("nameless")):
                result.setdefault(int(inode["parent"]), []).append(inode)
        return result

    def find(self, text):
        """By path, inode number as shown, or address (0x...)."""
        if text.startswith("0x"):
            address = int(text, 16)
            for inode in self.inodes():
                if int(inode.address) == address:
                    return inode
            raise gdb.GdbError("no inode in memory is at " + text)
        if text.isdigit():
            for inode in self.inodes():
                if int(inode["number"]) == int(text):
                    return inode
            raise gdb.GdbError("no inode in memory shows the number " + text)
        inode, children = self.root(), self.children()
        for name in [name for name in text.split("/") if name]:
            below = [i for i in children.get(int(inode.address), []) if string(i["name"]) == name]
            if not below:
                raise gdb.GdbError(self.explain_absence(inode, name))
            inode = below[0]
        return inode

    def explain_absence(self, directory, name):
        where = printable(self.path(directory))
        if int(directory["directory"]) == 0:
            return "%s is no directory" % where
        listing = directory["directory"]["listing"]
        if int(listing) == 0:
            return "%s: not known in %s, of which no listing is in memory" % (printable(name), where)
        for entry in entries(listing):
            if entry_name(listing, entry) == name:
                return "%s: in the listing of %s, but no inode in memory was last found there: %s" % (
                    printable(name), where, describe_entry(self, listing, entry))
        return "%s: not in the listing of %s" % (printable(name), where)


# -- listings -------------------------------------------------------------------------------------


def entries(listing):
    for i in range(int(listing["slot_count"])):
        entry = listing["slots"][i]
        if int(entry["cookie"]) != 0:
            yield entry


def entry_name(listing, entry):
    return string(listing["names"]["data"] + int(entry["name"]))


def further_layers(listing, entry):
    """The lower layers that have the directory as well, topmost first."""
    layers, index = [], int(entry["more"])
    further = listing["further"]["data"].cast(gdb.lookup_type("struct further_layer").pointer())
    while index:
        layers.insert(0, int(further[index]["layer"]))
        index = int(further[index]["next"])
    return layers


def is_visible(entry):
    return int(entry["upper_type"]) != 0 or (int(entry["lower_type"]) != 0 and int(entry["whiteout"]) == 0)


def describe_entry(union, listing, entry):
    parts = []
    if int(entry["upper_type"]):
        parts.append("%s in the upper" % TYPES.get(int(entry["upper_type"]), "?"))
    if int(entry["whiteout"]):
        parts.append("whited out (%s)" % WHITEOUT_FORMS.get(int(entry["whiteout"]), "?"))
    if int(entry["lower_type"]):
        layers = [int(entry["lower"])] + further_layers(listing, entry)
        parts.append("%s in layer %s" % (
            TYPES.get(int(entry["lower_type"]), "?"), ", ".join(str(layer) for layer in layers)))
    return "; ".join(parts)


# -- inodes ---------------------------------------------------------------------------------------


def flag_names(inode):
    flags = int(inode["flags"])
    return [name for bit, name in enumerate(FLAGS) if flags & 1 << bit and name != "in-table"]


def part_path(layer_dir):
    names = []
    while int(layer_dir["parent"]) != 0:
        names.append(string(layer_dir["name"]))
        layer_dir = layer_dir["parent"]
    return "/" + "/".join(reversed(names))


def print_directory(union, directory):
    if int(directory["upper"]) != 0:
        print("  upper part   %s" % printable(part_path(directory["upper"])))
    for i in range(int(directory["lower_count"])):
        part = directory["lowers"][i]
        print("  part         %s of layer %d" % (printable(part_path(part)), int(part["layer"]["index"])))
    if not directory["resolved"]:
        print("  the parts are candidates: nobody has listed it yet")
    if int(directory["redirect"]) != 0:
        print("  redirect     %s" % printable(string(directory["redirect"])))
    for flag in ("opaque", "removed"):
        if int(directory[flag]):
            print("  %s" % flag)
    if int(directory["listing"]) != 0:
        print("  listing      %d names seen, %d bytes" % (int(directory["visible"]), int(directory["counted_bytes"])))
    else:
        print("  listing      not in memory")


def print_inode(union, inode):
    layer = int(inode["layer"])
    print("inode 0x%x  %s" % (int(inode.address), printable(union.path(inode))))
    print("  type         %s" % TYPES.get(int(inode["type"]), "?"))
    print("  number       %d" % int(inode["number"]))
    print("  on disk      inode %d of device %d" % (int(inode["identity"]["inode"]), int(inode["identity"]["device"])))
    print("  layer        %d%s: %s" % (
        layer, ", the upper" if union.is_upper(layer) else "", printable(union.layer_name(layer))))
    print("  references   %d" % int(inode["references"]))
    flags = flag_names(inode)
    if flags:
        print("  flags        %s" % ", ".join(flags))
    link = inode["hard_link"]
    if int(link) != 0:
        print("  hard link    of %x:%x, %d of %d lower names gone%s" % (
            int(link["layer_id"]), int(link["inode"]), int(link["gone"]), int(link["lower_links"]),
            ", copied up" if int(link["layer"]) != 0 else ""))
    if int(inode["fd"]) != 0:
        print("  descriptor   %d%s" % (int(inode["fd"]["fd"]), ", writable" if inode["fd"]["writable"] else ""))
    if int(inode["directory"]) != 0:
        print_directory(union, inode["directory"])


# -- commands -------------------------------------------------------------------------------------


class Command(gdb.Command):
    """One of the commands; name and words say how it is called."""

    name, least, most = "", 0, 0

    def __init__(self):
        super().__init__("cowfs " + self.name, gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if not self.least <= len(words) <= self.most:
            raise gdb.GdbError((self.__doc__ or "").splitlines()[-1].strip())
        try:
            self.run(Union(), words)
        except gdb.MemoryError as error:
            raise gdb.GdbError("the union's memory cannot be read here: %s" % error) from None

    def run(self, union, words):
        raise NotImplementedError


class Prefix(gdb.Command):
    """Look into the union that the process serves. It is not touched: only memory is read."""

    def __init__(self):
        super().__init__("cowfs", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


class Layers(Command):
    """The layers, the topmost first.

    Usage: cowfs layers"""

    name = "layers"

    def run(self, union, words):
        for index, layer in enumerate(union.layers()):
            print("%3d  %s=%s  device %d, root inode %d, id %x, attributes %s%s" % (
                index, printable(union.layer_name(index)), "rw" if union.is_upper(index) else "ro+wh",
                int(layer["device"]), int(layer["root_inode"]), int(layer["id"]),
                XATTR_NAMESPACES[int(layer["xattr_namespace"])], ", has state" if layer["has_state"] else ""))


class Inode(Command):
    """What is known of a file: by path in the union, inode number, or address (0x...).

    Usage: cowfs inode PATH|NUMBER|ADDRESS"""

    name, least, most = "inode", 1, 1

    def run(self, union, words):
        print_inode(union, union.find(words[0]))


class Tree(Command):
    """The inodes in memory, as a tree: type, layer, number, references, name.

    Usage: cowfs tree [PATH]"""

    name, most = "tree", 1

    def run(self, union, words):
        top = union.find(words[0]) if words else union.root()
        children = union.children()
        stack, count = [(top, 0, printable(union.path(top)))], 0
        while stack:
            inode, depth, name = stack.pop()
            flags = flag_names(inode)
            print("%s %3d %20d %5d  %s%s%s" % (
                LETTERS.get(int(inode["type"]), "?"), int(inode["layer"]), int(inode["number"]),
                int(inode["references"]), "  " * depth, name, " (%s)" % ", ".join(flags) if flags else ""))
            count += 1
            below = [(string(child["name"]), child) for child in children.get(int(inode.address), [])]
            for child_name, child in sorted(below, key=lambda pair: pair[0], reverse=True):
                if int(child.address) != int(inode.address):
                    stack.append((child, depth + 1, printable(child_name)))
        print("%d inodes" % count)


class Listing(Command):
    """The merged listing of a directory, if it is in memory: what is seen (*), and where each name is.

    Usage: cowfs listing PATH|NUMBER|ADDRESS"""

    name, least, most = "listing", 1, 1

    def run(self, union, words):
        inode = union.find(words[0])
        if int(inode["directory"]) == 0:
            raise gdb.GdbError("%s is no directory" % printable(union.path(inode)))
        listing = inode["directory"]["listing"]
        if int(listing) == 0:
            raise gdb.GdbError("no listing of %s is in memory" % printable(union.path(inode)))
        seen = 0
        for entry in entries(listing):
            seen += is_visible(entry)
            print("%s %s: %s" % ("*" if is_visible(entry) else " ", printable(entry_name(listing, entry)),
                                 describe_entry(union, listing, entry)))
        print("%d names seen" % seen)


class Requests(Command):
    """What each thread is doing and for whom.

    Usage: cowfs requests"""

    name = "requests"

    def run(self, union, words):
        if union.session is None:
            raise gdb.GdbError("there is no session")
        threads = {thread.ptid[1]: thread.num for thread in gdb.selected_inferior().threads()}
        workers = list(listed(union.session["workers"]["list"], "struct worker", "siblings"))
        for worker in sorted(workers, key=lambda worker: int(worker["thread"])):
            number, request = int(worker["thread"]), worker["request"]
            # In another pid namespace the daemon calls its threads differently.
            name = "thread %d (LWP %d)" % (threads[number], number) if number in threads else "LWP %d" % number
            text = describe_request(union, request)
            if request["under_way"]:
                print("%s: %s%s%s" % (name, text, caller(request), age(request)))
            else:
                print("%s: idle, after %s" % (name, request_name(request)))
        if not workers:
            print("no thread has had a request yet")


# -- requests -------------------------------------------------------------------------------------


def request_name(request):
    return str(request["message"]).replace("MESSAGE_", "").lower()


def caller(request):
    return ", for pid %d" % int(request["pid"]) if int(request["pid"]) else ""


def age(request):
    """How long it has lasted, where the clock is the same."""
    connection = getattr(gdb.selected_inferior(), "connection", None)
    if connection is None or connection.type != "native":
        return ""
    started = request["started"]
    seconds = time.clock_gettime(time.CLOCK_MONOTONIC) - int(started["tv_sec"]) - int(started["tv_nsec"]) / 1e9
    return ", for %.3f s" % max(seconds, 0)


def describe_request(union, request):
    def path(node, name):
        directory = union.path(union.of_node(node))
        if int(name) == 0:
            return printable(directory)
        return printable(directory.rstrip("/") + "/" + string(name))

    text = "%s %s" % (request_name(request), path(request["node"], request["name"]))
    if int(request["to_node"]):
        text += " -> " + path(request["to_node"], request["to_name"])
    if int(request["text"]):
        text += " " + printable(string(request["text"]))
    if int(request["size"]):
        text += " %d at %d" % (int(request["size"]), int(request["offset"]))
    return text


# -- pretty-printers ------------------------------------------------------------------------------


class Printer:
    """One value as one line; members are still there with print/r."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        try:
            return self.text(self.value)
        except gdb.MemoryError:
            return UNREADABLE


class InodePrinter(Printer):
    def text(self, inode):
        name = string(inode["name"])
        return "inode %d (%s) \"%s\" of layer %d, %d references%s" % (
            int(inode["number"]), TYPES.get(int(inode["type"]), "?"), printable(name) if name is not None else "/",
            int(inode["layer"]), int(inode["references"]), "".join(", " + flag for flag in flag_names(inode)))


class DirectoryPrinter(Printer):
    def text(self, directory):
        return "directory%s of %d lower parts%s%s, %s" % (
            " with an upper part" if int(directory["upper"]) else "", int(directory["lower_count"]),
            "" if directory["resolved"] else " (candidates)", ", opaque" if int(directory["opaque"]) else "",
            "%d names seen" % int(directory["visible"]) if int(directory["listing"]) else "not listed")


class LayerPrinter(Printer):
    def text(self, layer):
        path = string(layer["real_path"]) or string(layer["path"])
        return "layer %d \"%s\"%s, id %x" % (
            int(layer["index"]), printable(path or ""), ", written" if layer["writable"] else "", int(layer["id"]))


class LayerDirPrinter(Printer):
    def text(self, layer_dir):
        return "\"%s\" of layer %d, %d references" % (
            printable(part_path(layer_dir)), int(layer_dir["layer"]["index"]), int(layer_dir["references"]))


class ListingPrinter(Printer):
    def text(self, listing):
        return "listing of %d names in %d slots" % (int(listing["used"]), int(listing["slot_count"]))


class EntryPrinter(Printer):
    def text(self, entry):
        lower = int(entry["lower"])
        return "entry: upper %s, lower %s%s, whiteout %s" % (
            LETTERS.get(int(entry["upper_type"]), "?"), LETTERS.get(int(entry["lower_type"]), "?"),
            "" if lower == NO_LAYER else " in layer %d" % lower, WHITEOUT_FORMS.get(int(entry["whiteout"])) or "none")


class UnionPrinter(Printer):
    def text(self, fs):
        inodes = sum(int(fs["inodes"][i]["inode_count"]) for i in range(fs["inodes"].type.range()[1] + 1))
        return "union of %d layers%s, %d inodes, %d listings" % (
            int(fs["layer_count"]), ", the first one written" if int(fs["upper"]) else "", inodes,
            int(fs["listings"]["count"]))


class BufferPrinter(Printer):
    def text(self, buffer):
        length = int(buffer["length"])
        if int(buffer["data"]) == 0:
            return "empty buffer"
        shown = bytes(gdb.selected_inferior().read_memory(int(buffer["data"]), min(length, 200)))
        return "buffer of %d bytes \"%s%s\"" % (
            length, printable(shown.decode("utf-8", "surrogateescape")), "..." if length > 200 else "")


class RequestPrinter(Printer):
    def text(self, request):
        return "%s%s%s" % (request_name(request), "" if request["under_way"] else " (answered)", caller(request))


def make_printers():
    printers = gdb.printing.RegexpCollectionPrettyPrinter("cowfs")
    for name, printer in [
            ("inode", InodePrinter), ("directory", DirectoryPrinter), ("layer", LayerPrinter),
            ("layer_dir", LayerDirPrinter), ("listing", ListingPrinter), ("listing_entry", EntryPrinter),
            ("union_fs", UnionPrinter), ("buffer", BufferPrinter), ("request", RequestPrinter)]:
        printers.add_printer(name, "^%s$" % name, printer)
    return printers


for command in (Prefix, Layers, Inode, Tree, Listing, Requests):
    command()
# Loaded by hand there is no program to belong to, and it may be loaded again.
gdb.printing.register_pretty_printer(gdb.current_objfile(), make_printers(), replace=True)
