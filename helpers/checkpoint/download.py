"""Bring bge-m3 to this disk: one pinned commit into one folder, so that whatever ends it leaves no half model.

Small files come first and weights last. Each grows as a ``.part`` that a later run goes on with, and gets its
name when size and sha256 are right. The connection, with mirrors, proxies and tokens, is huggingface_hub's own.
"""

import errno
import os
import re
import shutil
import sys
import time
from contextlib import ExitStack
from functools import partial
from itertools import chain
from pathlib import Path

from tqdm.auto import tqdm

from helpers.checkpoint.find import PROJECT, check_settings
from helpers.checkpoint.integrity import CheckpointError, complete, unusable
from helpers.checkpoint.recorded import PINNED, REPO, REVISION, WEIGHTS, Files

check_settings()

from huggingface_hub import constants, get_session, get_token, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, HTTPError
from huggingface_hub.utils import WeakFileLock, build_hf_headers, hf_raise_for_status, http_stream_backoff

# in this project's folder, or in the current one where the package is installed elsewhere
FOLDER = (PROJECT if (PROJECT / "pyproject.toml").is_file() else Path()) / "models" / "bge-m3"
TRIES = 4  # in a row that bring no byte; the waits double: 2, 4, 8, 16 seconds
PASSING = (408, 429, 500, 502, 503, 504)  # trouble that huggingface_hub waits out, up to five times
PIECE = 1 << 16  # bytes on their way to the disk, lost when a line breaks
KEPT = "what was downloaded is kept, and the same command goes on from there"
OTHER_WAYS = "use another mirror (HF_ENDPOINT=https://hf-mirror.com), or see helpers/checkpoint/README.md"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
TOKENS = ("HF_OIDC_RESOURCE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
CURES = {
    401: "it asks who you are: set HF_TOKEN to a valid token; bge-m3 is public, so unset one that has expired",
    403: "it refuses you: set HF_TOKEN to a token that may read this repository",
    404: "it has no such repository, commit or file: check HF_ENDPOINT",
    407: "the proxy asks who you are: write HTTPS_PROXY=http://user:password@host:port",
    429: "too many requests: try again later, or set HF_TOKEN for a higher limit",
}
say = partial(print, file=sys.stderr, flush=True)  # standard output is for the path alone


def download(to: str | os.PathLike[str] | None = None, *, files: Files = PINNED) -> Path:
    """The folder that holds bge-m3, once every file in it is complete; what is there already is not fetched again.

    ``to`` is a folder of its own, ``FOLDER`` without it. Raises ``CheckpointError`` for whatever keeps the download
    from going on: why, what is kept, what to do.

    ``download("models/bge-m3")`` gives the whole path of ``models/bge-m3``.
    """
    folder = Path(os.path.expanduser(FOLDER if to is None else to)).absolute()
    if to == "" or (folder.exists() and not folder.is_dir()):
        raise CheckpointError(f"{os.fspath(to or folder)!r} is no folder; give one, new or not")
    try:
        if any((folder / name).exists() for name in WEIGHTS):
            say(f"checking what is in {folder}")  # some seconds for 2.3 GB
        if missing(folder, files):
            if constants.is_offline_mode():
                raise unusable("HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE)", "forbids the network", "unset it, run again")
            check_network()
            fill(folder, files)
    except (HTTPError, OSError) as error:
        raise CheckpointError(message(error, folder)) from error
    use = "" if folder == FOLDER.absolute() else "; to use it, set the environment variable BGE_M3 to this folder"
    say(f"{folder} is complete and checked{use}")
    return folder


def missing(folder: Path, files: Files) -> list[str]:
    """Names of the files that the folder lacks or holds damaged, small ones first and weights last.

    >>> missing(Path("nowhere"), PINNED)[-1]
    'pytorch_model.bin'
    """
    order = sorted(files, key=lambda name: (name in WEIGHTS, files[name][0]))
    return [name for name in order if not complete(folder / name, *files[name])]


def check_network() -> None:
    """Raise ``CheckpointError`` for an address, a proxy, a certificate or a token that makes no request."""
    if not re.fullmatch(r"https?://[^\s/\"'<>]+\S*", constants.ENDPOINT):
        raise unusable("HF_ENDPOINT", f"is set to {constants.ENDPOINT!r}", "write https://host, or unset it")
    try:
        get_session()
    except Exception as error:  # each of its parts raises a kind of its own
        names = named(CERTIFICATES if isinstance(error, OSError) else PROXIES) or "a proxy of this computer's settings"
        cure = "correct or unset it; a proxy is http://host:port, a socks5:// one needs: pip install socksio"
        raise unusable(names, f"cannot be used ({type(error).__name__}: {error})", cure) from error
    try:
        wrong: object = re.search("[^!-~]", get_token() or "") and "there is a blank or a letter that no token has"
    except Exception as error:  # the file of a login may be anything
        wrong = error
    if wrong:
        raise unusable(named(TOKENS) or constants.HF_TOKEN_PATH, f"gives no token ({wrong})", "correct or unset it")


def named(names: tuple[str, ...]) -> str:
    """Those of the variables that are set, for a message."""
    return ", ".join(name for name in names if name in {*os.environ} and os.environ[name])  # Windows: upper case only


def fill(folder: Path, files: Files) -> None:
    """Fetch what is missing, one process at a time. Raises as ``download`` does."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / ".download.lock"  # stays; the system lets go of it whatever a process dies of
    with ExitStack() as stack:
        try:
            stack.enter_context(WeakFileLock(lock, timeout=1))
        except TimeoutError:
            say(f"another download into {folder} is under way; waiting for its end")
            stack.enter_context(WeakFileLock(lock))
        names = missing(folder, files)
        plan(folder, files, names)
        for name in names:
            fetch(folder, name, *files[name])


def plan(folder: Path, files: Files, names: list[str]) -> None:
    """Say what will be done. Raises ``CheckpointError`` if the disk is too small, or other weights lie in the folder:
    with the small files they would be taken for a model."""
    for path in (folder / name for name in WEIGHTS if name in names or name not in files):
        if path.exists():
            raise unusable(path, "is damaged, or another model's", "remove it, or give another folder")
    total, free = sum(size for size, _ in files.values()), shutil.disk_usage(folder).free
    needed = sum(files[name][0] - length(folder / f"{name}.{files[name][1][:8]}.part") for name in names)
    sizes = total, total - needed, needed, free, needed - free
    whole, here, rest, room, lacking = (f"{size / 1e9:.2f} GB" for size in sizes)  # as disks and the hub count
    say(f"{REPO} at {REVISION[:7]} from {constants.ENDPOINT}: {len(files)} files, {whole}")
    say(f"{here} already here, {rest} to fetch, {room} free\ninto {folder}")
    if needed > free:
        problem = f"has {room} free, but {rest} are needed"
        raise unusable(f"the disk of {folder}", problem, f"free {lacking}, or choose another disk with --to; {KEPT}")


def fetch(folder: Path, name: str, size: int, sha256: str) -> None:
    """Fetch one file, check it, and give it its name in one step. Raises ``CheckpointError``, and the disk's errors.

    A line that breaks is taken up again, and as often as it takes if each time some bytes come.
    """
    part, tries = folder / f"{name}.{sha256[:8]}.part", 0  # the sum, so that nothing else is ever appended to it
    part.parent.mkdir(exist_ok=True)
    with tqdm(total=size, desc=name, unit="B", unit_scale=True, disable=None) as bar:
        while (done := length(part)) < size:
            failure: Exception = CheckpointError(f"{name} ends after {done:,} of {size:,} bytes; {KEPT}")
            try:
                get_rest(part, name, size, bar)
            except HTTPError as error:
                failure = error
            tries = 0 if length(part) > done else tries + 1
            if tries > TRIES or isinstance(failure, HfHubHTTPError):
                raise failure
            if tries:
                say(f"{failure}; trying again in {2**tries} seconds")
                time.sleep(2**tries)
    if not complete(part, size, sha256):
        part.unlink()
        problem = f"came from {constants.ENDPOINT} with a wrong size or checksum and was deleted"
        raise unusable(name, problem, f"run the same command again, the other files are kept; then {OTHER_WAYS}")
    os.replace(part, folder / name)


def get_rest(part: Path, name: str, size: int, bar: tqdm) -> None:
    """Ask once for what the part lacks, and write what comes. Raises ``CheckpointError`` for an answer that is not
    the file, before it replaces anything, huggingface_hub's errors and the disk's."""
    done, url = length(part), hf_hub_url(REPO, name, revision=REVISION)
    headers = build_hf_headers() | {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with http_stream_backoff(
        "GET", url, headers=headers, timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT,
        retry_on_status_codes=PASSING, retry_on_exceptions=(),
    ) as response:  # fmt: skip
        if response.status_code == 416 and done:  # no rest of a file is to be had here, so the whole of it
            part.unlink()
            return get_rest(part, name, size, bar)
        hf_raise_for_status(response)
        start, pieces = done if response.status_code == 206 else 0, response.iter_bytes(PIECE)
        first = next(pieces, b"")
        page = not start and first.lstrip().startswith((b"<", b"version https://git-lfs"))
        told = response.headers.get("Content-Length", "")
        if page or (told.isdecimal() and int(told) + start != size and "Content-Encoding" not in response.headers):
            what = "a web page or a git-LFS pointer" if page else f"{int(told) + start:,} bytes"
            cure = f"log in if the network asks for it, {OTHER_WAYS}"
            raise unusable(response.url.host, f"sends {what} instead of {name} ({size:,} bytes)", cure)
        bar.n = start
        with part.open("ab" if start else "wb") as file:
            for piece in chain([first], pieces):
                file.write(piece)
                bar.update(len(piece))
            file.flush()
            os.fsync(file.fileno())


def length(path: Path) -> int:
    """Bytes of a file, 0 if there is none."""
    return path.stat().st_size if path.exists() else 0


def message(error: HTTPError | OSError, folder: Path) -> str:
    """Any error of the way as one line that says what to do."""
    if isinstance(error, HfHubHTTPError):
        status, path = error.response.status_code, error.response.url.path
        cure = CURES.get(status, "the hub has trouble: try again later, or use a mirror (HF_ENDPOINT)")
        return f"{constants.ENDPOINT} answers {status} for {path}; {cure}; {KEPT}"
    if isinstance(error, HTTPError):
        proxy = f"{named(PROXIES) or 'HTTPS_PROXY'} (http://user:password@host:port if it asks who you are)"
        whom = f"{error.request.url.host} (asked for {constants.ENDPOINT}) cannot be reached"
        return f"{whom} ({type(error).__name__}: {error}); {KEPT}; check the network and {proxy}, {OTHER_WAYS}"
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return f"the disk of {folder} is full; free some room: {KEPT}"
    return f"{folder} cannot be read or written ({error}); check its path and your rights to it"
