# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes saved images as other programs write them, and checks those that cowrun writes.

Knows nothing of cowrun: it goes by the OCI image-spec (image-layout.md, manifest.md, config.md, descriptor.md) and the
Docker Image Specification alone.

    image_layout.py make-oci DIRECTORY LAYER.tar... [--name NAME] [--docker-types] [--pack gzip|zstd]
                    [--architecture NAME] [--index] [--spoil WHAT]
    image_layout.py make-docker DIRECTORY LAYER.tar... [--name NAME] [--legacy] [--spoil WHAT]
    image_layout.py check-oci DIRECTORY
    image_layout.py check-docker FILE.tar
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."
TYPES = {
    "index": (OCI + "index.v1+json", DOCKER + "distribution.manifest.list.v2+json"),
    "manifest": (OCI + "manifest.v1+json", DOCKER + "distribution.manifest.v2+json"),
    "config": (OCI + "config.v1+json", DOCKER + "container.image.v1+json"),
    "tar": (OCI + "layer.v1.tar", DOCKER + "image.rootfs.diff.tar"),
    "gzip": (OCI + "layer.v1.tar+gzip", DOCKER + "image.rootfs.diff.tar.gzip"),
    "zstd": (OCI + "layer.v1.tar+zstd", None),
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def pack(data, how):
    if how == "gzip":
        return gzip.compress(data, mtime=0)
    if how == "zstd":
        return subprocess.run(["zstd", "-q"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def unpack(data, how):
    if how == "gzip":
        return gzip.decompress(data)
    if how == "zstd":
        return subprocess.run(["zstd", "-qd"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def write(data, *path):
    path = os.path.join(*path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def config_of(layers, options):
    config = {
        "created": "2021-02-03T04:05:06Z",
        "architecture": options.architecture,
        "os": "linux",
        "config": {
            "Env": ["PATH=/bin", "MADE_BY=hand"],
            "Entrypoint": ["/bin/sh"],
            "Cmd": ["-c", "echo hello"],
            "WorkingDir": "/srv",
            "Labels": {"a": "b"},
            "Healthcheck": {"Test": ["NONE"]},
        },
        "rootfs": {"type": "layers", "diff_ids": [sha256(layer) for layer in layers]},
        "history": [{"created": "2021-02-03T04:05:06Z", "created_by": "step %d" % number}
                    for number in range(len(layers))] +
                   [{"created": "2021-02-03T04:05:06Z", "created_by": "CMD", "empty_layer": True}],
    }
    if options.spoil == "diff-id":
        config["rootfs"]["diff_ids"][-1] = sha256(b"something else")
    if options.spoil and options.spoil.startswith("as:"):
        config["rootfs"]["diff_ids"][-1] = "sha256:" + options.spoil[3:]
    if options.spoil == "layer-count":
        config["rootfs"]["diff_ids"].append(sha256(b"one more"))
    if options.spoil == "config-type":
        config["config"]["Env"] = {"PATH": "/bin"}
    return json.dumps(config).encode()


# --- OCI image layouts ------------------------------------------------------------------------------

class Layout:
    def __init__(self, directory, docker):
        self.directory = directory
        self.docker = docker

    def put(self, kind, data):
        """Writes a blob; its descriptor."""
        digest = sha256(data)
        write(data, self.directory, "blobs", "sha256", digest[7:])
        name = TYPES[kind][self.docker] or TYPES[kind][0]
        return {"mediaType": name, "digest": digest, "size": len(data)}


def spoil_descriptor(descriptor, how, directory):
    if how == "digest":
        blob = os.path.join(directory, "blobs", "sha256", descriptor["digest"][7:])
        with open(blob, "r+b") as file:
            file.seek(100)
            file.write(b"X")
    elif how == "size":
        descriptor["size"] += 1
    elif how == "missing":
        os.unlink(os.path.join(directory, "blobs", "sha256", descriptor["digest"][7:]))
    elif how == "traversal":
        descriptor["digest"] = "sha256:../../../../../etc/passwd"
    elif how == "short-digest":
        descriptor["digest"] = descriptor["digest"][:40]
    elif how == "upper-digest":
        descriptor["digest"] = descriptor["digest"].upper()
    elif how == "media-type":
        descriptor["mediaType"] = "application/x-iso9660-image"


def make_oci(options):
    layout = Layout(options.directory, options.docker_types)
    layers = [read(path) for path in options.layers]
    manifest = {
        "schemaVersion": 2,
        "mediaType": TYPES["manifest"][options.docker_types],
        "config": layout.put("config", config_of(layers, options)),
        "layers": [layout.put(options.pack, pack(layer, options.pack)) for layer in layers],
    }
    spoil_descriptor(manifest["layers"][-1], options.spoil, options.directory)
    text = json.dumps(manifest).encode()
    if options.spoil == "manifest":
        text = text[:-1]
    item = layout.put("manifest", text)
    if options.index:
        item = wrap_in_index(layout, item, options)
    if options.name:
        item["annotations"] = {"org.opencontainers.image.ref.name": options.name}
    index = {"schemaVersion": 2, "manifests": [item]}
    if options.spoil == "deep":
        text = b'{"a":' * 100000
    else:
        text = json.dumps(index).encode()
    write(text, options.directory, "index.json")
    write(b'{"imageLayoutVersion": "1.0.0"}', options.directory, "oci-layout")


def wrap_in_index(layout, item, options):
    """An image for several platforms, of which only one is here."""
    other = {"mediaType": item["mediaType"], "digest": sha256(b"elsewhere"), "size": 9,
             "platform": {"architecture": "s390x", "os": "linux"}}
    item["platform"] = {"architecture": options.architecture, "os": "linux"}
    return layout.put("index", json.dumps({"schemaVersion": 2, "manifests": [other, item]}).encode())


# --- docker save ------------------------------------------------------------------------------------

def make_docker(options):
    layers = [read(path) for path in options.layers]
    config = config_of(layers, options)
    entry = {"Config": sha256(config)[7:] + ".json", "RepoTags": None, "Layers": []}
    write(config, options.directory, entry["Config"])
    for number, layer in enumerate(layers):
        name = "%s/layer.tar" % hashlib.sha256(b"%d" % number).hexdigest()
        write(layer, options.directory, name)
        entry["Layers"].append(name)
    if options.name:
        entry["RepoTags"] = [options.name]
    if options.legacy:
        # As docker before 1.10 wrote layers that two images share.
        link = "%s/layer.tar" % hashlib.sha256(b"link").hexdigest()
        os.makedirs(os.path.join(options.directory, os.path.dirname(link)))
        os.symlink("../" + entry["Layers"][-1], os.path.join(options.directory, link))
        entry["Layers"][-1] = link
    if options.spoil == "outside":
        entry["Layers"][-1] = "../../etc/passwd"
    elif options.spoil == "absolute":
        entry["Config"] = "/etc/passwd"
    elif options.spoil == "link-outside":
        os.unlink(os.path.join(options.directory, entry["Layers"][-1]))
        os.symlink("/etc/passwd", os.path.join(options.directory, entry["Layers"][-1]))
    elif options.spoil == "missing":
        os.unlink(os.path.join(options.directory, entry["Layers"][-1]))
    elif options.spoil == "fifo":
        os.unlink(os.path.join(options.directory, entry["Layers"][-1]))
        os.mkfifo(os.path.join(options.directory, entry["Layers"][-1]))
    write(json.dumps([entry]).encode(), options.directory, "manifest.json")


# --- checking ---------------------------------------------------------------------------------------

def require(condition, what):
    if not condition:
        sys.exit("image_layout.py: " + what)


def check_config(text, diff_ids):
    config = json.loads(text)
    require(isinstance(config["architecture"], str) and config["os"] == "linux", "platform")
    require(config["rootfs"]["type"] == "layers", "rootfs.type")
    require(config["rootfs"]["diff_ids"] == diff_ids, "diff_ids are not the layers' own")
    require(TIME.match(config["created"]), "created: " + config["created"])
    if "history" in config:
        steps = [step for step in config["history"] if not step.get("empty_layer", False)]
        require(len(steps) == len(diff_ids), "as many steps with layers as layers")
        for step in config["history"]:
            require("created" not in step or TIME.match(step["created"]), "history.created")
    for key in ("Env", "Cmd", "Entrypoint"):
        value = config.get("config", {}).get(key) or []
        require(all(isinstance(text, str) for text in value), key)
    return config


def check_layer(data):
    """Whether it is a tar whose names stay in it."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            require(not member.name.startswith("/") and ".." not in member.name.split("/"),
                    "name " + member.name)


class Checked:
    """The blobs of a layout that something led to."""

    def __init__(self, directory):
        self.directory = directory
        self.seen = set()

    def blob(self, descriptor):
        require(re.fullmatch("sha256:[0-9a-f]{64}", descriptor["digest"]), "digest's form")
        data = read(self.directory, "blobs", "sha256", descriptor["digest"][7:])
        require(len(data) == descriptor["size"], "size of " + descriptor["digest"])
        require(sha256(data) == descriptor["digest"], "digest of " + descriptor["digest"])
        self.seen.add(descriptor["digest"][7:])
        return data


def check_manifest(checked, item):
    require(item["mediaType"] == TYPES["manifest"][0], "media type of the manifest")
    manifest = json.loads(checked.blob(item))
    require(manifest["schemaVersion"] == 2, "schemaVersion")
    require(manifest.get("mediaType", item["mediaType"]) == item["mediaType"], "mediaType")
    require(manifest["config"]["mediaType"] == TYPES["config"][0], "media type of the config")
    diff_ids = []
    for layer in manifest["layers"]:
        kinds = [kind for kind in ("tar", "gzip", "zstd") if TYPES[kind][0] == layer["mediaType"]]
        require(kinds, "media type of a layer: " + layer["mediaType"])
        data = unpack(checked.blob(layer), kinds[0])
        check_layer(data)
        diff_ids.append(sha256(data))
    check_config(checked.blob(manifest["config"]), diff_ids)


def check_oci(options):
    directory = options.directory
    require(json.loads(read(directory, "oci-layout")) == {"imageLayoutVersion": "1.0.0"},
            "oci-layout")
    require(sorted(os.listdir(directory)) == ["blobs", "index.json", "oci-layout"], "stray files")
    index = json.loads(read(directory, "index.json"))
    require(index["schemaVersion"] == 2 and index["manifests"], "index.json")
    checked = Checked(directory)
    for item in index["manifests"]:
        check_manifest(checked, item)
        name = item.get("annotations", {}).get("org.opencontainers.image.ref.name")
        print(item["digest"], name)
    require(set(os.listdir(os.path.join(directory, "blobs", "sha256"))) == checked.seen,
            "blobs that nothing leads to")


def check_docker(options):
    with tarfile.open(options.directory) as archive:
        files = {member.name: archive.extractfile(member).read()
                 for member in archive if member.isfile()}
    used = {"manifest.json"}
    for entry in json.loads(files["manifest.json"]):
        layers = [files[name] for name in entry["Layers"]]
        for layer in layers:
            check_layer(layer)
        check_config(files[entry["Config"]], [sha256(layer) for layer in layers])
        require(entry["Config"] == sha256(files[entry["Config"]])[7:] + ".json", "name of config")
        require(all(re.match(r"[^/]+/.*:[^:/]+$", tag) for tag in entry["RepoTags"]), "RepoTags")
        used.update(entry["Layers"] + [entry["Config"]])
        print(sha256(files[entry["Config"]]), *entry["RepoTags"])
    require(set(files) == used, "stray files: %s" % (set(files) - used))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["make-oci", "make-docker", "check-oci", "check-docker"])
    parser.add_argument("directory")
    parser.add_argument("layers", nargs="*")
    parser.add_argument("--name")
    parser.add_argument("--docker-types", action="store_true")
    parser.add_argument("--pack", default="tar", choices=["tar", "gzip", "zstd"])
    parser.add_argument("--architecture", default="amd64")
    parser.add_argument("--index", action="store_true")
    parser.add_argument("--legacy", action="store_true")
    parser.add_argument("--spoil")
    options = parser.parse_args()
    {"make-oci": make_oci, "make-docker": make_docker,
     "check-oci": check_oci, "check-docker": check_docker}[options.command](options)


main()
