"""Bring bge-m3 to this disk: one pinned commit into one folder, so that whatever ends it leaves no half model.

Small files come first and weights last. Each grows as a ``.part`` that a later run goes on with, and gets its
name when size and sha256 are right. huggingface_hub carries the bytes: its mirrors, proxies and tokens hold.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import time
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from helpers.checkpoint.integrity import CheckpointError
from helpers.checkpoint.manifest import BGE_M3, WEIGHTS, Manifest, complete
from helpers.checkpoint.settings import PROXIES, check_network, check_settings, named

check_settings()

from huggingface_hub import constants, get_session, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, HTTPError
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import WeakFileLock, build_hf_headers

if TYPE_CHECKING:
    from httpx2 import Response

TRIES = 4  # without a new byte; the waits double: 2, 4, 8, 16 seconds
PASSING = (500, 502, 503, 504)  # trouble that may be over a moment later; http_get itself waits out 408 and 429
LONGEST = 60  # seconds that are waited if the hub asks for it; of more the reader is told
PIECE = 1 << 16  # bytes on their way to the disk; huggingface_hub's 10 MB would be lost whenever a line breaks
KEPT = "what was downloaded is kept, and the same command goes on from there"
MIRROR = "https://hf-mirror.com"
OTHER_WAYS = "or see other ways in helpers/checkpoint/README.md"
STATUS = {
    401: "it asks who you are: set HF_TOKEN to a valid token; bge-m3 is public, so unset one that has expired",
    403: "it refuses you: set HF_TOKEN to a token that may read this repository",
    404: "it has no such repository, commit or file: check HF_ENDPOINT",
    407: "the proxy asks who you are: write HTTPS_PROXY=http://user:password@host:port",
    429: "too many requests: wait {} seconds, or set HF_TOKEN for a higher limit",
}


class DownloadError(CheckpointError):
    """A download that cannot go on; the message says why, what is kept and what to do."""


def default_folder() -> Path:
    """``models/bge-m3`` in this project's folder, or in the current one where the package is installed elsewhere."""
    project = Path(__file__).parents[2]
    return (project if (project / "pyproject.toml").is_file() else Path.cwd()) / "models" / "bge-m3"


def download(to: str | os.PathLike[str] | None = None, *, manifest: Manifest = BGE_M3) -> Path:
    """The folder that holds bge-m3, once every file in it is complete; what is there already is not fetched again.

    ``to`` is a folder of its own, ``default_folder()`` without it. Raises ``SettingError``, and ``DownloadError``
    for whatever keeps the download from going on; what has come by then is kept for the next call.

    ``download("models/bge-m3")`` gives the whole path of ``models/bge-m3``.
    """
    folder = default_folder() if to is None else Path(os.path.expanduser(to)).absolute()
    if to == "" or (folder.exists() and not folder.is_dir()):
        raise DownloadError(f"{os.fspath(to or folder)!r} is no folder; give one, new or not")
    try:
        if any((folder / name).exists() for name in WEIGHTS):
            say(f"checking what is in {folder}")  # some seconds for 2.3 GB
        if manifest.missing(folder):
            if constants.is_offline_mode():
                raise DownloadError("HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE) forbids the network; unset it, run again")
            check_network()
            fill(folder, manifest)
    except (HTTPError, OSError) as error:
        raise DownloadError(message(error, folder)) from error
    use = "" if folder == default_folder() else "; to use it, set the environment variable BGE_M3 to this folder"
    say(f"{folder} is complete and checked{use}")
    return folder


