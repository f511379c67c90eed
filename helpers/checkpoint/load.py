"""Load a checkpoint: model and tokenizer, seen to belong together. Never touches the network.

Whatever ``helpers.checkpoint.find`` finds was checked before a byte of the weights is loaded; loaded, it must
give bge-m3's recorded numbers (``helpers.checkpoint.recorded``) to be called bge-m3.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.checkpoint.find import Checkpoint, find
from helpers.checkpoint.integrity import CURE, CheckpointError, check_report, reason, tell_pooling

if TYPE_CHECKING:
    import torch
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase, XLMRobertaModel


def load(
    which: str | os.PathLike[str] = "auto", dtype: torch.dtype | None = None
) -> tuple[XLMRobertaModel, PreTrainedTokenizerBase, Checkpoint]:
    """Model (in eval mode, on the CPU, float32 unless told otherwise), tokenizer, and what was chosen.

    Raises ``CheckpointError``, also when tokenizer and weights do not belong together. Weights of bge-m3's
    shape that do not give bge-m3's numbers (a fine-tuned model) come as ``kind="other"``.
    """
    import torch
    from transformers import AutoTokenizer, XLMRobertaModel

    from helpers.checkpoint.recorded import is_bge_m3

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


def load_linear(folder: Path, name: str, rows: int, hidden: int) -> tuple[Tensor, Tensor]:
    """Weight ``(rows, H)`` and bias ``(rows,)``, float32, of one of the two linear layers beside the weights.

    ``rows`` is 1 for ``sparse_linear.pt`` and H for ``colbert_linear.pt``. Raises ``CheckpointError`` for a file
    that is missing, damaged, of other sizes, or a pickle of anything but tensors, which is not run.

    ``load_linear(bge.checkpoint.path, "sparse_linear.pt", 1, 1024)`` loads the lexical layer of bge-m3.
    """
    import torch

    path = folder / name
    if not path.is_file():
        raise CheckpointError(f"{path} is missing; {CURE}")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        weight, bias = state["weight"].float(), state["bias"].float()
    except Exception as error:  # a damaged file fails in torch's reader, with a dozen kinds of error
        raise CheckpointError(f"{path} cannot be read ({reason(error)}); {CURE}") from error
    if weight.shape != (rows, hidden) or bias.shape != (rows,):
        sizes = f"{list(weight.shape)} and {list(bias.shape)}, not {[rows, hidden]} and {[rows]}"
        raise CheckpointError(f"{path} holds {sizes}; it belongs to another model; {CURE}")
    return weight, bias


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
