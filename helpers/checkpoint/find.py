"""Which checkpoint is meant, and where it lies on this disk. Only looks, never downloads, loads no weights.

``find`` decides: a path, ``"mini"`` (the small model inside this repository), ``"real"`` (bge-m3 where the
environment variable ``BGE_M3`` points, or where ``copies`` finds it), or ``"auto"``: ``BGE_M3`` → the real
model if its files are complete → the mini. Whatever is found is checked (``helpers.checkpoint.integrity``).

``copies`` looks where the usual tools put bge-m3: the Hugging Face hub's cache (``hf download``, transformers,
sentence-transformers, this project's own ``download``), ModelScope's cache in its present and both older
layouts, and folders that people give to ``--local-dir``: ``bge-m3``, ``BAAI/bge-m3``, the same under ``models/``,
in this project's folder or the current one. Any other folder is named by path.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from helpers.checkpoint.integrity import CURE, CheckpointError, check
from helpers.checkpoint.manifest import REPO, REVISION, WEIGHTS

PROJECT = Path(__file__).parents[2]
LOCAL = ("bge-m3", REPO, "models/bge-m3", f"models/{REPO}")
MINI = Path(__file__).parents[1] / "mini_m3"
BGE_M3_TOKENIZER = Path(__file__).parents[1] / "bge_m3_tokenizer"  # bge-m3's own files without the weights
SHAPE = {"hidden_size": 1024, "num_hidden_layers": 24, "vocab_size": 250002, "max_position_embeddings": 8194}


@dataclass(frozen=True)
class Checkpoint:
    """Which folder was chosen, what it holds (``kind``: ``"mini-m3"``, ``"bge-m3"`` or ``"other"``) and why."""

    path: Path
    kind: str
    why: str
    config: dict

    @property
    def max_length(self) -> int:
        """The longest text in tokens, ``<s>`` and ``</s>`` counted: positions less padding_idx + 1."""
        return self.config["max_position_embeddings"] - self.config["pad_token_id"] - 1

    @property
    def bge_m3_ids(self) -> list[int] | None:
        """For each of this checkpoint's ids the real model's id; ``None`` where they are the same."""
        table = self.path / "bge_m3_ids.json"
        try:
            return json.loads(table.read_text(encoding="utf-8")) if table.exists() else None
        except ValueError:
            raise CheckpointError(f"{table} is no JSON (half downloaded?); {CURE}") from None

    @property
    def trained(self) -> bool:
        """Is it one of the two that the lessons describe? Of any other weights nothing is claimed."""
        return self.kind in ("mini-m3", "bge-m3")

    def __str__(self) -> str:
        sorts = {"mini-m3": "a small stand-in, not bge-m3", "bge-m3": "the real shape", "other": "your own"}
        return f"{self.kind} ({sorts[self.kind]}): {self.why}"


def find(which: str | os.PathLike[str] = "auto") -> Checkpoint:
    """The checkpoint that ``which`` means on this machine, checked. See the top of this module.

    Raises ``CheckpointError`` when a path, ``BGE_M3`` or ``"real"`` names something unusable; ``"auto"``
    passes over a real model that is incomplete, and says so.

    >>> find("mini").kind
    'mini-m3'
    """
    name = which if isinstance(which, str) else Path(which).absolute()
    setting = os.environ.get("BGE_M3", "").strip().strip("\"'")  # in cmd, `set BGE_M3="…"` keeps the quotes
    why = {"mini": "asked for by name"}.get(name, "given as a path")
    if name == "auto" and setting not in ("", "auto"):
        name, why = setting, "chosen by the environment variable BGE_M3"
    elif name == "real" and setting not in ("", "auto", "mini", "real"):
        name, why = setting, "the environment variable BGE_M3 points there"
    if name not in ("auto", "real"):
        try:
            return describe(MINI if name == "mini" else Path(name), why)
        except CheckpointError as error:
            if "BGE_M3" not in why:
                raise
            raise CheckpointError(f"BGE_M3 is set to a folder that cannot be used: {error}; or unset BGE_M3") from None
    unusable = []
    for folder, where in copies():
        try:
            return describe(folder, f"found complete {where}")
        except CheckpointError as error:
            unusable.append(f"the copy {where} is unusable: {error}")
    missing = unusable[0] if unusable else f"{REPO} was not found in the usual places"
    if name == "real":
        raise CheckpointError(f"{missing}; set BGE_M3 to a folder that holds it, or run 'python -m helpers download'")
    return describe(MINI, missing)


def describe(folder: Path, why: str) -> Checkpoint:
    """A checked folder as a ``Checkpoint``; its kind is told by where it is and by its shape."""
    try:
        folder = folder.expanduser().absolute()  # the working folder may change before its files are read
        config = check(folder)
    except (OSError, RuntimeError) as error:  # unreadable, a name too long, "~" of nobody
        raise CheckpointError(f"{folder} cannot be read ({error}); check the path and your rights to it") from None
    real = all(config.get(key) == value for key, value in SHAPE.items())
    kind = "mini-m3" if folder.resolve() == MINI.resolve() else "bge-m3" if real else "other"
    return Checkpoint(folder, kind, why, config)


def copies() -> Iterator[tuple[Path, str]]:
    """Folders that hold a weights file of bge-m3, likeliest first, each with the words for where it was found.

    Whether such a folder is whole is ``helpers.checkpoint.integrity``'s to say.

    ``next(copies(), None)`` is ``None`` on a machine without the model.
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
