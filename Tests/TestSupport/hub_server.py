#!/usr/bin/env python3
"""A Hugging Face hub for tests: the routes that a snapshot download uses, over small repositories kept in memory.

Prints one JSON line, {"hub": URL, "cdn": URL}, serves on 127.0.0.1 until its standard input closes, and needs the
standard library only. `--big N` adds braid/big, one LFS file of N MiB. Each repository of `repositories()` shows one
behaviour, which its comment or its arguments name. `GET /_log` lists what both hosts were asked, in order.
Under a first folder `/s-NAME` everything exists once more, untouched: a test's own hub.
"""
import argparse
import functools
import hashlib
import json
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

import hostile_answers

TOKEN = "hf_member"  # a token that every repository accepts
LOCK = threading.Lock()


@dataclass
class File:
    content: bytes
    lfs: bool = False  # kept on the second host, named by SHA-256; else here, named by the git blob's SHA-1
    cut: tuple = (0, 0)  # (bytes, times): the first `times` bodies end after so many bytes
    busy: list = field(default_factory=list)  # [(status, headers)]: the answers to the first GETs
    ranges: bool = True  # False: a Range is answered by 200 and the whole file
    shift: int = 0  # a 206 starts so many bytes from where it was asked to
    wrong: int = 0  # the first so many bodies have their first byte changed
    etag: str = ""  # in place of the true one
    announced: int = -1  # in place of the true size
    redirect: str = ""  # answer every request with a redirect to here
    drip: float = 0  # seconds between pieces of 64 KiB
    gets: int = 0

    def name(self):
        if self.etag:
            return self.etag
        if self.lfs:
            return hashlib.sha256(self.content).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(self.content) + self.content).hexdigest()


@dataclass
class Repository:
    files: dict
    private: bool = False  # 401 without the token, as the hub answers for what does not exist
    gated: bool = False  # listed for everyone; files only with the token
    moved: str = ""  # the new id, given as a relative redirect
    busy: list = field(default_factory=list)  # answers to the first listings
    sha: str = ""

    def revisions(self):
        return {"main", "v1", "refs/pr/1", self.sha}


