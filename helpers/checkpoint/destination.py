"""Where a download goes, the hub's cache or a folder of its own: what is there, and how a whole file is put there.

The cache keeps each file once, in ``blobs``, under the name that the hub gives its content; ``snapshots`` holds
a folder of links for each commit. The links are left to huggingface_hub, so that other programs find the model.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import constants, get_hf_file_metadata, hf_hub_download, hf_hub_url
from huggingface_hub.errors import HTTPError
from huggingface_hub.file_download import are_symlinks_supported, repo_folder_name
from huggingface_hub.utils import WeakFileLock

from helpers.checkpoint.manifest import REPO, WEIGHTS, Item, intact
from helpers.checkpoint.transfer import DownloadError, length


@dataclass(frozen=True)
class Destination:
    """A commit's place: the folder of its files, the folder of the unfinished parts, and the lock on both."""

    commit: str
    folder: Path
    parts: Path
    lock: Path
    cache: Path | None  # None: a folder of its own

    @classmethod
    def of(cls, commit: str, to: str | os.PathLike[str] | None) -> Destination:
        """The place in the folder ``to``, or in the hub's cache. Raises ``DownloadError`` if ``to`` is a file."""
        if to is not None:
            folder = Path(os.path.expanduser(to)).absolute()
            if not os.fspath(to) or (folder.exists() and not folder.is_dir()):
                raise DownloadError(f"{os.fspath(to)!r} is no folder; give one, new or not")
            return cls(commit, folder, folder / ".download", folder / ".download" / "lock", None)
        cache = Path(constants.HF_HUB_CACHE).expanduser().resolve()
        name = repo_folder_name(repo_id=REPO, repo_type="model")
        lock = cache / ".locks" / name / "download.lock"
        return cls(commit, cache / name / "snapshots" / commit, cache / name / "blobs", lock, cache)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folders and hold them against other processes; a folder of its own is left without a trace."""
        with ExitStack() as stack:
            told = False
            while True:
                for folder in (self.folder, self.parts, self.lock.parent):
                    folder.mkdir(parents=True, exist_ok=True)
                try:
                    stack.enter_context(WeakFileLock(self.lock, timeout=1))
                    break
                except (TimeoutError, FileNotFoundError):  # held; or given up and removed while we waited
                    if not told:
                        say(f"another download into {self.folder} is under way; waiting for its end")
                    told = True
            try:
                yield
            finally:
                if not self.cache:
                    with suppress(OSError):  # unfinished parts are in it; on Windows the lock is
                        self.lock.unlink()
                        self.parts.rmdir()

    def lacks(self, item: Item) -> bool:
        """Is the file not there, or not whole?"""
        return not intact(self.folder / item.name, item)

    def part(self, item: Item) -> Path:
        """Where the file grows: named after its sum, so that nothing else is ever appended to it."""
        return self.parts / f"{item.digest}.part"

    def begun(self, item: Item) -> int:
        """Bytes of the file that an earlier run has left."""
        return max(length(self.part(item)), length(self.parts / item.digest) if self.cache else 0)

    def free(self) -> int:
        """Bytes that fit on the disk."""
        return shutil.disk_usage(self.parts).free

    def refuse_others(self, weights: Item | None) -> None:
        """No weights but these may lie in a folder of its own while it fills: they would be taken for the whole model.

        Raises ``DownloadError`` for any other.
        """
        for name in () if self.cache else WEIGHTS:
            path = self.folder / name
            if path.exists() and not (weights and name == weights.name and intact(path, weights)):
                raise DownloadError(
                    f"{path} is not the file of this revision, but damaged or another model's; "
                    "remove it, or give another folder"
                )

    def etag(self, item: Item, patient: bool) -> str:
        """The name that the hub gives the file's content; ``patient`` waits out a hub in trouble.

        Raises ``DownloadError`` if whoever answers is no hub, and huggingface_hub's errors.
        """
        url = hf_hub_url(REPO, item.name, revision=self.commit)
        told = get_hf_file_metadata(url, retry_on_errors=patient)
        if self.cache and (told.commit_hash != self.commit or not re.fullmatch(r"[\w-]{1,128}", str(told.etag))):
            raise DownloadError(
                f"{constants.ENDPOINT} does not say which commit and content {item.name} has; check HF_ENDPOINT and "
                "your proxy, or download into a folder of its own (--to DIR)"
            )
        return str(told.etag)

    def put(self, item: Item, content: Path, etag: str) -> None:
        """Give a checked file its name in one step. Raises ``OSError`` and huggingface_hub's errors."""
        target, blob = self.folder / item.name, self.parts / etag
        target.parent.mkdir(parents=True, exist_ok=True)
        if not self.cache:
            os.replace(content, target)
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Windows without symlinks, told at length
            linked = are_symlinks_supported(self.cache)
        if content == blob and not linked:  # which others may link to
            content = shutil.copyfile(blob, self.part(item))
        target.unlink(missing_ok=True)  # a damaged file, or a link to one
        os.replace(content, blob if linked else target)
        hf_hub_download(REPO, item.name, revision=self.commit)
        if linked and not os.path.samefile(target, blob):
            target.unlink()
            raise DownloadError(f"{constants.ENDPOINT} changed its mind about {item.name}; run the same command again")

    def note(self, revision: str) -> None:
        """Let huggingface_hub note which branch this commit is, so that other programs find it by name.

        ``main`` is noted too if it is this commit; if the hub does not say so, it is left as it was.
        """
        for branch in dict.fromkeys((revision, "main")):
            try:
                url = hf_hub_url(REPO, "config.json", revision=branch)
                if branch != self.commit and get_hf_file_metadata(url).commit_hash == self.commit:
                    hf_hub_download(REPO, "config.json", revision=branch)
            except (HTTPError, OSError):
                if branch == revision:
                    raise


def say(text: str) -> None:
    """A line for the reader; standard output is for the path alone."""
    print(text, file=sys.stderr, flush=True)
