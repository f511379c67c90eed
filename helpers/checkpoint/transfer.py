"""Fetch one file of the hub so that a kill costs nothing, check it, and say plainly what went wrong.

huggingface_hub itself starts a file anew after a kill. Here its client appends to a part on the disk, named
after the file's sum; the part takes its place among the files only when size and sum are right.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from huggingface_hub import constants, get_session
from huggingface_hub.errors import HfHubHTTPError, HTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled
from huggingface_hub.utils import hf_raise_for_status

from helpers.checkpoint.integrity import LFS, CheckpointError, reason
from helpers.checkpoint.manifest import REPO, Item, intact

if TYPE_CHECKING:
    from tqdm import tqdm

TRIES = 4  # without a new byte; the waits double: 1, 2, 4, 8 seconds
PASSING = (408, 429, 500, 502, 503, 504)  # an answer that a moment later may be another
KEPT = "what was downloaded is kept, and the same command goes on from there"
MIRROR = "https://hf-mirror.com"
ANOTHER_WAY = 'or see other ways in README.md, "The real weights"'


class DownloadError(CheckpointError):
    """A download that cannot go on; the message says why, what is kept and what to do."""


def length(path: Path) -> int:
    """Bytes of a file, 0 if there is none."""
    return path.stat().st_size if path.exists() else 0


def fetch(item: Item, url: str, part: Path, headers: dict[str, str], bar: tqdm) -> None:
    """Complete the part and check it; dropped connections are taken up again while bytes still come.

    Raises ``DownloadError`` for a wrong size or sum or a full disk, and huggingface_hub's errors.
    """
    best, idle = -1, 0
    failure: Exception = DownloadError("")
    while (done := length(part)) < item.size:
        best, idle = max(best, done), 0 if done > best else idle + 1
        if idle > TRIES:
            raise failure
        time.sleep(min(2 ** (idle - 1), 8) if idle else 0)
        try:
            stream(item, url, part, headers, bar)
            failure = DownloadError(f"{item.name} ends after {length(part):,} of {item.size:,} bytes; {KEPT}")
        except HTTPError as error:
            if isinstance(error, HfHubHTTPError) and (error.response.status_code not in PASSING or pause(error) > 60):
                raise
            failure = error
            time.sleep(pause(error))
        except OSError as error:
            raise explain(error, f"{item.name} lacks {item.size - length(part):,} bytes") from error
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    if not intact(part, item):
        part.unlink()
        raise DownloadError(
            f"{item.name} came from {constants.ENDPOINT} with a wrong checksum and was deleted, the other files are "
            f"kept; run the same command again; if it stays so, use another mirror (HF_ENDPOINT), {ANOTHER_WAY}"
        )


def stream(item: Item, url: str, part: Path, headers: dict[str, str], bar: tqdm) -> None:
    """One request: write what comes to the part in small pieces, so that a kill loses next to nothing."""
    done = length(part)
    wanted = headers | {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with get_session().stream("GET", url, headers=wanted, timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT) as response:
        hf_raise_for_status(response)
        told = response.headers.get("Content-Range", "").rpartition("/")[2] or response.headers.get("Content-Length")
        pieces = response.iter_bytes()
        piece = next(pieces, b"")
        resumed = response.status_code == 206
        if not resumed and piece.startswith(LFS):
            raise pointer(item)
        if str(told).isdecimal() and int(told) != item.size and "Content-Encoding" not in response.headers:
            raise wrong_size(item, int(told))
        with part.open("ab" if resumed else "wb") as file:
            bar.update(0 if resumed else -done)
            while piece and file.tell() < item.size:
                file.write(piece)
                bar.update(len(piece))
                piece = next(pieces, b"")


def pointer(item: Item) -> DownloadError:
    """The hub sent the few lines that git-LFS keeps in a large file's stead."""
    return DownloadError(
        f"{constants.ENDPOINT} sends a git-LFS pointer instead of {item.name}: it does not hold the file itself; "
        f"use another mirror (HF_ENDPOINT), {ANOTHER_WAY}"
    )


def wrong_size(item: Item, told: int) -> DownloadError:
    """The hub's file is shorter or longer than the one that is wanted."""
    return DownloadError(
        f"{item.name} has {told:,} bytes at {constants.ENDPOINT} but {item.size:,} by the record: not the same file; "
        f"use another mirror (HF_ENDPOINT), {ANOTHER_WAY}"
    )


def pause(error: Exception) -> int:
    """Seconds that the hub asks to wait."""
    told = error.response.headers.get("Retry-After", "") if isinstance(error, HfHubHTTPError) else ""
    return int(told) if told.isdecimal() else 0


def host(error: HTTPError) -> str:
    """Whom the request went to in the end, a mirror may send on to another; empty if none was made."""
    try:
        return error.request.url.host
    except RuntimeError:
        return ""


def explain(error: Exception, lacking: str = "") -> DownloadError:
    """Any error of the way as one that says what to do; ``lacking`` tells what a full disk has no room for."""
    hub, cause = constants.ENDPOINT, reason(error)
    if isinstance(error, DownloadError):
        return error
    if isinstance(error, OfflineModeIsEnabled):
        return DownloadError("HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE) forbids the network; unset it and run again")
    if isinstance(error, LocalEntryNotFoundError) and isinstance(error.__cause__, Exception):
        return explain(error.__cause__)
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        told = {
            401: "it asks who you are: set HF_TOKEN to a valid token; bge-m3 is public, so unset one that has expired",
            403: "it refuses you: set HF_TOKEN to a token that may read this repository",
            404: "it has no such repository, revision or file: check --revision and HF_ENDPOINT",
            407: "the proxy asks who you are: write HTTPS_PROXY=http://user:password@host:port",
            429: f"too many requests: wait {pause(error) or 300} seconds, or set HF_TOKEN for a higher limit",
        }.get(status, "the hub has trouble: try again later, or use a mirror (HF_ENDPOINT)")
        return DownloadError(f"{hub} answers {status} for {error.response.request.url.path}; {told}; {KEPT}")
    if isinstance(error, ImportError) or (isinstance(error, ValueError) and "proxy" in str(error).lower()):
        return DownloadError(
            f"the proxy that HTTPS_PROXY or ALL_PROXY names cannot be used ({cause}); give its http:// address, or "
            "for a socks5:// one install what it needs: pip install socksio"
        )
    if isinstance(error, HTTPError):
        whom = hub if host(error) in ("", urlsplit(hub).hostname) else f"{host(error)}, to which {hub} sends on,"
        mirror = "another mirror (HF_ENDPOINT)" if MIRROR in hub.lower() else f"a mirror (HF_ENDPOINT={MIRROR})"
        cure = f"check the network and HTTPS_PROXY, use {mirror}, {ANOTHER_WAY}"
        return DownloadError(f"{whom} cannot be reached ({cause}); {KEPT}; {cure}")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return DownloadError(f"the disk is full ({lacking or cause}); {KEPT} once there is room")
    if isinstance(error, OSError) and error.errno and error.filename:
        return DownloadError(f"the destination cannot be written ({error}); check its path and your rights to it")
    cure = "check HF_ENDPOINT, your proxy and SSL_CERT_FILE"
    return DownloadError(f"{hub} does not answer like a hub for {REPO} ({cause}); {cure}")
