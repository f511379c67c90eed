"""What page 04 measures: every pooling of every layer, `<s>` kept from looking, texts that get long."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

import torch
from torch import Tensor, nn

from classroom.passages import Question, load_questions
from classroom.retrieval import paired_interval
from classroom.rows import packed
from helpers.normalization import l2_normalize
from helpers.pipeline import BgeM3
from helpers.pooling import POOLINGS, pool
from helpers.tokenization import check_texts, cut, pad

BATCH = 32  # texts that go through the layers together


def batches(bge: BgeM3, rows: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], Tensor, Tensor]]:
    """Rows of ids, those of like length together: their numbers, ``ids`` and ``mask`` ``(b, T)`` on the model's device.

    >>> [numbers for numbers, ids, mask in batches(bge, [[0, 5, 6, 2], [0, 2]])]
    [[1, 0]]
    """
    order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
    for start in range(0, len(order), BATCH):
        numbers = order[start : start + BATCH]
        ids, mask = pad([list(rows[number]) for number in numbers])
        yield numbers, ids.to(bge.model.device), mask.to(bge.model.device)


def ids_of(bge: BgeM3, texts: Sequence[str]) -> list[list[int]]:
    """The ids of each text; too long ones are cut with a ``TruncationWarning``. Raises what ``check_texts`` raises."""
    texts = check_texts(texts)
    return cut(bge.tokenizer(texts, truncation=False, verbose=False)["input_ids"], bge.max_length, texts, stacklevel=4)


@torch.no_grad()
def all_vectors(bge: BgeM3, texts: Sequence[str]) -> Tensor:
    """Unit vectors of every pooling of every layer, ``(3, L + 1, n, H)``, on the CPU in float32.

    The first axis follows ``POOLINGS`` (cls, mean, max), the second the hidden states: 0 is what the
    embedding layers hand over, L the last layer. Raises and warns as ``ids_of`` does.

    >>> all_vectors(bge, ["Hello"]).shape  # mini-m3
    torch.Size([3, 7, 1, 384])
    """
    rows = ids_of(bge, texts)
    config = bge.model.config
    vectors = torch.empty(len(POOLINGS), config.num_hidden_layers + 1, len(rows), config.hidden_size)
    for numbers, ids, mask in batches(bge, rows):
        states = bge.model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        for layer, hidden in enumerate(states):  # (b, T, H)
            for kind, how in enumerate(POOLINGS):
                vectors[kind, layer, numbers] = l2_normalize(pool(hidden, mask, how)).float().cpu()  # (b, H)
    return vectors


def raw_vectors(bge: BgeM3, texts: Sequence[str]) -> Tensor:
    """Every pooling of the last layer before the division, ``(3, n, H)``, on the CPU in float32; one pass, no padding.

    The first axis follows ``POOLINGS`` (cls, mean, max). Raises and warns as ``ids_of`` does.

    >>> raw_vectors(bge, ["Hello"]).shape  # mini-m3
    torch.Size([3, 1, 384])
    """
    rows = ids_of(bge, texts)
    vectors = torch.empty(len(POOLINGS), len(rows), bge.model.config.hidden_size)
    for numbers, states in packed(bge, rows):
        for kind, how in enumerate(POOLINGS):
            pooled = torch.cat([pool(hidden, torch.ones_like(ids), how) for ids, hidden in states])  # (b, H)
            vectors[kind, numbers] = pooled.float().cpu()
    return vectors


def last_vectors(bge: BgeM3, texts: Sequence[str]) -> Tensor:
    """Unit vectors of every pooling of the last layer, ``(3, n, H)``: what ``encode`` gives with each."""
    return l2_normalize(raw_vectors(bge, texts))


def run_layer(layer: nn.Module, hidden: Tensor, see: Tensor) -> Tensor:
    """One layer of the library, ``(B, T, H)`` → ``(B, T, H)``; ``see`` ``(B, 1, T or 1, T)`` says who looks at whom."""
    output = layer(hidden, attention_mask=see)
    return output[0] if isinstance(output, tuple) else output


def views(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Who looks at whom, ``(b, T)`` → ``(b, 1, T, T)`` twice: all at all real tokens; ``<s>`` at nothing but itself.

    >>> views(torch.tensor([[1, 1]]))[1].tolist()
    [[[[True, False], [True, True]]]]
    """
    see = mask.bool()[:, None, None, :].expand(-1, 1, mask.shape[1], -1)  # row looks at column
    alone = see.clone()
    alone[:, :, 0, 1:] = False
    return see, alone


