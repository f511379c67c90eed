"""What page 03 measures: gradients in a stack, heads with a habit, neurons that fire, and a search with a part off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn import functional

from classroom import retrieval
from classroom.ablations import changed, even_attention, without_layer
from classroom.passages import load_questions
from classroom.sample import sample
from classroom.sentences import load_sentences
from helpers import encoder
from helpers.pipeline import BgeM3


def random_stack(residual: bool, norm: bool, depth: int = 24, size: int = 64, heads: int = 4) -> tuple[Tensor, Tensor]:
    """What happens on the way through a random stack, layer by layer, ``(depth,)`` each.

    First the length of the gradient that arrives at each layer's input; second how different the tokens of a text
    are there (1 − their mean cosine). Each half-layer (attention, feed-forward) is ``f(x)``, with or without ``x +``
    before it and LayerNorm around it. Weights are normal with variance 1/size; 4 texts of 12 tokens; always the same.
    """
    dice = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=dice, dtype=torch.float64)

    stack = [[drawn(size, n) / m**0.5 for m, n in ((size, size),) * 4 + ((size, 4 * size),)] for _ in range(depth)]
    second = [drawn(4 * size, size) / (4 * size) ** 0.5 for _ in range(depth)]
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
    rows = functional.normalize(states, dim=-1)  # (B, T, H)
    length = rows.shape[1]
    gaps = 1 - rows @ rows.mT  # (B, T, T), 0 on the diagonal
    return (gaps.sum(dim=(1, 2)) / (length * (length - 1))).mean().clamp(min=1e-16)


def habits(bge: BgeM3) -> dict[str, tuple[int, int, float]]:
    """Three heads with a habit, by what they look at: layer, head (from 1), and the weight they give it.

    The mean over the course's sentences and their tokens: ``previous`` (the token before), ``last`` (``</s>``) and
    ``self`` (the token itself); of all heads the one that gives it most.
    """
    texts = [text for s in sample(bge, load_sentences(), few=4, count=10) for text in (s.english, s.chinese)]
    found: dict[str, list[Tensor]] = {"previous": [], "last": [], "self": []}
    for text in texts:
        maps = torch.stack(bge.walk([text]).attentions)[:, 0]  # (L, A, T, T)
        found["previous"].append(maps.diagonal(offset=-1, dim1=2, dim2=3).mean(dim=-1))
        found["last"].append(maps[:, :, :-1, -1].mean(dim=-1))
        found["self"].append(maps.diagonal(dim1=2, dim2=3).mean(dim=-1))
    answer = {}
    for name, rows in found.items():
        mean = torch.stack(rows).mean(dim=0)  # (L, A)
        layer, head = divmod(int(mean.argmax()), mean.shape[1])
        answer[name] = layer + 1, head + 1, mean.max().item()
    return answer


def fired(bge: BgeM3, texts: Sequence[str], layer: int) -> Tensor:
    """How strongly each neuron of a layer (from 1) fires for each text, at its best token: ``(n, F)``.

    A neuron is one of the F numbers behind gelu.
    """
    walk = bge.walk(texts, attentions=False)
    part = bge.model.encoder.layer[layer - 1]
    with torch.no_grad():
        attended, _ = encoder.self_attention(walk.hidden_states[layer - 1], walk.mask, part)  # (n, T, H)
        inner = encoder.gelu(encoder.linear(attended, part.intermediate.dense))  # (n, T, F)
    return inner.masked_fill(walk.mask[..., None] == 0, -torch.inf).amax(dim=1)


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


def find_passages(bge: BgeM3) -> Tensor:
    """Reciprocal rank of the right passage among all passages and their near misses, one a question ``(n,)``.

    Short passages only; 40 questions and 160 passages, on a large model 12 and 48.
    """
    questions = sample(bge, [q for q in load_questions() if q.kind != "long"], few=12, count=40)
    texts = [q.question for q in questions] + [q.passage for q in questions] + [t for q in questions for t in q.near]
    vectors = bge.encode(texts, progress=False)  # (5n, H)
    n = len(questions)
    return 1 / retrieval.ranks(vectors[:n] @ vectors[n:].T)


def find_paraphrases(bge: BgeM3) -> Tensor:
    """Reciprocal rank of a sentence's paraphrase among all paraphrases and near misses, one a sentence ``(n,)``.

    70 sentences, 140 candidates; on a large model 25 and 50.
    """
    chosen = sample(bge, load_sentences(), few=25, count=70)
    texts = [s.english for s in chosen] + [s.paraphrase for s in chosen] + [s.near_miss for s in chosen]
    vectors = bge.encode(texts, progress=False)  # (3n, H)
    n = len(chosen)
    return 1 / retrieval.ranks(vectors[:n] @ vectors[n:].T)


def cost_of_layers(bge: BgeM3, layers: Sequence[int]) -> dict[str, list[tuple[float, float, float]]]:
    """MRR that ``find_paraphrases`` loses with a layer's attention ``even``, and with the layer ``skipped``.

    For each layer (from 1): the mean and its 95 % interval, sentence by sentence.
    """
    right = find_paraphrases(bge)  # (n,)
    losses: dict[str, list[tuple[float, float, float]]] = {"even": [], "skipped": []}
    for layer in layers:
        parts = {
            "even": even_attention(bge.model, range(layer - 1, layer)),
            "skipped": without_layer(bge.model, layer - 1),
        }
        for name, off in parts.items():
            with off:
                spoilt = find_paraphrases(bge)  # (n,)
            losses[name].append(((right - spoilt).mean().item(), *retrieval.paired_interval(right, spoilt)))
    return losses


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


def mistake_texts(bge: BgeM3) -> list[str]:
    """60 sentences, then their paraphrases, then their near misses; 20 of each on a large model."""
    chosen = sample(bge, load_sentences(), few=20, count=60)
    return [s.english for s in chosen] + [s.paraphrase for s in chosen] + [s.near_miss for s in chosen]


def damage(right: Tensor, spoilt: Tensor) -> str:
    """What a mistake does to vectors ``(3n, H)`` of ``mistake_texts``, in a line.

    The mean cosine to the right vectors, then MRR of the paraphrases: right, spoilt, and spoilt questions put to the
    right index.
    """
    n = len(right) // 3
    one, other = functional.normalize(right, dim=-1), functional.normalize(spoilt, dim=-1)  # (3n, H) each
    pairs = ((one, one), (other, other), (other, one))
    scores = [retrieval.mrr(retrieval.ranks(questions[:n] @ index[n:].T)) for questions, index in pairs]
    cosine = (one * other).sum(dim=1).mean().item()
    return "cosine {:.2f}; MRR {:.2f} → {:.2f}; right index {:.2f}".format(cosine, *scores)
