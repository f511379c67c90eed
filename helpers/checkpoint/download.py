"""Bring bge-m3 to this disk: which files of which commit, is there room for them, and in which order they come.

Small files come first and weights last, each checked before it gets its name, so whatever ends a download
leaves either the whole model or a folder without weights, which is never taken for one.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from huggingface_hub import HfApi, constants, hf_hub_url
from huggingface_hub.utils import build_hf_headers, tqdm

from helpers.checkpoint import manifest
from helpers.checkpoint.destination import Destination, say
from helpers.checkpoint.find import copies
from helpers.checkpoint.integrity import CheckpointError, check
from helpers.checkpoint.manifest import REPO, WEIGHTS, Item, intact
from helpers.checkpoint.transfer import KEPT, DownloadError, explain, fetch


def download(
    to: str | os.PathLike[str] | None = None,
    *,
    revision: str = manifest.REVISION,
    tokenizer_only: bool = False,
    progress: bool = True,
) -> Path:
    """The folder that holds bge-m3, once everything in it is whole; what is there already is not fetched again.

    ``to`` is a folder of its own; without it the hub's cache is used. Raises ``DownloadError`` for whatever
    keeps the download from going on; what has come by then is kept for the next call.

    ``download("models/bge-m3", tokenizer_only=True)`` gives the path of ``models/bge-m3``.
    """
    try:
        commit, items, weights = listing(revision, tokenizer_only)
        place = Destination.of(commit, to)
        if any((place.folder / name).exists() for name in WEIGHTS):
            say(f"checking what is in {place.folder}")  # some seconds for 2.3 GB
        lacking = [item for item in items if place.lacks(item)]
        if lacking:
            fill(place, items, weights, progress)
        if place.cache and (lacking or revision != commit):
            place.note(revision)
        if not tokenizer_only:
            check(place.folder)
        found = tokenizer_only or next(copies(), (Path(),))[0].resolve() == place.folder.resolve()
        use = "" if found else "; to use it, set the environment variable BGE_M3 to this folder"
        say(f"{place.folder} is whole and checked{use}")
        return place.folder
    except CheckpointError:
        raise
    except Exception as error:
        raise explain(error) from error


def listing(revision: str, tokenizer_only: bool) -> tuple[str, list[Item], Item | None]:
    """The commit, the files to have, weights last, and which of the commit's files are its weights.

    The pinned commit goes by the record, any other by the hub's word. Raises ``DownloadError`` if it is not a
    bge-m3's, and huggingface_hub's errors.
    """
    commit, known = revision, manifest.PINNED
    if revision != manifest.REVISION:
        about = HfApi().model_info(REPO, revision=revision, files_metadata=True)
        commit = str(about.sha)
        if commit != manifest.REVISION:  # for that one, the record counts
            files = about.siblings or []
            known = {file.rfilename: (file.size, file.lfs.sha256 if file.lfs else file.blob_id) for file in files}
    wanted = manifest.TOKENIZER_FILES if tokenizer_only else manifest.PINNED
    for names in (["config.json"], ["tokenizer.json"], WEIGHTS[: 0 if tokenizer_only else None]):
        if names and not any(name in known for name in names):
            raise DownloadError(f"{REPO} has no {' or '.join(names)} at revision {revision}; check --revision")
    weights = next((Item(name, *known[name]) for name in WEIGHTS if name in known), None)
    items = [Item(name, *known[name]) for name in wanted if name in known and name not in WEIGHTS]
    items = sorted(items, key=lambda item: item.size) + ([weights] if weights and not tokenizer_only else [])
    for text in (commit, *(item.digest for item in items)):
        if not re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", str(text)):
            raise DownloadError(f"{constants.ENDPOINT} does not tell the sums of the files of {REPO}; use another hub")
    return commit, items, weights


def fill(place: Destination, items: list[Item], weights: Item | None, progress: bool) -> None:
    """Fetch what the place lacks, one process at a time. Raises as ``download`` does."""
    with place.held():
        lacking = [item for item in items if place.lacks(item)]
        place.refuse_others(weights)
        missing = plan(place, items, lacking)
        etags = [place.etag(item, patient=number > 0) for number, item in enumerate(lacking)]
        total, off = sum(item.size for item in items), None if progress and lacking else True
        with tqdm(total=total, initial=total - missing, unit="B", unit_scale=True, desc=REPO, disable=off) as bar:
            for item, etag in zip(lacking, etags, strict=True):
                bring(place, item, etag, bar)


def plan(place: Destination, items: list[Item], lacking: list[Item]) -> int:
    """Say what will be done, and return the bytes to fetch. Raises ``DownloadError`` if they do not fit the disk."""
    total, free = sum(item.size for item in items), place.free()
    missing = sum(max(item.size - place.begun(item), 0) for item in lacking)
    say(f"{REPO} at {place.commit[:7]} from {constants.ENDPOINT}: {len(items)} files, {human(total)}")
    say(f"{human(total - missing)} already here, {human(missing)} to fetch, {human(free)} free")
    say(f"into {place.folder}")
    if missing > free:
        raise DownloadError(
            f"the disk of {place.folder} has {human(free)} free, but {human(missing)} are needed; "
            f"free {human(missing - free)}, or choose another disk with --to or HF_HOME; {KEPT}"
        )
    return missing


def bring(place: Destination, item: Item, etag: str, bar: tqdm) -> None:
    """One file, fetched, checked and put into its place."""
    kept = place.parts / etag  # the cache may have the content already, for another commit or another program
    if place.cache and intact(kept, item):
        place.put(item, kept, etag)
        bar.update(item.size - place.begun(item))
    else:
        fetch(item, hf_hub_url(REPO, item.name, revision=place.commit), place.part(item), build_hf_headers(), bar)
        place.put(item, place.part(item), etag)


def human(size: int) -> str:
    """A number of bytes for reading, in powers of ten as disks and the hub count."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"