@torch.no_grad()
def blinded(bge: BgeM3, texts: Sequence[str], layers: Sequence[int]) -> Tensor:
    """Unit vectors ``(n, H)`` of ``<s>`` that sees nothing but itself in these layers, counted from 1.

    All other tokens look at everything as ever. Raises ``ValueError`` for a layer the model does not have.

    >>> one, other = blinded(bge, ["Hello", "你好"], range(1, 7))  # mini-m3's six layers
    >>> bool(abs(one - other).max() < 1e-5)
    True
    """
    stack = bge.model.encoder.layer
    if not set(layers) <= set(range(1, len(stack) + 1)):
        raise ValueError(f"layers={list(layers)}: this model has layers 1 to {len(stack)}")
    rows = ids_of(bge, texts)
    vectors = torch.empty(len(rows), bge.model.config.hidden_size)
    for numbers, ids, mask in batches(bge, rows):
        hidden, (see, alone) = bge.model.embeddings(ids), views(mask)  # (b, T, H), (b, 1, T, T) twice
        for number, layer in enumerate(stack, start=1):
            hidden = run_layer(layer, hidden, alone if number in layers else see)
        vectors[numbers] = l2_normalize(hidden[:, 0]).float().cpu()
    return vectors


def easy_questions() -> list[Question]:
    """The English questions that use their passage's words: by a rare name, or plainly.

    >>> len(easy_questions())
    30
    """
    return [q for q in load_questions() if q.language == "en" and q.kind in ("name", "plain")]


def buried(questions: Sequence[Question], size: int, count: Callable[[str], int], seed: int = 0) -> list[list[str]]:
    """For each question a document of about ``size`` tokens: its passage somewhere among passages of other topics.

    A document is the list of its passages; ``count`` tells the tokens of one. The passage always goes in, others as
    long as they fit. The others belong to questions that ``easy_questions`` leaves out, so that no document holds a
    near miss of another document's question.
    """
    chance, length = random.Random(seed), cache(count)
    spare = [q for q in load_questions() if q.language == "en" and q.kind == "paraphrase"]
    documents = []
    for question in questions:
        others = sorted({text for q in spare if q.topic != question.topic for text in (q.passage, *q.near)})
        parts, free = [question.passage], size - length(question.passage)
        for text in chance.sample(others, len(others)):
            if length(text) <= free:
                parts.insert(chance.randrange(len(parts) + 1), text)
                free -= length(text)
        documents.append(parts)
    return documents


def many_cls(bge: BgeM3, texts: Sequence[str], every: int) -> Tensor:
    """MCLS: a further ``<s>`` before every ``every``-th token, and the mean of all their rows, unit ``(n, H)``.

    Source: bge-m3's paper, arXiv 2402.03216 (there ``every`` is 256). Texts too long with their ``<s>`` are cut.
    """
    start = bge.tokenizer.bos_token_id
    rows = []
    for ids in ids_of(bge, texts):
        parts = [[start, *ids[place : place + every]] for place in range(1, len(ids), every)]
        rows.append([number for part in parts for number in part][: bge.max_length])
    vectors = torch.empty(len(rows), bge.model.config.hidden_size)
    for numbers, states in packed(bge, rows):
        means = torch.cat([pool(hidden, (ids == start).long(), "mean") for ids, hidden in states])  # (b, H)
        vectors[numbers] = l2_normalize(means).float().cpu()
    return vectors


def differences(places: Mapping[str, Sequence[Tensor]]) -> list[tuple[str, float, float, float]]:
    """cls against mean and max, by task: name, mean difference of the reciprocal rank, low and high of its interval.

    ``places`` holds for each task the ranks ``(n,)`` of cls, mean and max on the same questions.

    >>> differences({"task": [torch.tensor([1.0, 1.0]), torch.tensor([2.0, 2.0]), torch.tensor([1.0, 1.0])]})[0]
    ('task: cls − mean', 0.5, 0.5, 0.5)
    """
    gaps = []
    for task, (first, *others) in places.items():
        for how, other in zip(POOLINGS[1:], others, strict=True):
            mean = (1 / first - 1 / other).mean().item()
            gaps.append((f"{task}: {POOLINGS[0]} − {how}", mean, *paired_interval(1 / first, 1 / other)))
    return gaps