def fill(folder: Path, manifest: Manifest) -> None:
    """Fetch what is missing, one process at a time. Raises as ``download`` does."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / ".download.lock"  # the system lets go of it whatever a process dies of
    with ExitStack() as stack:
        try:
            stack.enter_context(WeakFileLock(lock, timeout=1))
        except TimeoutError:
            say(f"another download into {folder} is under way; waiting for its end")
            stack.enter_context(WeakFileLock(lock))
        try:
            missing = manifest.missing(folder)
            plan(folder, manifest, missing)
            for name in missing:
                bring(folder, manifest, name)
        finally:
            with suppress(OSError):  # Windows keeps a file that is open
                lock.unlink()


def plan(folder: Path, manifest: Manifest, missing: list[str]) -> None:
    """Say what will be done. Raises ``DownloadError`` if the disk is too small, or other weights lie in the folder:
    with the small files they would be taken for a model."""
    for path in (folder / name for name in WEIGHTS if name in missing or name not in manifest.files):
        if path.exists():
            raise DownloadError(f"{path} is damaged, or another model's; remove it, or give another folder")
    total, free = sum(size for size, _ in manifest.files.values()), shutil.disk_usage(folder).free
    needed = sum(manifest.files[name][0] - length(part_of(folder, manifest, name)) for name in missing)
    say(f"{manifest.repo} at {manifest.commit[:7]} from {constants.ENDPOINT}: {len(manifest.files)} files, {gb(total)}")
    say(f"{gb(total - needed)} already here, {gb(needed)} to fetch, {gb(free)} free\ninto {folder}")
    if needed > free:
        lacking = f"{gb(free)} free, but {gb(needed)} are needed; free {gb(needed - free)}"
        raise DownloadError(f"the disk of {folder} has {lacking}, or choose another disk with --to; {KEPT}")


def bring(folder: Path, manifest: Manifest, name: str) -> None:
    """Fetch one file, check it, and give it its name in one step."""
    part, (size, digest) = part_of(folder, manifest, name), manifest.files[name]
    part.parent.mkdir(exist_ok=True)
    fetch(hf_hub_url(manifest.repo, name, revision=manifest.commit), part, name, size)
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    if not complete(part, size, digest):
        part.unlink()
        raise DownloadError(
            f"{name} came from {constants.ENDPOINT} with a wrong size or checksum and was deleted, the other files are "
            f"kept; run the same command again; if it stays so, use another mirror (HF_ENDPOINT), {OTHER_WAYS}"
        )
    os.replace(part, folder / name)


def part_of(folder: Path, manifest: Manifest, name: str) -> Path:
    """Where a file grows: named after its sum too, so that nothing else is ever appended to it."""
    return folder / f"{name}.{manifest.files[name][1][:8]}.part"


def fetch(url: str, part: Path, name: str, size: int) -> None:
    """Complete the part. A line that breaks is taken up again for as long as bytes come.

    Raises ``DownloadError``, huggingface_hub's errors and the disk's.
    """
    idle, heard = 0, False
    failure: Exception
    while (done := length(part)) < size:
        try:
            get(url, part, name, size)
            continue
        except (HTTPError, RecursionError) as error:  # http_get calls itself again whenever a line breaks
            failure = error
        status = failure.response.status_code if isinstance(failure, HfHubHTTPError) else None
        if status == 416 and done:  # no rest of a file is to be had here, so the whole of it
            part.unlink()
            continue
        came = length(part) > done
        idle, heard = 0 if came else idle + 1, heard or came
        if idle > (TRIES if status in PASSING or (status is None and heard) else 0):
            raise failure
        time.sleep(2**idle)


def get(url: str, part: Path, name: str, size: int) -> None:
    """One call of ``http_get``: it goes on where the part ends, and by itself tries again for some seconds."""
    check = partial(check_answer, name, size)
    hooks, usual = get_session().event_hooks["response"], constants.DOWNLOAD_CHUNK_SIZE
    hooks.append(check)
    constants.DOWNLOAD_CHUNK_SIZE = PIECE
    try:
        with part.open("ab") as file:
            headers = build_hf_headers() | {"Accept-Encoding": "identity"}
            http_get(url, file, resume_size=file.tell(), headers=headers, expected_size=size, displayed_filename=name)
    except OSError as error:
        if error.errno or isinstance(error, HTTPError):
            raise
        if length(part) < size:  # what is too long will not have the right sum
            raise DownloadError(ended_early(part, name, size)) from error
    finally:
        constants.DOWNLOAD_CHUNK_SIZE = usual
        hooks.remove(check)


def check_answer(name: str, size: int, response: Response) -> None:
    """Raise ``DownloadError`` for an answer that is not the file, before it replaces what has come of it."""
    if response.status_code == 429 and told_to_wait(response) > LONGEST:
        raise DownloadError(refused(response))
    if response.status_code not in (200, 206):
        return
    headers = response.headers
    total = headers.get("Content-Range", headers.get("Content-Length", "")).rpartition("/")[2]
    if not total.isdecimal():  # "bytes 5-9/*", which http_get cannot read
        headers.pop("Content-Range", None)
    if headers.get("Content-Type", "").startswith("text/html"):
        raise DownloadError(instead(response.url.host, "a web page", name, size))
    if total.isdecimal() and int(total) != size and "Content-Encoding" not in headers:
        raise DownloadError(instead(response.url.host, f"{int(total):,} bytes, perhaps a git-LFS pointer,", name, size))


def ended_early(part: Path, name: str, size: int) -> str:
    """The message about a body that told no length and was shorter; a page in the file's stead is thrown away."""
    with part.open("rb") as file:
        page = file.read(99).startswith((b"<", b"version https://git-lfs"))
    if page:
        part.unlink()
        return instead(constants.ENDPOINT, "a web page or a git-LFS pointer", name, size)
    return f"{name} ends after {length(part):,} of {size:,} bytes; {KEPT}"


