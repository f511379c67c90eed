"""A hub on loopback: the HTTP API that huggingface_hub speaks, a bge-m3 the size of mini-m3, and faults to switch on.

Like the real one it lists a repository with sizes and sums, names the commit and the content of every file in
headers, answers ranges, and sends large files from another origin (``localhost`` here, not ``127.0.0.1``).
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import torch
from safetensors.torch import load_file

from helpers.checkpoint.find import MINI
from helpers.checkpoint.manifest import PINNED, REPO

ROOT = Path(__file__).parents[2]
COMMIT = "c0ffee" + "0" * 34
LARGE = re.compile(r"\.(bin|pt|model|onnx|onnx_data|jpg|safetensors)$|^tokenizer\.json$")  # kept with LFS
UNWANTED = ("README.md", ".gitattributes", "imgs/bm25.jpg", "onnx/model.onnx", "onnx/model.onnx_data")
PIECE = 1 << 16


def repository() -> dict[str, bytes]:
    """Files by name as BAAI/bge-m3 has them, made from mini-m3; the weights only as pytorch_model.bin, in float32."""

    def saved(content: object) -> bytes:
        buffer = io.BytesIO()
        torch.save(content, buffer)
        return buffer.getvalue()

    files = {name: (MINI / name).read_bytes() for name in PINNED if (MINI / name).exists()}
    weights = load_file(MINI / "model.safetensors")
    files["pytorch_model.bin"] = saved({name: tensor.float() for name, tensor in weights.items()})
    files["sparse_linear.pt"] = saved({"weight": torch.zeros(1, 256), "bias": torch.zeros(1)})
    files["colbert_linear.pt"] = saved({"weight": torch.zeros(256, 256), "bias": torch.zeros(256)})
    return files | {name: b"nobody needs this " * 1000 for name in UNWANTED}


def git_sha1(content: bytes) -> str:
    """The name that git gives a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def pointer(content: bytes) -> bytes:
    """What git-LFS keeps in the stead of a large file."""
    oid = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n".encode()


