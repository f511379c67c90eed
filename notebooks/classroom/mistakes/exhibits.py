"""The mistakes of page 10, each as people make it: functions from texts to unit vectors, wrong on purpose.

``EXHIBITS`` lists them by name: what makes a question's vector, and what makes an indexed text's. What each is
called, who does it and how it is cured stands in the room's table of words.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from transformers.models.xlm_roberta.modeling_xlm_roberta import XLMRobertaPooler

from classroom.rows import first_states
from helpers.normalization import l2_normalize
from helpers.pipeline import BgeM3
from helpers.tokenization import EOS, pad

BATCH = 32  # texts that are padded together
Encode = Callable[[BgeM3, list[str]], Tensor]  # n texts → unit vectors (n, H)
STOP_WORDS = re.compile(
    r"\b(?:a|an|and|are|as|at|be|but|by|can|do|does|for|from|had|has|have|he|her|his|how|i|if|in|is|it|its|me|my|no|not|"
    r"of|on|or|our|she|that|the|their|them|they|this|to|was|we|were|what|when|where|which|who|why|will|with|you)\b"
)


def ids_of(bge: BgeM3, texts: Sequence[str], special: bool = True) -> list[list[int]]:
    """The ids of each text, cut at the model's limit; a text of which nothing is left keeps its ``</s>``."""
    options = {"add_special_tokens": special, "truncation": True, "max_length": bge.max_length, "padding": False}
    return [row or [EOS] for row in bge.tokenizer(list(texts), **options)["input_ids"]]


@lru_cache(maxsize=8)
def first(bge: BgeM3, rows: tuple[tuple[int, ...], ...]) -> Tensor:
    """``first_states`` of rows; what was asked for lately is remembered.

    Many rooms need the museum's own texts, and the mistake comes after the model.
    """
    return first_states(bge, rows)


def raw(bge: BgeM3, texts: Sequence[str]) -> Tensor:
    """Each text's row of ``<s>`` as it leaves the layers ``(n, H)``."""
    return first(bge, tuple(map(tuple, ids_of(bge, texts))))


def vectors(bge: BgeM3, rows: Sequence[Sequence[int]]) -> Tensor:
    """Rows of ids → unit vectors ``(n, H)`` on the CPU; whatever is wrong is wrong in the ids.

    >>> vectors(bge, [[0, 9, 2]]).shape  # mini-m3
    torch.Size([1, 384])
    """
    return l2_normalize(first(bge, tuple(map(tuple, rows))))


@torch.no_grad()
def padded(
    bge: BgeM3, texts: Sequence[str], left: bool = False, start: int | None = None, mixed: bool = False,
    look_at_padding: bool = False, average: bool = False,
) -> Tensor:  # fmt: skip
    """Texts → unit vectors ``(n, H)`` on the CPU, from padded batches and the library's model.

    Each option makes one mistake: ``left`` pads on the left, ``start`` numbers the positions from there (the model's
    own start at 2), ``look_at_padding`` hands the model a mask of ones, ``average`` takes the mean of all rows,
    padding's too. ``mixed`` leaves texts of all lengths in one batch, as a plain loop does; else those of like length
    stand together, and hardly anything is padded.
    """
    rows = ids_of(bge, texts)
    order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
    if mixed:
        random.Random(0).shuffle(order)
    found = torch.empty(len(rows), bge.model.config.hidden_size)
    for place in range(0, len(order), BATCH):
        numbers = order[place : place + BATCH]
        some = [rows[number][::-1] if left else rows[number] for number in numbers]
        ids, mask = (part.flip(1) if left else part for part in pad(some))  # (b, T) each
        ids, mask = ids.to(bge.model.device), mask.to(bge.model.device)
        seen = torch.ones_like(mask) if look_at_padding else mask
        places = None if start is None else torch.arange(start, start + ids.shape[1], device=ids.device).expand_as(ids)
        hidden = bge.model(input_ids=ids, attention_mask=seen, position_ids=places).last_hidden_state  # (b, T, H)
        found[numbers] = (hidden.mean(dim=1) if average else hidden[:, 0]).float().cpu()
    return l2_normalize(found)


def left_padding(bge: BgeM3, texts: list[str]) -> Tensor:
    """``hidden[:, 0]`` where padding stands on the left."""
    return padded(bge, texts, left=True)


