"""What page 03 measures: gradients in a stack, heads with a habit, neurons that fire, and a search with a part off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from classroom import retrieval
from classroom.ablations import changed, even_attention
from classroom.passages import Question, load_questions
from classroom.pooling.measure import batches, ids_of, run_layer, views
from classroom.sample import sample
from classroom.sentences import Sentence, load_sentences
from helpers import encoder
from helpers.pipeline import BgeM3, Walk


def random_stack(
    residual: bool, norm: bool, times: float = 1, depth: int = 24, size: int = 64, heads: int = 4, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """What happens on the way through a random stack, layer by layer, ``(depth,)`` each.

    First the length of the gradient that arrives at each layer's input; second how different the tokens of a text
    are there (1 − their mean cosine). Each half-layer (attention, feed-forward) is ``f(x)``, with or without ``x +``
    before it and LayerNorm around it. Weights are ``times`` as large as BERT's: normal, with a standard deviation of
    0.02 at H = 1,024 (0.08 at 64, so that sums spread alike). 4 texts of 12 tokens; one seed always draws the same.
    """
    dice = torch.Generator().manual_seed(seed)
    spread = times * 0.02 * (1024 / size) ** 0.5

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=dice, dtype=torch.float64)

    stack = [[spread * drawn(size, n) for n in (size,) * 4 + (4 * size,)] for _ in range(depth)]
    second = [spread * drawn(4 * size, size) for _ in range(depth)]
    x, goal = drawn(4, 12, size), drawn(4, 12, size)  # (B, T, H) each
    mask = torch.ones(4, 12)  # (B, T)

    def after(x: Tensor, change: Tensor) -> Tensor:
        whole = x + change if residual else change
        return functional.layer_norm(whole, (size,)) if norm else whole

    states = []
    with torch.enable_grad():
        x.requires_grad_()
        for (query, key, value, output, first), last in zip(stack, second, strict=True):
            x.retain_grad()
            states.append(x)
            q, k, v = (encoder.split_heads(x @ weight, heads) for weight in (query, key, value))  # (B, A, T, D) each
            x = after(x, encoder.merge_heads(encoder.attention(q, k, v, mask)[0]) @ output)  # (B, T, H)
            x = after(x, encoder.gelu(x @ first) @ last)  # (B, T, H)
        (x * goal).mean().backward()
    arrived = torch.stack([state.grad.norm() for state in states])
    return arrived, torch.stack([difference(state.detach()) for state in states])


def difference(states: Tensor) -> Tensor:
    """1 − the mean cosine of two different tokens of a text, ``(B, T, H)`` → one number, never below 1e-16."""
    rows = states / states.norm(dim=-1, keepdim=True)  # (B, T, H), however short a row is
    length = rows.shape[1]
    gaps = 1 - rows @ rows.mT  # (B, T, T), 0 on the diagonal
    return (gaps.sum(dim=(1, 2)) / (length * (length - 1))).mean().clamp(min=1e-16)


def habits(bge: BgeM3) -> dict[str, tuple[int, int, float]]:
    """Two heads with a habit, by what they look at: layer, head (from 1), and the weight they give it.

    The mean over the course's sentences and their tokens: ``previous`` (the token before) and ``ends`` (``<s>`` and
    ``</s>`` together, as seen by the tokens between them); of all heads the one that gives it most.
    """
    texts = [text for s in sample(bge, load_sentences(), few=4, count=10) for text in (s.english, s.chinese)]
    found: dict[str, list[Tensor]] = {"previous": [], "ends": []}
    for text in texts:
        maps = torch.stack(bge.walk([text]).attentions)[:, 0]  # (L, A, T, T)
        found["previous"].append(maps.diagonal(offset=-1, dim1=2, dim2=3).mean(dim=-1))
        found["ends"].append(maps[:, :, 1:-1][..., [0, -1]].sum(dim=-1).mean(dim=-1))
    answer = {}
    for name, rows in found.items():
        mean = torch.stack(rows).mean(dim=0)  # (L, A)
        layer, head = divmod(int(mean.argmax()), mean.shape[1])
        answer[name] = layer + 1, head + 1, mean.max().item()
    return answer


@torch.no_grad()
def value_lengths(bge: BgeM3, walk: Walk, layer: int, head: int) -> Tensor:
    """How long each token's value is in one head (layer and head from 1), for the first text of a walk: ``(T,)``."""
    part = bge.model.encoder.layer[layer - 1].attention.self
    values = encoder.linear(walk.hidden_states[layer - 1][:1], part.value)  # (1, T, H)
    return encoder.split_heads(values, part.num_attention_heads)[0, head - 1].norm(dim=-1)


