"""A hub on loopback, with faults to switch on, and a reader of it; its bge-m3 has the size of mini-m3.

Like the real one it answers ranges, and sends large files from another origin (``localhost``, not ``127.0.0.1``).
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import torch
from safetensors.torch import load_file

from helpers.checkpoint.find import MINI
from helpers.checkpoint.recorded import PINNED, REPO, REVISION

ROOT = Path(__file__).parents[2]
LARGE = re.compile(r"\.(bin|pt|model)$|^tokenizer\.json$")  # kept with LFS
PIECE = 1 << 16


def repository() -> dict[str, bytes]:
    """Files by name as BAAI/bge-m3 has them, made from mini-m3; the weights as pytorch_model.bin."""
    weights = io.BytesIO()
    torch.save(load_file(MINI / "model.safetensors"), weights)
    files = {name: (MINI / name).read_bytes() for name in PINNED if (MINI / name).exists()}
    rest = {name: name.encode() * 1000 for name in PINNED if name not in files}
    return files | rest | {"pytorch_model.bin": weights.getvalue()}


@dataclass
class Hub:
    """The server. Its public fields are the switches; ``served`` counts the bytes sent of each file."""

    files: dict[str, bytes]
    answers: dict[str, tuple] = field(default_factory=dict)  # part of a path, " resumed": status, headers, how often
    instead: dict[str, Callable[[bytes], bytes]] = field(default_factory=dict)  # a file: what is made of its content
    drop: int = 0  # connections break after so many bytes of a file
    reset: bool = False  # do they break as a router breaks them?
    cut: int = 0  # large files seem to end after so many bytes
    ranges: bool = True  # are ranges answered?
    lengths: bool = True  # are lengths told?
    stall: int = 0  # after so many bytes in all, nothing more is sent until ``resume``

    def __enter__(self) -> Hub:
        self.known = {name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in self.files.items()}
        self.total = sum(size for size, _ in self.known.values())
        self.served, self.requests = Counter(), []
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
        self.stall = 0
        self.go.set()
        self.go, self.stalled = threading.Event(), threading.Event()
        self.served.clear()
        self.requests.clear()

    def sent(self, name: str, count: int) -> None:
        """Count bytes that went out, and hold the sender if it is time for that."""
        with self.lock:
            self.served[name] += count
            hold = self.stall and self.served.total() >= self.stall
        if hold:
            go = self.go
            self.stalled.set()
            go.wait(60)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PIECE)

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_CONNECT(self) -> None:
        """As a proxy that asks who you are."""
        self.answer(407, {"Connection": "close"})

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)  # a whole URL if we are asked as a proxy
        self.hub.requests.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
        asked = self.path + (" resumed" if "Range" in self.headers else "")
        for part, (status, headers, *times) in list(self.hub.answers.items()):
            if part in asked and times != [0]:
                self.hub.answers[part] = (status, headers, *(left - 1 for left in times))
                return self.answer(status, headers, b"<html>this is no hub</html>")
        found = re.fullmatch(rf"/{REPO}/resolve/{REVISION}/(.+)|/large/(.+)", path)
        name = found and (found[1] or found[2])
        if name not in self.hub.files:
            return self.answer(404, {"X-Error-Code": "EntryNotFound"})
        if found[1] and LARGE.search(name):
            return self.answer(302, {"Location": f"http://localhost:{self.hub.port}/large/{name}"})
        self.body(name)

    def answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        """A short answer."""
        self.send_response(status)
        for key, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def body(self, name: str) -> None:
        """The file, or what is asked of it, with whatever goes wrong today."""
        hub = self.hub
        content = memoryview(hub.instead.get(name, bytes)(hub.files[name]))
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")) if hub.ranges else None
        start, end = int(wanted[1]) if wanted else 0, min(hub.cut or len(content), len(content))
        self.send_response(206 if wanted else 200)
        if wanted:
            total = len(content) if hub.lengths else "*"
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{total}")
        if hub.lengths:
            self.send_header("Content-Length", str(max(len(content) - start, 0)))
        self.close_connection = end < len(content) or not hub.lengths
        self.send_header("Connection", "close" if self.close_connection else "keep-alive")
        self.end_headers()
        left = hub.drop or len(content)
        with contextlib.suppress(ConnectionError):
            for at in range(start, end, PIECE):
                piece = content[at : min(at + PIECE, end)]
                if len(piece) > left:
                    self.close_connection = True
                    if hub.reset:
                        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                left -= len(piece)
                hub.sent(name, 0)  # a hub that has fallen silent sends nothing to newcomers either
                self.wfile.write(piece)
                hub.sent(name, len(piece))


@dataclass
class Reader:
    """Someone with a copy of this project in ``folder``, who knows only this hub and has nothing downloaded yet."""

    folder: Path
    hub: Hub | None

    def __post_init__(self) -> None:
        self.model = self.folder / "models" / "bge-m3"  # where it comes to if no other folder is named
        for part in ("helpers", "helpers/checkpoint"):
            (self.folder / part).mkdir(parents=True)
            for path in (ROOT / part).glob("*.*"):
                shutil.copy(path, self.folder / part)
        shutil.copy(ROOT / "pyproject.toml", self.folder)

    def python(self, *line: str, **changes: object) -> subprocess.Popen:
        """This Python in the project's folder, running; ``changes`` are environment variables."""
        unset = r"(HF_|HUGGING|TRANSFORMERS_|BGE_M3|PYTHONPATH|.*_proxy$)"
        kept = {key: value for key, value in os.environ.items() if not re.match(unset, key, re.IGNORECASE)}
        home, url = str(self.folder / "home"), self.hub.url if self.hub else "http://127.0.0.1:9"
        env = kept | {"HF_HOME": home, "HF_ENDPOINT": url, "PYTHONIOENCODING": "utf-8"} | changes
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
        return subprocess.Popen([sys.executable, *line], cwd=self.folder, env=env, **pipes)

    def start(self, *arguments: str, before: str = "", **changes: object) -> subprocess.Popen:
        """``python -m helpers download ARGUMENTS`` with the hub's files as those that are wanted, running.

        ``before`` is Python to run first in the same process; ``changes`` are environment variables.
        """
        code = (
            f"import functools, sys\n{before}\nfrom helpers.checkpoint import download as here\n"
            f"here.download = functools.partial(here.download, files={self.hub.known if self.hub else 'here.PINNED'})\n"
            "from helpers.__main__ import main\nsys.exit(main(sys.argv[1:]))"
        )
        return self.python("-c", code, "download", *arguments, **changes)

    def run(self, *arguments: str, **options: object) -> subprocess.CompletedProcess:
        """The same, to its end."""
        return finish(self.start(*arguments, **options))


def finish(process: subprocess.Popen) -> subprocess.CompletedProcess:
    """Wait for the end of a process, and take what it said."""
    try:
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