def no_mask(bge: BgeM3, texts: list[str]) -> Tensor:
    """``model(ids)``: every token looks at the padding."""
    return padded(bge, texts, mixed=True, look_at_padding=True)


def positions(bge: BgeM3, texts: list[str]) -> Tensor:
    """Positions 0, 1, 2, … in place of 2, 3, 4, …"""
    return padded(bge, texts, start=0)


def no_special(bge: BgeM3, texts: list[str]) -> Tensor:
    """Neither ``<s>`` nor ``</s>``: the first place is the first piece's."""
    return vectors(bge, ids_of(bge, texts, special=False))


def shifted(bge: BgeM3, texts: list[str]) -> Tensor:
    """The ids of SentencePiece's own library: one less than the model's for every piece."""
    return vectors(bge, [[number - 1 if number > 3 else number for number in row] for row in ids_of(bge, texts)])


def mean(bge: BgeM3, texts: list[str]) -> Tensor:
    """``hidden.mean(dim=1)``: not the row that was trained, and padding averaged in."""
    return padded(bge, texts, mixed=True, average=True)


def pooler(seed: int) -> Encode:
    """``pooler_output`` of a model whose files hold no pooler: the library draws one at each start (``seed``)."""

    @torch.no_grad()
    def encode(bge: BgeM3, texts: list[str]) -> Tensor:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            layer = XLMRobertaPooler(bge.model.config)
        return l2_normalize(layer(raw(bge, texts)[:, None]))  # it takes (n, T, H) and reads the first of T

    return encode


def dropout(bge: BgeM3, texts: list[str]) -> Tensor:
    """``model.train()`` and no ``model.eval()`` after it; the dice are seeded, so the page can be run again."""
    with torch.random.fork_rng():
        torch.manual_seed(len(texts))
        bge.model.train()
        try:
            return padded(bge, texts)
        finally:
            bge.model.eval()


def right(bge: BgeM3, texts: list[str]) -> Tensor:
    """No mistake at all."""
    return l2_normalize(raw(bge, texts))


def prefix(words: str) -> Encode:
    """The words that another model wants before each text."""
    return lambda bge, texts: right(bge, [words + text for text in texts])


def cleaned(bge: BgeM3, texts: list[str]) -> Tensor:
    """Lower case, no punctuation, no stop words: the good manners of the age of word counts."""
    return right(bge, [clean(text) for text in texts])


def clean(text: str) -> str:
    """Lower-case, without punctuation and stop words, in English and Chinese.

    >>> clean("Who does not like the DOG?"), clean("狗在哪里？")
    ('like dog', '狗 哪里')
    """
    words = re.sub(r"[\W_]+|[的了是在吗呢]", " ", text.lower())
    return " ".join(STOP_WORDS.sub(" ", words).split())


def turn(size: int, seed: int = 0) -> Tensor:
    """A random rotation ``(H, H)``: it keeps all lengths and angles, and gives every axis another meaning."""
    dice = torch.Generator().manual_seed(seed)
    return torch.linalg.qr(torch.randn(size, size, generator=dice, dtype=torch.float64)).Q.float()


def swapped(bge: BgeM3, texts: list[str]) -> Tensor:
    """Another model, exactly as good and of the same width: this one, rotated."""
    own = right(bge, texts)  # (n, H)
    return own @ turn(own.shape[1])


@dataclass(frozen=True)
class Exhibit:
    """A mistake: what makes the vectors of questions and of texts.

    It bites where one side is right: an index from before, questions from another service. With ``later`` it bites
    after a restart: what makes the questions' vectors then, against the same index.
    """

    questions: Encode
    texts: Encode
    later: Encode | None = None


EXHIBITS: dict[str, Exhibit] = {
    "swapped": Exhibit(swapped, swapped),
    "pooler": Exhibit(pooler(1), pooler(1), later=pooler(2)),
    "shifted": Exhibit(shifted, shifted),
    "no_mask": Exhibit(no_mask, no_mask),
    "positions": Exhibit(positions, positions),
    "no_special": Exhibit(no_special, no_special),
    "left_padding": Exhibit(left_padding, left_padding),
    "mean": Exhibit(mean, mean),
    "dropout": Exhibit(dropout, dropout),
    "prefix": Exhibit(prefix("query: "), prefix("passage: ")),
    "cleaned": Exhibit(cleaned, cleaned),
}
