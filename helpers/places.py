"""Where copies of bge-m3 may lie on this disk, whichever tool brought them. Only looks, never downloads.

The Hugging Face hub's cache (``hf download``, transformers, sentence-transformers, this project's own
``download``), ModelScope's cache in its present and both older layouts, and folders that people give to
``--local-dir``: ``bge-m3``, ``BAAI/bge-m3``, the same under ``models/``, in this project's folder or the current one.
Any other folder is named by path.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from helpers.manifest import REPO, REVISION, WEIGHTS

PROJECT = Path(__file__).parents[1]
LOCAL = ("bge-m3", REPO, "models/bge-m3", f"models/{REPO}")


def copies() -> Iterator[tuple[Path, str]]:
    """Folders that hold a weights file of bge-m3, likeliest first, each with the words for where it was found.

    Whether such a folder is whole is ``helpers.integrity``'s to say.

    Example: ``next(copies(), None)`` → ``None`` on a machine without the model.
    """
    seen = set()
    for look in (hub_snapshots, sentence_transformers_snapshots, modelscope_folders, local_folders):
        with suppress(OSError, RuntimeError, ValueError):  # not readable, no home, no working folder: not there
            for folder, where in look():
                if any((folder / name).is_file() for name in WEIGHTS) and (key := folder.resolve()) not in seen:
                    seen.add(key)
                    yield folder, where


def hub_snapshots(cache: str = "", where: str = "in the hub's cache") -> Iterator[tuple[Path, str]]:
    """Every revision in the hub's cache: the pinned one first, then what main is there, then the newest."""
    from huggingface_hub import constants

    repo = Path(cache or constants.HF_HUB_CACHE).expanduser() / f"models--{REPO.replace('/', '--')}"
    main = repo / "refs" / "main"
    first = [REVISION, main.read_text(encoding="utf-8").strip() if main.is_file() else ""]
    folders = newest(repo / "snapshots")
    for folder in sorted(folders, key=lambda path: first.index(path.name) if path.name in first else len(first)):
        yield folder, where


def sentence_transformers_snapshots() -> Iterator[tuple[Path, str]]:
    """sentence-transformers keeps a cache of its own, in the same layout, if ``SENTENCE_TRANSFORMERS_HOME`` is set."""
    if own := os.environ.get("SENTENCE_TRANSFORMERS_HOME", "").strip():
        yield from hub_snapshots(own, "in sentence-transformers' cache")


def modelscope_folders() -> Iterator[tuple[Path, str]]:
    """ModelScope's cache, which moved twice: ``models/BAAI--bge-m3/snapshots/*`` since its version 1.38."""
    setting = os.environ.get("MODELSCOPE_CACHE", "").strip()
    base = Path(setting).expanduser() if setting else Path.home() / ".cache" / "modelscope"
    where = "in ModelScope's cache"
    for folder in newest(base / "models" / REPO.replace("/", "--") / "snapshots"):
        yield folder, where
    for part in ("models", "hub/models", "hub", ""):
        yield base / part / REPO, where


def local_folders() -> Iterator[tuple[Path, str]]:
    """The usual names for ``--local-dir``, in the current folder and in the project's."""
    for base, where in ((PROJECT, "in the project's folder"), (Path(), "in the current folder")):
        for name in LOCAL:
            yield base.absolute() / name, where


def newest(parent: Path) -> list[Path]:
    """The folders in a folder, newest first; none if it is not there."""
    try:
        return sorted(filter(Path.is_dir, parent.iterdir()), key=lambda path: -path.stat().st_mtime)
    except OSError:
        return []
