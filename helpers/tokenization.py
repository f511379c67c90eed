"""Stage 1 · texts → input ids and attention mask, as the model's own tokenizer makes them.

Every text becomes ``<s> pieces </s>``; what is longer than ``max_length`` is cut, with a warning that
says what was lost; shorter rows are padded on the right with ``<pad>`` and the mask says which
positions are real. The pieces themselves come from ``helpers.unigram``.

Source: Conneau et al. 2020 (XLM-R, arXiv 1911.02116); fairseq's ids ``<s>``=0 ``<pad>``=1 ``</s>``=2 ``<unk>``=3.
"""

from __future__ import annotations

import re
import warnings
from array import array
from collections.abc import Sequence, Set
from copy import copy
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import Tensor

from .unigram import Vocabulary, text_pieces

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BOS, PAD, EOS, UNK = 0, 1, 2, 3
Ids = TypeVar("Ids", list[int], array)


class TruncationWarning(UserWarning):
    """Some texts were longer than ``max_length`` and lost their ends."""


@dataclass(frozen=True)
class Batch:
    """Token strings of each text (no padding), and ``ids``, ``mask``, both int64 ``(B, T)``."""

    tokens: list[list[str]]
    ids: Tensor
    mask: Tensor


def in_order(texts: object) -> bool:
    """Does it give its items one after another? An array, a column or a table by its dimensions; any other if it has
    an index, a next item or a reverse (a set has none), but not keys, which a dict and its like give for its items.
    """
    if hasattr(texts, "shape"):
        return len(texts.shape) == 1
    ordered = any(hasattr(type(texts), name) for name in ("__getitem__", "__next__", "__reversed__"))
    names = hasattr(texts, "keys") or isinstance(texts, (str, bytes, Set))
    return ordered and hasattr(type(texts), "__iter__") and not names


def check_texts(texts: Sequence[str]) -> list[str]:
    """The texts as a list, or a clear error before any work starts.

    Raises ``TypeError`` for what does not hold texts one after another (a bare string, a set, a dict, a table) or
    an item that is no string, ``ValueError`` for an empty list or for text that is not valid Unicode. An empty
    string is a text: it becomes ``<s></s>``.
    """
    if not in_order(texts):
        raise TypeError(
            f"texts must be a list of strings, not {type(texts).__name__}; for a single text write [text], "
            'for a column of a table df["text"].tolist()'
        )
    texts = list(texts)
    if not texts:
        raise ValueError("texts is empty; give at least one string")
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"texts[{number}] is {type(text).__name__}, not str; convert it or drop it first")
        if re.search("[\ud800-\udfff]", text):
            raise ValueError(f"texts[{number}] holds half a surrogate pair; decode its bytes as UTF-8 first")
    return texts


def check_max_length(max_length: int | None, limit: int) -> int:
    """``max_length`` in tokens, special tokens counted; ``None`` means the checkpoint's limit.

    Raises ``TypeError`` or ``ValueError`` unless it is a whole number from 3 (``<s>``, one piece, ``</s>``)
    to ``limit``.
    """
    if max_length is None:
        return limit
    if not isinstance(max_length, Integral) or isinstance(max_length, bool):
        raise TypeError(f"max_length must be an int or None, not {type(max_length).__name__}")
    if not 3 <= max_length <= limit:
        raise ValueError(f"max_length={max_length} is out of range; this checkpoint takes 3 to {limit} tokens")
    return int(max_length)


def own_copy(tokenizer: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """The same tokenizer, its vocabulary shared, with padding and truncation of its own.

    A tokenizer of the library keeps both inside from call to call, and whoever else uses it changes them.
    """
    shared, own = tokenizer.backend_tokenizer, copy(tokenizer)
    own._tokenizer = type(shared)(shared.model)
    for part in ("normalizer", "pre_tokenizer", "post_processor", "decoder"):
        setattr(own._tokenizer, part, getattr(shared, part))
    own._tokenizer.add_tokens([token for _, token in sorted(shared.get_added_tokens_decoder().items())])
    return own


def cut(rows: list[Ids], max_length: int, texts: Sequence[str], stacklevel: int = 2) -> list[Ids]:
    """Rows of ids (lists or arrays) with at most ``max_length`` each: the end is lost, the closing ``</s>`` kept.

    Warns once (``TruncationWarning``) with the number, opening words and loss of the texts cut; ``stacklevel`` says
    whose line the warning names, as in ``warnings.warn``: 2 is that of the call.
    """
    long = [number for number, row in enumerate(rows) if len(row) > max_length]
    if long:
        told = [
            f"[{n}] {texts[n][:20]!r}… lost {len(rows[n]) - max_length:,} of {len(rows[n]):,} tokens "
            f"({1 - max_length / len(rows[n]):.0%})"
            for n in long[:5]
        ]
        more = f"; and {len(long) - 5:,} more" if len(long) > 5 else ""
        message = f"{len(long):,} of {len(rows):,} texts cut to max_length={max_length}: " + "; ".join(told) + more
        warnings.warn(message, TruncationWarning, stacklevel=stacklevel)
    return [row[: max_length - 1] + row[-1:] if len(row) > max_length else row for row in rows]


def pad(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """``(ids, mask)``, both int64 ``(B, T)``: rows padded on the right with ``<pad>`` to the longest.

    >>> ids, mask = pad([[0, 9, 2], [0, 2]])
    >>> ids.tolist(), mask.tolist()
    ([[0, 9, 2], [0, 2, 1]], [[1, 1, 1], [1, 1, 0]])
    """
    longest = max(map(len, rows))
    ids = torch.tensor([row + [PAD] * (longest - len(row)) for row in rows])  # (B, T)
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])  # (B, T)
    return ids, mask


def piece_id(piece: str, vocabulary: Vocabulary) -> int:
    """The input id of a piece; ``<unk>``'s (3) for what the vocabulary lacks."""
    return vocabulary.special.get(piece, vocabulary.ids.get(piece, UNK))


def tokenize(texts: Sequence[str], vocabulary: Vocabulary, max_length: int, stacklevel: int = 2) -> Batch:
    """Token strings, ids and mask of a batch, computed by hand.

    Raises what ``check_texts`` raises; warns (``TruncationWarning``) about texts that are cut (see ``cut``).

    >>> tokenize(["Hello"], vocabulary, 512).tokens  # ids [[0, 35378, 2]] with the real vocabulary
    [['<s>', '▁Hello', '</s>']]
    """
    texts = check_texts(texts)
    tokens = [["<s>", *text_pieces(text, vocabulary), "</s>"] for text in texts]
    rows = [[piece_id(piece, vocabulary) for piece in row] for row in tokens]
    short = cut(rows, max_length, texts, stacklevel + 1)
    tokens = [row[: len(ids) - 1] + row[-1:] for row, ids in zip(tokens, short, strict=True)]
    return Batch(tokens, *pad(short))


def tokenize_pair(first: str, second: str, vocabulary: Vocabulary) -> list[int]:
    """Ids of two texts as one row: ``<s> first </s></s> second </s>``. No token type tells them apart."""
    check_texts([first, second])
    one, two = ([piece_id(p, vocabulary) for p in text_pieces(text, vocabulary)] for text in (first, second))
    return [BOS, *one, EOS, EOS, *two, EOS]