@functools.cache
def weights(size, seed=1):
    """Bytes that differ everywhere, so that a piece at a wrong place shows."""
    block = b"".join(hashlib.sha256(b"%d:%d" % (seed, i)).digest() for i in range((size + 31) // 32))
    return block[:size]


def repositories(big):
    config = File(b'{"model_type": "bert"}\n')
    data = weights(300_000)

    def with_weights(**behaviour):
        return Repository({"config.json": File(config.content), "model.safetensors": File(data, lfs=True, **behaviour)})

    modules = [{"path": ""}, {"path": "1_Pooling"}, {"path": "2_Dense"}]
    shards = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    found = {
        # Everything that one download takes, and things that it leaves.
        "braid/full": Repository({
            ".gitattributes": File(b"*.safetensors lfs\n"), "README.md": File(b"# Full\n"), "config.json": config,
            "tokenizer.json": File(b"{}"), "vocab.txt": File(b"[PAD]\n"), "modules.json": File(json.dumps(modules).encode()),
            "1_Pooling/config.json": File(b'{"pooling_mode_mean_tokens": true}'),
            "2_Dense/config.json": File(b'{"in_features": 2}'), "2_Dense/model.safetensors": File(weights(64, 2), lfs=True),
            "model.safetensors": File(data, lfs=True), "pytorch_model.bin": File(b"pickle", lfs=True),
            "onnx/model.onnx": File(b"onnx", lfs=True)}),
        "old": Repository({}, moved="braid/full"),
        "braid/sharded": Repository({
            "config.json": config, "model.safetensors.index.json": File(json.dumps(shards).encode()),
            "model-00001-of-00002.safetensors": File(weights(1000, 3), lfs=True),
            "model-00002-of-00002.safetensors": File(weights(2000, 4), lfs=True)}),
        "braid/shard-missing": Repository({"model.safetensors.index.json": File(json.dumps(shards).encode())}),
        "braid/plain": with_weights(),
        "braid/private": Repository({"config.json": config, "model.safetensors": File(b"w", lfs=True)}, private=True),
        "braid/gated": Repository({"config.json": config}, gated=True),
        "braid/cut": with_weights(cut=(100_000, 2)),
        "braid/cut-always": with_weights(cut=(0, 99)),
        "braid/cut-no-range": with_weights(cut=(100_000, 1), ranges=False),
        "braid/cut-shifted": with_weights(cut=(100_000, 1), shift=5),
        "braid/busy": with_weights(busy=[(429, {"Retry-After": "1"}), (503, {})]),
        "braid/busy-list": Repository({"config.json": config}, busy=[(503, {}), (429, {"Retry-After": "DATE"})]),
        "braid/down": Repository({"config.json": config}, busy=[(500, {})] * 99),
        "braid/wrong-once": with_weights(wrong=1),
        "braid/wrong": with_weights(wrong=99),
        "braid/wrong-small": Repository({"config.json": File(config.content, wrong=99)}),
        "braid/short": with_weights(announced=300_001),
        "braid/loop": Repository({"config.json": File(b"{}", redirect="/braid/loop/resolve/main/config.json")}),
        "braid/far": Repository({"config.json": File(b"{}", redirect="ftp://127.0.0.1/config.json")}),
        "braid/listed-only": Repository({"config.json": File(b"", announced=404)}),
        "braid/bad-etag": Repository({"config.json": File(b"{}", etag="../../../outside")}),
        "braid/traversal": Repository({"config.json": config, "../../../../outside.safetensors": File(b"x")}),
        "braid/slow": with_weights(drip=0.05),
        "braid/silent": with_weights(drip=2),
    }
    if big:
        found["braid/big"] = Repository({"model.safetensors": File(weights(1 << 20) * big, lfs=True)})
    for name, repository in found.items():
        repository.sha = hashlib.sha1(name.encode()).hexdigest()
    return found


class Hub:
    """What one test sees."""

    def __init__(self, big):
        self.repositories = repositories(big)
        self.log = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = unquote(urlsplit(self.path).path, errors="replace")
        self.prefix = "/" + path.split("/")[1] if path.startswith("/s-") else ""
        path = path[len(self.prefix):]
        with LOCK:
            if self.prefix not in self.server.hubs:
                self.server.hubs[self.prefix] = Hub(self.server.big)
            self.hub = self.server.hubs[self.prefix]
        if path in hostile_answers.PATHS:
            return hostile_answers.send(self, path)
        if path == "/_log":
            with LOCK:
                return self.answer(200, {}, json.dumps(self.hub.log).encode())
        with LOCK:
            self.hub.log.append({"host": self.server.role, "method": self.command, "path": path, "range": self.headers["Range"],
                                 "authorization": self.headers["Authorization"]})
        if self.server.role == "cdn":
            return self.blob(path)
        if path.startswith("/api/models/"):
            return self.listing(path.removeprefix("/api/models/"))
        return self.resolve(path.lstrip("/"))

    do_HEAD = do_GET  # http.server's name for it

    def repository(self, name):
        """The repository, or None where an error was answered."""
        repository = self.hub.repositories.get(name)
        known = self.headers["Authorization"] == f"Bearer {TOKEN}"
        if repository is None or (repository.private and not known):
            status = 404 if known else 401
            self.refuse(status, "RepoNotFound", "Repository not found" if known else "Invalid username or password.")
            return None
        if repository.moved:
            self.answer(307, {"Location": quote(urlsplit(self.path).path.replace(name, repository.moved, 1))})
            return None
        return repository

    def listing(self, path):
        separator = next((s for s in ("/revision/", "/tree/") if s in path), "/revision/")
        name, _, revision = path.partition(separator)
        repository = self.repository(name)
        if repository is None:
            return None
        folder = ""
        if separator == "/tree/":
            known = next((r for r in repository.revisions() if revision.startswith(r + "/")), revision)
            revision, folder = known, revision[len(known) + 1:]
        if (revision or "main") not in repository.revisions():
            return self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if repository.busy:
            return self.answer(*repository.busy.pop(0))
        if separator == "/tree/":
            tree = [{"type": "file", "path": path, "size": len(file.content), "oid": file.name()[:40],
                     **({"lfs": {"oid": file.name(), "size": len(file.content), "pointerSize": 130}} if file.lfs else {})}
                    for path, file in repository.files.items() if not folder or path.startswith(folder + "/")]
            if folder and not tree:
                return self.refuse(404, "EntryNotFound", f"{folder} does not exist", {"X-Repo-Commit": repository.sha})
            return self.answer(200, {"Content-Type": "application/json"}, json.dumps(tree).encode())
        body = {"id": name, "modelId": name, "sha": repository.sha, "private": repository.private, "tags": [],
                "downloads": 0, "likes": 0, "siblings": [{"rfilename": path} for path in repository.files]}
        return self.answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def resolve(self, path):
        name, _, rest = path.partition("/resolve/")
        repository = self.repository(name)
        if repository is None:
            return None
        revision = next((r for r in repository.revisions() if rest.startswith(r + "/")), None)
        if revision is None:
            return self.refuse(404, "RevisionNotFound", "Invalid rev id: " + rest.split("/")[0])
        commit = {"X-Repo-Commit": repository.sha}
        file = repository.files.get(rest[len(revision) + 1:])
        if file is None or file.announced == 404:
            return self.refuse(404, "EntryNotFound", "Entry not found", commit)
        if repository.gated and self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.refuse(403 if self.headers["Authorization"] else 401, "GatedRepo",
                               f"Access to model {name} is restricted. You must have access to it.", commit)
        if file.redirect:
            return self.answer(302, {"Location": file.redirect, **commit, "ETag": f'W/"{file.name()}"', "X-Linked-Size": "2"}
                               if "://" in file.redirect else {"Location": file.redirect})
        if not file.lfs:
            return self.body(file, {**commit, "ETag": f'W/"{file.name()}"'})
        size = file.announced if file.announced >= 0 else len(file.content)
        return self.answer(302, {**commit, "X-Linked-Etag": f'"{file.name()}"', "X-Linked-Size": str(size),
                                 "Location": f"{self.server.cdn}{self.prefix}/{quote(name)}/{quote(rest[len(revision) + 1:])}?signed=1"})

    def blob(self, path):
        owner = next((n for n in self.hub.repositories if path.startswith(f"/{n}/")), None)
        file = self.hub.repositories[owner].files[path[len(owner) + 2:]] if owner else None
        if file is None or parse_qs(urlsplit(self.path).query).get("signed") != ["1"]:
            return self.answer(403, {})
        return self.body(file, {"ETag": '"of-the-second-host"', "Accept-Ranges": "bytes"})

    def body(self, file, headers):
        if self.command == "HEAD":
            return self.answer(200, headers, file.content)
        with LOCK:
            file.gets += 1
            busy = file.busy.pop(0) if file.busy else None
            cut = file.cut[0] if file.gets <= file.cut[1] else None
            content = file.content
            if file.gets <= file.wrong:
                content = bytes([content[0] ^ 1]) + content[1:]
        if busy:
            return self.answer(*busy)
        status, wanted = 200, self.headers["Range"]
        if wanted and file.ranges:
            start = int(wanted.removeprefix("bytes=").split("-")[0])
            if start >= len(content):
                return self.answer(416, {"Content-Range": f"bytes */{len(content)}"})
            start += file.shift
            headers = {**headers, "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
            status, content = 206, content[start:]
        return self.answer(status, headers, content, cut, file.drip)

    def refuse(self, status, code, message, headers=None):
        self.answer(status, {"X-Error-Code": code, "X-Error-Message": message, **(headers or {})},
                    json.dumps({"error": message}).encode())

    def answer(self, status, headers, content=b"", cut=None, drip=0):
        self.send_response(status)
        for key, value in {"Content-Length": str(len(content)), **headers}.items():
            soon = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 1))
            self.send_header(key, soon if value == "DATE" else value)
        self.end_headers()
        if self.command == "HEAD":
            return
        view = memoryview(content)[: len(content) if cut is None else cut]
        try:
            for start in range(0, len(view), 1 << 16):
                self.wfile.write(view[start: start + (1 << 16)])
                time.sleep(drip)
        except OSError:
            self.close_connection = True
        if cut is not None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a client may have had enough
            super().handle_error(request, client_address)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--big", type=int, default=0, metavar="MIB", help="serve braid/big, one file of so many MiB")
    big = options.parse_args().big
    hubs = {"": Hub(big)}
    servers = {role: Server(("127.0.0.1", 0), Handler) for role in ("hub", "cdn")}
    urls = {role: f"http://127.0.0.1:{server.server_port}" for role, server in servers.items()}
    for role, server in servers.items():
        server.role, server.cdn, server.hubs, server.big = role, urls["cdn"], hubs, big
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps(urls), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