def looks_of_start(bge: BgeM3) -> tuple[Tensor, Tensor]:
    """Where ``<s>`` looks in each layer, and how alike ``<s>`` and ``</s>`` are when they enter it.

    ``(L, 3)``: the shares of itself, of ``</s>`` and of all tokens between; ``(L,)``: the cosine. The mean of the heads
    and of 20 English sentences.
    """
    looks, alike = [], []
    for sentence in sample(bge, load_sentences(), few=20, count=20):
        walk = bge.walk([sentence.english])
        rows = torch.stack(walk.attentions)[:, 0, :, 0].mean(dim=1)  # (L, T)
        looks.append(torch.stack([rows[:, 0], rows[:, -1], rows[:, 1:-1].sum(dim=1)], dim=1))
        states = torch.stack(walk.hidden_states[:-1])[:, 0]  # (L, T, H)
        alike.append(torch.cosine_similarity(states[:, 0], states[:, -1], dim=1))
    return torch.stack(looks).mean(dim=0), torch.stack(alike).mean(dim=0)


@torch.no_grad()
def attended(bge: BgeM3, texts: Sequence[str], layer: int) -> tuple[Tensor, Tensor]:
    """What the feed-forward half of a layer (from 1) gets, ``(n, T, H)``, and the mask ``(n, T)``."""
    batch = bge.tokenizer(list(texts), padding=True, return_tensors="pt").to(bge.model.device)
    mask, stack = batch["attention_mask"], bge.model.encoder.layer
    hidden = bge.model.embeddings(batch["input_ids"])  # (n, T, H)
    for before in stack[: layer - 1]:
        hidden, _ = encoder.encoder_layer(hidden, mask, before)
    return encoder.self_attention(hidden, mask, stack[layer - 1])[0], mask


def strongest(inner: Tensor, mask: Tensor) -> Tensor:
    """gelu of ``(n, T, F)`` at each text's strongest real token, ``(n, F)``."""
    return encoder.gelu(inner).masked_fill(mask[..., None] == 0, -torch.inf).amax(dim=1)


@torch.no_grad()
def fired(bge: BgeM3, texts: Sequence[str], layer: int) -> Tensor:
    """How strongly each neuron of a layer (from 1) fires for each text, at its strongest token: ``(n, F)``.

    A neuron is one of the F numbers behind gelu.
    """
    rows, mask = attended(bge, texts, layer)
    return strongest(encoder.linear(rows, bge.model.encoder.layer[layer - 1].intermediate.dense), mask)


def topic_neuron(strength: Tensor, topics: Sequence[str]) -> tuple[int, str]:
    """The neuron that best tells one topic from all others, and the topic, for ``(n, F)`` and n topics.

    Best: the topic's mean lies most standard deviations above that of the other texts.
    """
    names = sorted(set(topics))
    own = torch.tensor([[topic == name for topic in topics] for name in names])  # (topics, n)
    gaps = []
    for chosen in own:
        one, rest = strength[chosen], strength[~chosen]
        gaps.append((one.mean(dim=0) - rest.mean(dim=0)) / (one.std(dim=0) + rest.std(dim=0) + 0.1))
    name, neuron = divmod(int(torch.stack(gaps).argmax()), strength.shape[1])
    return neuron, names[name]


@torch.no_grad()
def random_hits(
    bge: BgeM3, search: Sequence[Sentence], test: Sequence[Sentence], layer: int, draws: int = 3, top: int = 8
) -> list[int]:
    """The control of ``topic_neuron``: as many random directions as a layer (from 1) has neurons, searched alike.

    For each of ``draws`` draws the best direction for one topic is chosen on ``search``; counted is how many of the
    ``top`` sentences of ``test`` that it answers to most are about this topic.
    """
    (rows, mask), (others, other_mask) = (attended(bge, [s.english for s in half], layer) for half in (search, test))
    weight = bge.model.encoder.layer[layer - 1].intermediate.dense.weight  # (F, H)
    hits = []
    for seed in range(draws):
        drawn = torch.randn(weight.shape, generator=torch.Generator().manual_seed(seed)).to(weight) * weight.std()
        chosen, topic = topic_neuron(strongest(rows @ drawn.T, mask), [s.topic for s in search])
        answers = strongest(others @ drawn[chosen][:, None], other_mask)[:, 0]  # (n,)
        hits.append(sum(test[number].topic == topic for number in answers.topk(top).indices))
    return hits


def passage_questions(bge: BgeM3) -> list[Question]:
    """Search A: 31 questions with short passages, of every kind and language; 13 on a large model.

    In the table each kind has its fixed places, so a rounder number would draw some kinds only.
    """
    return sample(bge, [q for q in load_questions() if q.kind != "long"], few=13, count=31)


