"""Find a checkpoint on this disk, see that it is whole, load it. Never touches the network.

``find`` decides which: a path, ``"mini"`` (the small model inside this repository), ``"real"`` (bge-m3
where the environment variable ``BGE_M3`` points, or in one of ``helpers.places``), or ``"auto"``: ``BGE_M3``
→ the real model if its files are complete → the mini. Whatever is found is checked (``helpers.integrity``)
before a byte of the weights is loaded; loaded, it must give bge-m3's recorded numbers to be called bge-m3.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.integrity import CURE, CheckpointError, check, check_report, reason, tell_pooling
from helpers.manifest import REPO
from helpers.places import copies

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase, XLMRobertaModel

MINI = Path(__file__).parent / "mini_m3"
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

    Example: ``find("mini").kind`` → ``"mini-m3"``.
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


def load(
    which: str | os.PathLike[str] = "auto", dtype: torch.dtype | None = None
) -> tuple[XLMRobertaModel, PreTrainedTokenizerBase, Checkpoint]:
    """Model (in eval mode, on the CPU, float32 unless told otherwise), tokenizer, and what was chosen.

    Raises ``CheckpointError``, also when tokenizer and weights do not belong together. Weights of bge-m3's
    shape that do not give bge-m3's numbers (a fine-tuned model) come as ``kind="other"``.
    """
    import torch
    from transformers import AutoTokenizer, XLMRobertaModel

    from helpers.fingerprint import is_bge_m3

    found = find(which)
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(found.path, local_files_only=True)
    except Exception as error:  # JSON, but no tokenizer: it fails wherever its first part is missed
        raise CheckpointError(f"the tokenizer in {found.path} cannot be read ({reason(error)}); {CURE}") from error
    if len(tokenizer) != found.config["vocab_size"]:
        raise CheckpointError(
            f"the tokenizer in {found.path} knows {len(tokenizer):,} pieces, weights {found.config['vocab_size']:,}; "
            "tokenizer.json comes from another model: copy the one that belongs to the weights"
        )
    wanted = dict(add_pooling_layer=False, dtype=dtype or torch.float32, local_files_only=True)
    wanted |= dict(output_loading_info=True, ignore_mismatched_sizes=True)  # mismatches are told below
    try:
        with quiet():
            model, report = XLMRobertaModel.from_pretrained(found.path, **wanted)
    except Exception as error:  # a damaged .bin fails in torch's reader, with a dozen kinds of error
        raise CheckpointError(f"the weights in {found.path} cannot be read ({reason(error)}); {CURE}") from error
    check_report(report, found.path)
    tell_pooling(found.path)
    if found.kind == "bge-m3" and not is_bge_m3(model, tokenizer):
        found = replace(found, kind="other", why=f"{found.why}; bge-m3's shape, but not its weights")
    return model.eval(), tokenizer, found


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bar, warning or report from the libraries meanwhile; what matters of it is checked here."""
    from transformers.utils import logging

    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()
