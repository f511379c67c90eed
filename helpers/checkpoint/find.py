"""Which checkpoint is meant, and where it lies on this disk. Only looks, never downloads, loads no weights.

``find`` decides: a path, a hub's id (``"BAAI/bge-m3"``), ``"mini"`` (the small model inside this repository),
``"real"`` (bge-m3 where the environment variable ``BGE_M3`` points, or where ``copies`` finds it), or ``"auto"``:
``BGE_M3`` → the real model if its files are complete → the mini.
"""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from helpers.checkpoint.integrity import CURE, CheckpointError, check, unusable
from helpers.checkpoint.recorded import REPO, REVISION, WEIGHTS

PROJECT = Path(__file__).parents[2]
MINI = Path(__file__).parents[1] / "mini_m3"
BGE_M3_TOKENIZER = Path(__file__).parents[1] / "bge_m3_tokenizer"  # bge-m3's own files without the weights
SHAPE = {"hidden_size": 1024, "num_hidden_layers": 24, "vocab_size": 250002, "max_position_embeddings": 8194}
HUB_ID = re.compile(r"(?:https?://[\w.:-]+/(?:models/)?)?([\w-][\w.-]*/[\w.-]+?)/?(?:/tree/.*)?")  # or a page's address


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
    check_settings()
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


def check_settings() -> None:
    """Raise ``CheckpointError`` for what huggingface_hub, and so transformers, stumbles over while it is imported."""
    for name in ("HF_HUB_DOWNLOAD_TIMEOUT", "HF_HUB_ETAG_TIMEOUT"):
        value = os.environ.get(name, "10")
        if not re.fullmatch(r"\s*\d{1,6}\s*", value):
            raise unusable(name, f"is set to {value!r}, which is no number of seconds", "write 30, or unset it")
    try:
        urlsplit(os.environ.get("HF_ENDPOINT", "")).port  # noqa: B018 - it is checked when it is read
    except ValueError as error:
        raise unusable("HF_ENDPOINT", f"is no address ({error})", "write https://host, or unset it") from None


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
        above = [*snapshots(folder), *snapshots(folder.parent), *cached(folder, REPO), *cached(folder / "hub", REPO)]
        folder = next(iter(above), folder)
    return describe(folder, "given as a path")


def first_usable(repo: str = REPO) -> tuple[Checkpoint | None, str]:
    """The first copy of a model that passes its check, or ``None``; and why the first copy did not pass."""
    problem = ""
    for folder in copies(repo):
        try:
            return describe(folder, "found complete on this disk"), ""
        except CheckpointError as error:
            problem = problem or f"the copy found first is unusable: {error}"
    return None, problem or f"{repo} was not found in the usual places"


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


def copies(repo: str = REPO) -> list[Path]:
    """Folders that hold weights of a model, complete or not, likeliest first: the caches of the Hugging Face hub, of
    sentence-transformers and of ModelScope (present and both older layouts); for bge-m3 also a folder ``bge-m3`` or
    ``BAAI/bge-m3``, or either under ``models/``, in this project's folder and in the current one.

    ``copies()`` is ``[]`` on a machine without the model.
    """
    from huggingface_hub import constants

    own = os.environ.get("SENTENCE_TRANSFORMERS_HOME", "").strip()
    scope = Path(os.path.expanduser(os.environ.get("MODELSCOPE_CACHE", "").strip() or "~/.cache/modelscope"))
    folders = cached(constants.HF_HUB_CACHE, repo) + (cached(own, repo) if own else [])
    folders += snapshots(scope / "models" / repo.replace("/", "--"))  # since ModelScope 1.38
    folders += [scope / part / repo for part in ("models", "hub/models", "hub", "")]
    if repo == REPO:
        names = ("bge-m3", REPO, "models/bge-m3", f"models/{REPO}")
        folders += [parent / name for parent in (PROJECT, Path()) for name in names]
    return [folder.absolute() for folder in folders if any(os.path.isfile(folder / name) for name in WEIGHTS)]


def cached(cache: str | os.PathLike[str], repo: str) -> list[Path]:
    """Every revision of a model in a cache of the hub's layout."""
    return snapshots(Path(os.path.expanduser(cache), f"models--{repo.replace('/', '--')}"))


def snapshots(folder: Path) -> list[Path]:
    """Every revision in a model's folder of a cache: the pinned one first, then the newest."""
    folders = [path for path in folder.glob("snapshots/*") if path.is_dir()]
    return sorted(folders, key=lambda path: (path.name != REVISION, -path.stat().st_mtime))