def find_passages(bge: BgeM3) -> Tensor:
    """Reciprocal rank of the right passage among those of search A and their near misses, one a question ``(n,)``."""
    questions = passage_questions(bge)
    texts = [q.question for q in questions] + [q.passage for q in questions] + [t for q in questions for t in q.near]
    vectors = bge.encode(texts, progress=False)  # (5n, H)
    n = len(questions)
    return 1 / retrieval.ranks(vectors[:n] @ vectors[n:].T)


def search_texts(bge: BgeM3) -> list[str]:
    """Search B: 50 sentences, then their paraphrases, then their near misses; 25 of each on a large model."""
    chosen = sample(bge, load_sentences(), few=25, count=50)
    return [s.english for s in chosen] + [s.paraphrase for s in chosen] + [s.near_miss for s in chosen]


def found(questions: Tensor, index: Tensor | None = None) -> Tensor:
    """Reciprocal rank of each sentence's paraphrase among all paraphrases and near misses, ``(n,)``.

    Vectors of ``search_texts``, ``(3n, H)``; the candidates are taken from ``index``, where there is another one.
    """
    n = len(questions) // 3
    return 1 / retrieval.ranks(questions[:n] @ (questions if index is None else index)[n:].T)


def cost_of_layers(bge: BgeM3, layers: Sequence[int], right: Tensor) -> dict[str, list[tuple[float, float, float]]]:
    """MRR that search B loses with a layer's attention ``even``, and with ``<s>`` ``blind`` to all but itself in it.

    For each layer (from 1): the mean and its 95 % interval, sentence by sentence; ``right`` ``(n,)`` is the search as
    trained.
    """
    losses: dict[str, list[tuple[float, float, float]]] = {}
    for name, vectors in spoilt_layers(bge, search_texts(bge), layers).items():
        answers = [found(rows) for rows in vectors]  # (n,) a layer
        losses[name] = [
            ((right - spoilt).mean().item(), *retrieval.paired_interval(right, spoilt)) for spoilt in answers
        ]
    return losses


@torch.no_grad()
def spoilt_layers(bge: BgeM3, texts: Sequence[str], layers: Sequence[int]) -> dict[str, Tensor]:
    """Unit vectors ``(len(layers), n, H)`` with one layer's attention ``even``, and with ``<s>`` ``blind`` in it.

    The layers below the spoilt one (from 1) are as ever, so each is run once for all.
    """
    rows, stack = ids_of(bge, texts), bge.model.encoder.layer
    even, blind = torch.empty(2, len(layers), len(rows), bge.model.config.hidden_size)
    for numbers, ids, mask in batches(bge, rows):
        hidden, (see, alone) = bge.model.embeddings(ids), views(mask)  # (b, T, H), (b, 1, T, T) twice
        for number, layer in enumerate(stack, start=1):
            if number in layers:
                place = list(layers).index(number)
                with even_attention(bge.model, range(number - 1, number)):
                    even[place, numbers] = last_start(stack[number - 1 :], hidden, see, see)
                blind[place, numbers] = last_start(stack[number - 1 :], hidden, alone, see)
            hidden = run_layer(layer, hidden, see)
    return {"even": even, "blind": blind}


def last_start(stack: Sequence[nn.Module], hidden: Tensor, first: Tensor, see: Tensor) -> Tensor:
    """The row of ``<s>`` after these layers, unit ``(b, H)`` on the CPU; ``first`` is what the first of them sees."""
    for layer in stack:
        hidden, first = run_layer(layer, hidden, first), see
    return functional.normalize(hidden[:, 0].float().cpu(), dim=-1)


@contextmanager
def without_scale(bge: BgeM3) -> Iterator[None]:
    """The division by √D is forgotten: every query is √D times as long while the block lasts."""
    queries = [layer.attention.self.query for layer in bge.model.encoder.layer]
    size = bge.model.config.hidden_size // bge.model.config.num_attention_heads
    with changed(*[part for query in queries for part in (query.weight, query.bias)]):
        for query in queries:
            query.weight *= size**0.5
            query.bias *= size**0.5
        yield


def damage(right: Tensor, spoilt: Tensor) -> str:
    """What a mistake does to vectors ``(3n, H)`` of ``search_texts``, in a line.

    The mean cosine to the right vectors; MRR right and spoilt, and the loss with its 95 % interval; MRR of spoilt
    questions put to the right index.
    """
    one, other = functional.normalize(right, dim=-1), functional.normalize(spoilt, dim=-1)  # (3n, H) each
    before, after, mixed = found(one), found(other), found(other, one)  # (n,) each
    cosine = (one * other).sum(dim=1).mean()
    low, high = retrieval.paired_interval(before, after)
    loss = f"lost {(before - after).mean():.2f} ({low:.2f} to {high:.2f})"
    return f"cosine {cosine:.2f}; MRR {before.mean():.2f} → {after.mean():.2f}, {loss}; right index {mixed.mean():.2f}"
