"""Which checkpoint is meant, and where it lies on this disk. Only looks, never downloads, loads no weights.

``find`` decides: a path, a hub's id (``"BAAI/bge-m3"``), ``"mini"`` (the small model inside this repository),
``"real"`` (bge-m3 where the environment variable ``BGE_M3`` points, or where ``copies`` finds it), or ``"auto"``:
``BGE_M3`` → the real model if its files are complete → the mini. ``copies`` looks in the caches of the Hugging
Face hub, of sentence-transformers and of ModelScope (present and both older layouts), then for folders named
``bge-m3`` or ``BAAI/bge-m3``, also under ``models/``, in this project's folder and in the current one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from helpers.checkpoint.integrity import CURE, CheckpointError, check, read_json
from helpers.checkpoint.manifest import REPO, REVISION, WEIGHTS

PROJECT = Path(__file__).parents[2]
MINI = Path(__file__).parents[1] / "mini_m3"
BGE_M3_TOKENIZER = Path(__file__).parents[1] / "bge_m3_tokenizer"  # bge-m3's own files without the weights
SHAPE = {"hidden_size": 1024, "num_hidden_layers": 24, "vocab_size": 250002, "max_position_embeddings": 8194}
HUB_FOLDER = f"models--{REPO.replace('/', '--')}"
HUB_ID = re.compile(r"(?:https?://[\w.:-]+/)?([\w-][\w.-]*/[\w.-]+)/?")  # owner/name, or a page's address


@dataclass(frozen=True)
class Checkpoint:
    """Which folder was chosen, what it holds (``kind``: ``"mini-m3"``, ``"bge-m3"`` or ``"other"``) and why."""

    path: Path
    kind: str
    why: str
    config: dict[str, Any]

    @property
    def max_length(self) -> int:
        """The longest text in tokens, ``<s>`` and ``</s>`` counted: positions less padding_idx + 1."""
        return int(self.config.get("max_position_embeddings", 512)) - 2

    @property
    def bge_m3_ids(self) -> list[int] | None:
        """For each of this checkpoint's ids the real model's id; ``None`` where they are the same."""
        return read_json(self.path / "bge_m3_ids.json", []) or None

    @property
    def trained(self) -> bool:
        """Is it one of the two that the lessons describe? Of any other weights nothing is claimed."""
        return self.kind in ("mini-m3", "bge-m3")

    def __str__(self) -> str:
        sorts = {"mini-m3": "a small stand-in, not bge-m3", "bge-m3": "the real shape", "other": "your own"}
        return f"{self.kind} ({sorts[self.kind]}): {self.why}"


def find(which: str | os.PathLike[str] = "auto") -> Checkpoint:
    """The checkpoint that ``which`` means on this machine, checked. See the top of this module.

    Raises ``CheckpointError`` when a path, an id, ``BGE_M3`` or ``"real"`` names something unusable; ``"auto"``
    passes over a real model that is incomplete, and says so.

    >>> find("mini").kind
    'mini-m3'
    """
    setting = os.environ.get("BGE_M3", "").strip().strip("\"'")  # in cmd, `set BGE_M3="…"` keeps the quotes
    keywords = ("", "auto", "real") if which == "auto" else ("", "auto", "real", "mini")
    if which in ("auto", "real") and setting not in keywords:
        try:
            return replace(find(setting), why="chosen by the environment variable BGE_M3")
        except CheckpointError as error:
            raise CheckpointError(f"BGE_M3 is set to what cannot be used: {error}; or unset BGE_M3") from None
    if which == "mini":
        return describe(MINI, "asked for by name")
    if which not in ("auto", "real"):
        return find_named(which)
    found, problem = first_usable()
    if found is None and which == "real":
        raise CheckpointError(f"{problem}; set BGE_M3 to a folder that holds it, or run 'python -m helpers download'")
    return found or describe(MINI, problem)


def find_named(which: str | os.PathLike[str]) -> Checkpoint:
    """The checkpoint in a folder, in a model's folder of a cache, or, for a hub's id, wherever a cache has it."""
    folder = Path(os.path.expanduser(which))
    name = HUB_ID.fullmatch(which) if isinstance(which, str) else None
    if name and not os.path.exists(folder):
        found, problem = first_usable(name[1])
        if found is None:
            raise CheckpointError(f"{which} does not exist as a folder, and {problem}; check the path, or {CURE}")
        return found
    if os.path.isdir(folder) and not (folder / "config.json").exists():  # a folder of the hub's cache above the files
        above = (folder, folder.parent, folder / HUB_FOLDER, folder / "hub" / HUB_FOLDER)
        folder = next((snapshot for repo in above for snapshot in snapshots(repo)), folder)
    return describe(folder, "given as a path")


def first_usable(repo: str = REPO) -> tuple[Checkpoint | None, str]:
    """The first copy of a model that passes its check, or ``None``; and why the first copy did not pass."""
    problem = f"{repo} was not found in the usual places"
    for number, (folder, where) in enumerate(copies(repo)):
        try:
            return describe(folder, f"found complete {where}"), ""
        except CheckpointError as error:
            problem = problem if number else f"the copy {where} is unusable: {error}"
    return None, problem


def describe(folder: Path, why: str) -> Checkpoint:
    """A checked folder as a ``Checkpoint``; its kind is told by where it is and by its shape."""
    try:
        folder = folder.absolute()  # the working folder may change before its files are read
        config = check(folder)
    except OSError as error:  # unreadable, or a name too long
        raise CheckpointError(f"{folder} cannot be read ({error}); check the path and your rights to it") from None
    real = all(config.get(key) == value for key, value in SHAPE.items())
    kind = "mini-m3" if folder.resolve() == MINI.resolve() else "bge-m3" if real else "other"
    return Checkpoint(folder, kind, why, config)


def copies(repo: str = REPO) -> Iterator[tuple[Path, str]]:
    """Folders that hold a weights file of a model, likeliest first, each with the words for where it was found.

    Whether such a folder is complete is ``helpers.checkpoint.integrity``'s to say.

    ``next(copies(), None)`` is ``None`` on a machine without the model.
    """
    for folder, where in places(repo):
        if any(os.path.isfile(folder / name) for name in WEIGHTS):
            yield folder.absolute(), where


def places(repo: str) -> Iterator[tuple[Path, str]]:
    """Where the usual tools put a model, whether it is there or not."""
    from huggingface_hub import constants

    name = repo.replace("/", "--")
    own = os.environ.get("SENTENCE_TRANSFORMERS_HOME", "").strip()
    scope = os.environ.get("MODELSCOPE_CACHE", "").strip() or "~/.cache/modelscope"
    for cache, where in ((constants.HF_HUB_CACHE, "the hub's"), (own, "sentence-transformers'")):
        for folder in snapshots(Path(os.path.expanduser(cache), f"models--{name}")) if cache else ():
            yield folder, f"in {where} cache"
    base = Path(os.path.expanduser(scope))
    for folder in snapshots(base / "models" / name):  # since ModelScope 1.38
        yield folder, "in ModelScope's cache"
    for part in ("models", "hub/models", "hub", ""):
        yield base / part / repo, "in ModelScope's cache"
    for parent, where in ((PROJECT, "in the project's folder"), (Path(), "in the current folder")):
        for local in ("bge-m3", REPO, "models/bge-m3", f"models/{REPO}") if repo == REPO else ():
            yield parent / local, where


def snapshots(repo: Path) -> list[Path]:
    """Every revision in a model's folder of a cache: the pinned one first, then the newest."""
    folders = [folder for folder in repo.glob("snapshots/*") if folder.is_dir()]
    return sorted(folders, key=lambda folder: (folder.name != REVISION, -folder.stat().st_mtime))