def instead(host: str, what: str, name: str, size: int) -> str:
    """The message about another file in the stead of the one that is wanted."""
    cure = f"log in if the network or the proxy asks for it, use another mirror (HF_ENDPOINT), {OTHER_WAYS}"
    return f"{host} sends {what} instead of {name} ({size:,} bytes); {cure}"


def told_to_wait(response: Response) -> int:
    """Seconds that the hub asks to wait, 0 if it names none."""
    told = response.headers.get("Retry-After", "").strip()
    return int(told) if told.isdecimal() else 0


def length(path: Path) -> int:
    """Bytes of a file, 0 if there is none."""
    return path.stat().st_size if path.exists() else 0


def message(error: HTTPError | OSError, folder: Path) -> str:
    """Any error of the way as one line that says what to do."""
    if isinstance(error, HfHubHTTPError):
        return refused(error.response)
    if isinstance(error, HTTPError):
        return unreachable(error)
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return f"the disk of {folder} is full; free some room: {KEPT}"
    return f"{folder} cannot be read or written ({error}); check its path and your rights to it"


def refused(response: Response) -> str:
    """The message about a hub or a proxy that answers, but not with the file."""
    told = STATUS.get(response.status_code, "the hub has trouble: try again later, or use a mirror (HF_ENDPOINT)")
    told = told.format(told_to_wait(response) or 300)
    return f"{constants.ENDPOINT} answers {response.status_code} for {response.url.path}; {told}; {KEPT}"


def unreachable(error: HTTPError) -> str:
    """The message about a hub that does not answer; a mirror may have sent on to another, which is named."""
    hub, host = constants.ENDPOINT, error.request.url.host
    whom = hub if host == urlsplit(hub).hostname else f"{host}, to which {hub} sends on,"
    mirror = "another mirror (HF_ENDPOINT)" if MIRROR in hub.lower() else f"a mirror (HF_ENDPOINT={MIRROR})"
    proxy = f"{named(PROXIES) or 'HTTPS_PROXY'} (http://user:password@host:port if it asks who you are)"
    cure = f"check the network and {proxy}, use {mirror}, {OTHER_WAYS}"
    return f"{whom} cannot be reached ({type(error).__name__}: {error}); {KEPT}; {cure}"


def gb(size: int) -> str:
    """A number of bytes for reading, in powers of ten as disks and the hub count."""
    return f"{size / 1e9:.2f} GB"


def say(text: str) -> None:
    """A line for the reader; standard output is for the path alone."""
    print(text, file=sys.stderr, flush=True)
