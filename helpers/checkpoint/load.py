"""Load a checkpoint: model and tokenizer, seen to belong together. Never touches the network.

Whatever ``helpers.checkpoint.find`` finds was checked before a byte of the weights is loaded. Then the tokenizer must
cut some awkward texts as the stages do by hand, and weights must give bge-m3's numbers to be called bge-m3.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from helpers.checkpoint.find import BGE_M3_TOKENIZER, Checkpoint, find
from helpers.checkpoint.integrity import unmentioned, unusable
from helpers.checkpoint.recorded import recorded_figures
from helpers.tokenization import tokenize
from helpers.unigram import Vocabulary

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, XLMRobertaModel

UNREADABLE = "damaged, or a pickle of more than tensors, which is not run here"
MULTIPLES = (1, 8, 16, 32, 64, 128, 256, 512, 1024)  # to which people pad a table of word embeddings
PROBES = [  # cut by hand and by the library alike, or it is another kind of tokenizer
    " two  blanks\tand\nlines ", "什么是大型语言模型？日本語 한국어", "Hello, WORLD! naïve Straße e\u0301 İ 3.14", "",
    "long" * 40, "ＢＧＥ－Ｍ３　ﬁne ½ ㎏ ① …", "👩‍💻 𠮷 ꙮ \ufffd \u200b\x00\x07", "<s> </s><pad> a<mask>b <unk>▁▁x",
]  # fmt: skip
SHORT = 32  # tokens, so that one probe is cut
WIDE = {number: number + 0xFEE0 for number in range(0x21, 0x7F)}  # plain characters → full-width ones


def load(
    which: str | os.PathLike[str] = "auto", dtype: torch.dtype | None = None, stacklevel: int = 2
) -> tuple[XLMRobertaModel, PreTrainedTokenizerBase, Checkpoint]:
    """Model (in eval mode, on the CPU, float32 unless told otherwise), tokenizer, and what was chosen.

    Raises ``CheckpointError``, also when tokenizer and weights do not belong together, and ``ImportError`` for a
    transformers that is too old; warns of what the folder asks for and the stages do not compute. Weights of
    bge-m3's shape that do not give bge-m3's numbers (a fine-tuned model) come as ``kind="other"``.
    """
    if int((installed := version("transformers")).split(".")[0]) < 5:
        raise ImportError(f"helpers needs transformers 5, this is {installed}: pip install 'transformers>=5'")
    found = find(which)
    with quiet():
        model, unused = load_model(found.path, dtype)
        tokenizer = load_tokenizer(found.path, model.config.vocab_size)
    for message in unmentioned(found.path, found.max_length, unused):
        warnings.warn(message, stacklevel=stacklevel)  # 2 is the line of the call, as in warnings.warn
    if found.kind == "bge-m3" and not is_bge_m3(model, tokenizer):
        found = replace(found, kind="other", why=f"{found.why}; bge-m3's shape, but not its weights")
    return model, tokenizer, found


def load_model(folder: Path, dtype: torch.dtype | None) -> tuple[XLMRobertaModel, set[str]]:
    """The model, every tensor of it from the file, and the names of tensors in the file that it has no place for."""
    from transformers import XLMRobertaModel

    read: Any = XLMRobertaModel.from_pretrained  # its annotation knows nothing of the report
    options = {"local_files_only": True, "output_loading_info": True, "ignore_mismatched_sizes": True}  # told below
    try:
        model, report = read(folder, add_pooling_layer=False, dtype=dtype or torch.float32, **options)
    except Exception as error:  # a damaged .bin fails in torch's reader, with a dozen kinds of error
        raise unusable(folder, f"holds weights that cannot be read ({UNREADABLE}, {type(error).__name__})") from error
    for name, stored, expected in sorted(report["mismatched_keys"]):
        raise unusable(folder, f"holds {name} as {list(stored)}, where its config.json asks for {list(expected)}")
    if missing := sorted(report["missing_keys"]):
        raise unusable(folder, f"lacks {len(missing)} tensors in its weights, {missing[0]} first")
    return model.eval(), report["unexpected_keys"]


def load_tokenizer(folder: Path, rows: int) -> PreTrainedTokenizerBase:
    """The tokenizer, once it is known to cut texts as the stages do by hand, and to fit the word table's ``rows``."""
    from transformers import AutoTokenizer

    path = folder / "tokenizer.json"
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        vocabulary = Vocabulary.of(tokenizer)
        texts = PROBES + [f"a{token}b {token} {token.translate(WIDE)}" for token in vocabulary.special]
        by_hand = tokenize(texts, vocabulary, SHORT).ids.tolist()  # filled up and cut, too
        library = tokenizer(texts, padding=True, padding_side="right", truncation=True, max_length=SHORT)["input_ids"]
    except Exception as error:  # JSON, but no tokenizer: it fails wherever its first part is missed
        raise unusable(path, f"is not of the kind that these stages describe ({type(error).__name__})") from error
    if rows not in {-(-len(tokenizer) // multiple) * multiple for multiple in MULTIPLES}:
        problem = f"knows {len(tokenizer):,} pieces, the weights {rows:,}; it comes from another model"
        raise unusable(path, problem, "copy the one that belongs to the weights")
    for text, ours, theirs in zip(texts, by_hand, library, strict=True):
        if ours != theirs:
            problem = f"cuts {text[:20]!r} otherwise than the tokenizer that these stages describe, XLM-R's"
            raise unusable(path, problem, f"copy the tokenizer files of its base model; bge-m3's: {BGE_M3_TOKENIZER}")
    return tokenizer


def is_bge_m3(model: XLMRobertaModel, tokenizer: PreTrainedTokenizerBase) -> bool:
    """Does the model, in any precision on any device, give the first numbers recorded of bge-m3?

    In bfloat16 one that was fine-tuned by very little does too; a copy *stored* in 16 bit does not in float32.

    >>> is_bge_m3(bge.model, bge.tokenizer)  # mini-m3
    False
    """
    if model.config.hidden_size != 1024:
        return False
    walkthrough = recorded_figures()["walkthrough"]
    numbers = torch.tensor(walkthrough["embedding_head"]["0"])
    with torch.inference_mode():
        batch = tokenizer(walkthrough["sentences"][:1], return_tensors="pt").to(model.device)
        hidden = model(**batch).last_hidden_state  # (1, T, H)
    vector = torch.nn.functional.normalize(hidden[0, 0].float(), dim=0).cpu()  # (H,)
    gap = (vector[: len(numbers)] - numbers).abs().max()
    return bool(gap < (5e-3 if model.dtype.itemsize == 2 else 1e-4))  # nan is not below it either


def load_linear(folder: Path, name: str, rows: int, hidden: int) -> tuple[Tensor, Tensor]:
    """Weight ``(rows, H)`` and bias ``(rows,)``, float32, of one of the two linear layers beside the weights.

    ``rows`` is 1 for ``sparse_linear.pt`` and H for ``colbert_linear.pt``. Raises ``CheckpointError`` for a file
    that is missing, damaged, of other sizes, or a pickle of anything but tensors, which is not run.
    """
    path = folder / name
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        weight, bias = state["weight"].float(), state["bias"].float()
    except FileNotFoundError:
        raise unusable(path, "is missing") from None
    except Exception as error:
        raise unusable(path, f"cannot be read ({UNREADABLE}, {type(error).__name__})") from error
    if weight.shape != (rows, hidden) or bias.shape != (rows,):
        raise unusable(path, f"holds {list(weight.shape)}, not {[rows, hidden]}; it belongs to another model")
    return weight, bias


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bar, warning or report from the libraries meanwhile; what matters of it is checked here."""
    from transformers.utils import logging

    with ExitStack() as afterwards, warnings.catch_warnings(action="ignore"):
        afterwards.callback(logging.set_verbosity, logging.get_verbosity())
        if logging.is_progress_bar_enabled():
            afterwards.callback(logging.enable_progress_bar)
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        yield