@dataclass
class Hub:
    """The server. Its public fields are the switches; ``served`` counts the bytes sent of each file."""

    files: dict[str, bytes]
    commit: str = COMMIT
    branches: tuple[str, ...] = ("main",)
    answers: dict[str, tuple] = field(default_factory=dict)  # part of a path, " resumed": status, headers, how often
    instead: dict[str, bytes] = field(default_factory=dict)  # a file: what is sent in its stead
    drop: int = 0  # connections break after so many bytes of a file
    cut: dict[str, int] = field(default_factory=dict)  # a file: it seems to end after so many bytes
    ranges: bool = True  # are ranges answered?
    stall: int | None = None  # after so many bytes in all, nothing more is sent until ``resume``
    served: Counter = field(default_factory=Counter)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def __enter__(self) -> Hub:
        self.sums = {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()}
        self.stalled, self.go, self.lock = threading.Event(), threading.Event(), threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": self}))
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.go.set()
        self.server.shutdown()
        self.server.server_close()

    def resume(self) -> None:
        """End the stall, and count anew."""
        self.stall = None
        self.go.set()
        self.go, self.stalled = threading.Event(), threading.Event()
        self.served.clear()
        self.requests.clear()

    def sent(self, name: str, count: int) -> None:
        """Count bytes that went out, and hold the sender if it is time for that."""
        with self.lock:
            self.served[name] += count
            hold = self.stall is not None and self.served.total() >= self.stall
        if hold:
            go = self.go
            self.stalled.set()
            go.wait(60)

    def entry(self, name: str) -> dict:
        """A file in a listing; ``/tree`` calls things by other names than ``/revision``."""
        content = self.files[name]
        found = {"type": "file", "path": name, "rfilename": name, "size": len(content)}
        found |= {"oid": git_sha1(content), "blobId": git_sha1(content)}
        if LARGE.search(name):
            found["lfs"] = {"size": len(content), "oid": self.sums[name], "sha256": self.sums[name], "pointerSize": 134}
        return found


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PIECE)

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)  # a whole URL if we are asked as a proxy
        path = unquote(url.path)
        self.hub.requests.append((self.command, self.path, {key.lower(): value for key, value in self.headers.items()}))
        asked = self.path + (" resumed" if "Range" in self.headers else "")
        for part, (status, headers, *times) in list(self.hub.answers.items()):
            if part in asked and times != [0]:
                self.hub.answers[part] = (status, headers, *(left - 1 for left in times))
                return self.answer(status, headers, b"<html>this is no hub</html>")
        if found := re.fullmatch(rf"/api/models/{REPO}(?:/(revision|tree)/(.+))?", path):
            return self.listing(*found.groups())
        if found := re.fullmatch(rf"/{REPO}/resolve/([^/]+)/(.+)", path):
            return self.resolve(*found.groups())
        if found := re.fullmatch(r"/large/(.+)", path):
            return self.body(found[1], {})
        self.answer(404, {"X-Error-Code": "RepoNotFound"})

    do_HEAD = do_GET

    def answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        """A short answer."""
        self.send_response(status)
        for key, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def known(self, revision: str) -> bool:
        """Is there such a revision?"""
        return revision in (self.hub.commit, *self.hub.branches)

    def listing(self, kind: str | None, revision: str | None) -> None:
        """The repository's files, as /revision or as /tree."""
        if not self.known(revision or "main"):
            return self.answer(404, {"X-Error-Code": "RevisionNotFound"})
        files = [self.hub.entry(name) for name in self.hub.files]
        about = files if kind == "tree" else {"id": REPO, "sha": self.hub.commit, "siblings": files}
        self.answer(200, {"Content-Type": "application/json"}, json.dumps(about).encode())

    def resolve(self, revision: str, name: str) -> None:
        """A file by its name: the small ones here, for the large ones the address elsewhere."""
        if not self.known(revision):
            return self.answer(404, {"X-Error-Code": "RevisionNotFound"})
        headers = {"X-Repo-Commit": self.hub.commit}
        if name not in self.hub.files:
            return self.answer(404, headers | {"X-Error-Code": "EntryNotFound"})
        if LARGE.search(name):
            headers |= {"X-Linked-Etag": f'"{self.hub.sums[name]}"', "X-Linked-Size": str(len(self.hub.files[name]))}
            return self.answer(302, headers | {"Location": f"http://localhost:{self.hub.port}/large/{name}"})
        self.body(name, headers | {"ETag": f'"{git_sha1(self.hub.files[name])}"'})

    def body(self, name: str, headers: dict[str, str]) -> None:
        """The file, or what is asked of it, with whatever goes wrong today."""
        hub = self.hub
        content = memoryview(hub.instead.get(name, hub.files[name]))
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")) if hub.ranges else None
        start = int(wanted[1]) if wanted else 0
        if wanted:
            headers = headers | {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
        self.send_response(206 if wanted else 200)
        end = min(hub.cut.get(name, len(content)), len(content))
        for key, value in (headers | {"Content-Length": str(max(len(content) - start, 0))}).items():
            self.send_header(key, value)
        self.end_headers()
        self.close_connection = end < len(content)
        if self.command == "HEAD":
            return
        left = hub.drop or len(content)
        with contextlib.suppress(ConnectionError):
            for at in range(start, end, PIECE):
                piece = content[at : min(at + PIECE, end)]
                if len(piece) > left:
                    self.close_connection = True
                    return
                left -= len(piece)
                hub.sent(name, 0)  # a hub that has fallen silent sends nothing to newcomers either
                self.wfile.write(piece)
                hub.sent(name, len(piece))


def environment(hub: Hub | None, home: Path, **changes: str) -> dict[str, str]:
    """The environment of a client that knows only this hub and keeps its cache in ``home``."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not re.match(r"(HF_|TRANSFORMERS_|BGE_M3|.*_proxy$)", key, re.I)
    }
    kept |= {"HF_HOME": str(home), "HF_ENDPOINT": hub.url if hub else "http://127.0.0.1:9", "PYTHONIOENCODING": "utf-8"}
    return kept | changes


def start(environment: dict[str, str], *arguments: str, before: str = "", **options: object) -> subprocess.Popen:
    """``python -m helpers download ARGUMENTS``, running; ``before`` is Python to run first in the same process."""
    code = f"{before}\nimport sys\nfrom helpers.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    line = [sys.executable, *(("-c", code) if before else ("-m", "helpers")), "download", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"} | options
    return subprocess.Popen(line, cwd=ROOT, env=environment, **pipes)


def run(environment: dict[str, str], *arguments: str, before: str = "") -> subprocess.CompletedProcess:
    """The same, to its end."""
    process = start(environment, *arguments, before=before)
    try:
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
