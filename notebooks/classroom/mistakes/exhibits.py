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

from helpers.devices import batch_limits
from helpers.normalization import l2_normalize
from helpers.packing import batches, packed_states
from helpers.pipeline import BgeM3
from helpers.tokenization import EOS, PAD, pad

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
@torch.no_grad()
def first(bge: BgeM3, rows: tuple[tuple[int, ...], ...]) -> Tensor:
    """The last hidden state of each row's first token, raw ``(n, H)`` on the CPU, without padding.

    What was asked for lately is remembered: many rooms need the museum's own texts without a mistake in the model.
    """
    found = torch.empty(len(rows), bge.model.config.hidden_size)
    for numbers in batches([len(row) for row in rows], *batch_limits(bge.model.device, None, None)):
        states = packed_states([rows[number] for number in numbers], bge.model)
        found[numbers] = torch.cat([hidden[:, 0] for _, hidden in states]).float().cpu()
    return found


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
def padded(bge: BgeM3, texts: Sequence[str], left: bool = False, start: int | None = None) -> Tensor:
    """Texts → unit vectors ``(n, H)`` on the CPU, from padded batches of like length and the library's model.

    Each option makes one mistake: ``left`` pads on the left, ``start`` numbers the positions from there (the model's
    own start at 2).
    """
    rows = ids_of(bge, texts)
    found = torch.empty(len(rows), bge.model.config.hidden_size)
    for numbers in by_length(rows):
        some = [rows[number][::-1] if left else rows[number] for number in numbers]
        ids, mask = (part.flip(1) if left else part for part in pad(some))  # (b, T) each
        ids, mask = ids.to(bge.model.device), mask.to(bge.model.device)
        places = None if start is None else torch.arange(start, start + ids.shape[1], device=ids.device).expand_as(ids)
        hidden = bge.model(input_ids=ids, attention_mask=mask, position_ids=places).last_hidden_state  # (b, T, H)
        found[numbers] = hidden[:, 0].float().cpu()
    return l2_normalize(found)


def by_length(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """The numbers of all rows, those of like length in one batch."""
    order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
    return [order[place : place + BATCH] for place in range(0, len(order), BATCH)]


def padding(rows: Sequence[Sequence[int]]) -> list[int]:
    """How much padding each row gets where long and short ones share their batches, as in a plain loop."""
    order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
    random.Random(0).shuffle(order)
    free = [0] * len(rows)
    for place in range(0, len(order), BATCH):
        numbers = order[place : place + BATCH]
        for number in numbers:
            free[number] = max(len(rows[other]) for other in numbers) - len(rows[number])
    return free


@torch.no_grad()
def mixed(bge: BgeM3, texts: Sequence[str], look_at_padding: bool = False, average: bool = False) -> Tensor:
    """Texts → unit vectors ``(n, H)`` on the CPU, as from batches in which long and short ones stand together.

    ``look_at_padding`` hands the model a mask of ones, ``average`` takes the mean of all rows, padding's too. All
    padding of a text is the same token at the same position, so it is computed once and counted as often as it stands
    there: the same numbers for less work.
    """
    rows, size = ids_of(bge, texts), bge.model.config.hidden_size
    free, found = padding(rows), torch.empty(len(rows), size)
    for numbers in by_length(rows):
        ids, mask = (part.to(bge.model.device) for part in pad([[*rows[number], PAD] for number in numbers]))
        counts = mask.to(bge.model.dtype)  # (b, T): 1 a token, at its one padding how often that stands there
        lengths = [len(rows[number]) for number in numbers]
        counts[range(len(numbers)), lengths] = counts.new_tensor([free[number] for number in numbers])
        seen = counts if look_at_padding else counts * (ids != PAD)  # (b, T)
        bias = seen.log()[:, None, None].expand(-1, -1, ids.shape[1], -1)  # (b, 1, T, T): k keys alike count k times
        hidden = bge.model(input_ids=ids, attention_mask=bias).last_hidden_state  # (b, T, H)
        pooled = torch.einsum("bt,bth->bh", counts, hidden) if average else hidden[:, 0]  # the length is 1 in any case
        found[numbers] = pooled.float().cpu()
    return l2_normalize(found)


def left_padding(bge: BgeM3, texts: list[str]) -> Tensor:
    """``hidden[:, 0]`` where padding stands on the left."""
    return padded(bge, texts, left=True)


def no_mask(bge: BgeM3, texts: list[str]) -> Tensor:
    """``model(ids)``: every token looks at the padding."""
    return mixed(bge, texts, look_at_padding=True)


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
    return mixed(bge, texts, average=True)


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
