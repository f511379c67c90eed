"""What page 06 measures: a search with parts off, heads with a habit, what arrives, who wrote a row, costs."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from classroom import retrieval
from classroom.ablations import Off, switched_off
from classroom.pairs import load_pairs
from classroom.passages import load_questions
from classroom.pooling.measure import batches
from classroom.sample import sample
from classroom.sentences import Sentence, load_sentences
from helpers import encoder
from helpers.normalization import l2_normalize
from helpers.pipeline import BgeM3, Walk
from helpers.tokenization import check_texts

if TYPE_CHECKING:
    from transformers import XLMRobertaModel

NOTHING = Off()
# a word, six sentences of one meaning, six of the other, and a token of all of them that has only one
SENSES: dict[str, tuple[list[str], list[str], str]] = {
    "bank": (
        ["The bank lent us money for the house.", "The bank raised its interest rates.",
         "The bank closed my savings account.", "The bank opened a new branch last week.",
         "The bank refused to give him a loan.", "The bank charges a fee for every card."],
        ["The bank of the river was steep.", "The bank was covered with grass and flowers.",
         "The bank was wet where the boat had landed.", "The bank of the stream was full of mud.",
         "The bank sloped gently down to the water.", "The bank was eroded by the flood."],
        "The",
    ),
    "light": (
        ["The light in the kitchen is broken.", "The light went out during the storm.",
         "The light of the lamp is too weak.", "The light shines through the window.",
         "The light was switched off at ten.", "The light blinded the driver."],
        ["The light bag is easy to carry.", "The light coat weighs almost nothing.",
         "The light suitcase went on the plane.", "The light box was lifted by a child.",
         "The light tent fits in a backpack.", "The light chair can be moved with one hand."],
        "The",
    ),
    "打": (
        ["他在打篮球。", "他在打网球。", "他在打排球。", "他在打羽毛球。", "他在打高尔夫球。", "他在打乒乓球。"],
        ["他在打人。", "他在打狗。", "他在打他的弟弟。", "他在打小偷。", "他在打那个孩子。", "他在打敌人。"],
        "他在",
    ),
}  # fmt: skip


class Search:
    """Questions and candidates, and every hidden state of the intact model: with parts off, only the rest is run.

    Question i is to find candidate i. Vectors are those of ``<s>``, length 1.
    """

    @torch.no_grad()
    def __init__(self, bge: BgeM3, questions: Sequence[str], candidates: Sequence[str] = ()) -> None:
        """Run the intact model once. Longer texts than the model takes are cut.

        Raises ``ValueError`` for a text that is not valid Unicode.
        """
        self.bge, self.questions, self.candidates = bge, list(questions), list(candidates)
        texts = check_texts([*questions, *candidates])
        rows = bge.tokenizer(texts, truncation=True, max_length=bge.max_length)["input_ids"]
        self.batches = list(batches(bge, rows))  # numbers, ids, mask of texts of like length
        self.states = [
            bge.model(ids, attention_mask=mask, output_hidden_states=True).hidden_states
            for _, ids, mask in self.batches
        ]  # L + 1 of (b, T, H) each

    def _gather(self, rows: Sequence[Tensor]) -> Tensor:
        """The unit rows of ``<s>``, of the batches' states ``(b, T, H)``, in the order of the texts."""
        numbers = torch.tensor([number for numbers, _, _ in self.batches for number in numbers])
        found = torch.cat([hidden[:, 0] for hidden in rows]).float().cpu()  # (n + m, H)
        return l2_normalize(found)[numbers.argsort()]

    def after(self, layer: int) -> Tensor:
        """Unit rows of ``<s>`` after so many layers of the intact model (0: before the first), ``(n + m, H)``."""
        return self._gather([states[layer] for states in self.states])

    @torch.no_grad()
    def vectors(self, off: Off = NOTHING) -> Tensor:
        """Unit vectors ``(n + m, H)`` with these parts off; of what they do not touch nothing is computed again.

        Raises ``ValueError`` for a layer or head there is not.
        """
        model, start = self.bge.model, len(self.states[0]) - 1 if off.first is None else off.first
        last = []
        with switched_off(model, off):
            for (_, ids, mask), states in zip(self.batches, self.states, strict=True):
                hidden = model.embeddings(input_ids=ids) if off.positions else states[start]  # (b, T, H)
                for layer in model.encoder.layer[start:]:
                    hidden = layer(hidden, attention_mask=mask.bool()[:, None, None, :])
                last.append(hidden)
        return self._gather(last)

    def scores(self, off: Off = NOTHING) -> Tensor:
        """Cosine of every question with every candidate, ``(n, m)``."""
        return self.scores_of(self.vectors(off))

    def scores_of(self, vectors: Tensor) -> Tensor:
        """The same for any vectors ``(n + m, H)`` of its texts."""
        return vectors[: len(self.questions)] @ vectors[len(self.questions) :].T

    def places(self, off: Off = NOTHING) -> Tensor:
        """The place of each question's right candidate, 1 is best: ``(n,)``."""
        return retrieval.ranks(self.scores(off))

    def mrr(self, off: Off = NOTHING) -> float:
        """Mean reciprocal rank with these parts off."""
        return retrieval.mrr(self.places(off))


def paraphrases(bge: BgeM3, count: int = 40, few: int = 8) -> Search:
    """A search for sentences by their paraphrases: ``count`` questions, twice as many candidates.

    Half of the candidates are near misses, which share more words with the sentence than the paraphrase does.
    On a large model ``few`` questions.
    """
    chosen: list[Sentence] = sample(bge, load_sentences(), few=few, count=count)
    return Search(bge, [s.paraphrase for s in chosen], [s.english for s in chosen] + [s.near_miss for s in chosen])


def passages(bge: BgeM3) -> Search:
    """A search for the short passage that answers a question: 24 questions, 48 passages; 4 and 8 on a large model.

    The questions are of every kind and language; each has a near miss of the same topic and with the same words.
    """
    asked = sample(bge, [one for one in load_questions() if one.kind != "long"], few=4, count=24)
    return Search(bge, [one.question for one in asked], [one.passage for one in asked] + [one.near[0] for one in asked])


def stories(bge: BgeM3) -> Search:
    """34 stories and their mirror images (the same words in another order), Chinese and English; 6 on a large model.

    Question i and candidate i are translations; i and i + n/2 are mirror images.
    """
    pairs = sample(bge, load_pairs(), few=6, count=34)
    chinese = [pair.chinese for pair in pairs] + [pair.chinese_twin for pair in pairs]
    return Search(bge, chinese, [pair.english for pair in pairs] + [pair.english_twin for pair in pairs])


def told_apart(search: Search, off: Off = NOTHING) -> Tensor:
    """How much nearer the right story is than its mirror image, of ``stories``: 2n differences of cosines.

    Every Chinese text chooses between two English ones, then every English text between two Chinese ones.
    """
    scores = search.scores(off)  # (n, n)
    mirror = scores.roll(len(scores) // 2, dims=1).diagonal()  # (n,)
    other = scores.roll(len(scores) // 2, dims=0).diagonal()  # (n,)
    return torch.cat([scores.diagonal() - mirror, scores.diagonal() - other])


def right(margins: Tensor) -> str:
    """How many of these differences are positive: ``118 of 136``. One within rounding of 0 counts half.

    >>> right(torch.tensor([0.2, -0.1, 0.0, 0.0]))
    '2 of 4'
    """
    ties = int((margins.abs() <= retrieval.TIE).sum())
    return f"{int((margins > retrieval.TIE).sum()) + ties // 2} of {len(margins)}"


def lost(search: Search, off: Off) -> tuple[float, float, float]:
    """MRR that a search loses with these parts off, and its 95 % interval, question by question."""
    intact, spoilt = 1 / search.places(), 1 / search.places(off)  # (n,) each
    return ((intact - spoilt).mean().item(), *retrieval.paired_interval(intact, spoilt))


def said(mean: float, low: float, high: float, digits: int = 2) -> str:
    """A mean and its interval in words.

    >>> said(-0.001, -0.08, 0.079)
    '0.00 (-0.08 to 0.08)'
    """
    return f"{mean:z.{digits}f} ({low:z.{digits}f} to {high:z.{digits}f})"


def part_losses(search: Search, layers: Sequence[int]) -> dict[str, list[tuple[float, float, float]]]:
    """``lost`` without the ``attention``, and without the ``feed_forward``, of one layer at a time (from 1)."""
    parts = ("attention", "feed_forward")
    return {part: [lost(search, Off(**{part: (layer - 1,)})) for layer in layers] for part in parts}


def heads_off(heads: Sequence[tuple[int, int]]) -> Off:
    """The board with these heads off; layers and heads count from 1, as the page does.

    >>> heads_off([(6, 1)]).heads
    ((5, 0),)
    """
    return Off(heads=tuple((layer - 1, head - 1) for layer, head in heads))


def other_heads(
    bge: BgeM3, heads: Sequence[tuple[int, int]], named: Sequence[tuple[int, int]], draws: int = 3
) -> list[list[tuple[int, int]]]:
    """For comparison: as many heads of the same layers, drawn from those not ``named``; always the same draws."""
    dice = random.Random(0)
    found = []
    for _ in range(draws):
        drawn: list[tuple[int, int]] = []
        for layer, _ in heads:
            free = range(1, bge.model.config.num_attention_heads + 1)
            drawn.append((layer, dice.choice([h for h in free if (layer, h) not in [*named, *drawn]])))
        found.append(drawn)
    return found


def habit_walks(bge: BgeM3) -> list[Walk]:
    """Texts in which words come again, each walked alone: 12 sentences with their near misses, 12 Chinese sentences."""
    chosen = sample(bge, load_sentences(), few=3, count=12)
    texts = [f"{s.english} {s.near_miss}" for s in chosen] + [s.chinese for s in chosen]
    return [bge.walk([text]) for text in texts]


def shares(maps: Tensor, ids: Tensor) -> dict[str, Tensor]:
    """How much each head gives to the token before, the one after, the same word elsewhere, ``<s>`` and ``</s>``.

    ``maps`` ``(L, A, T, T)`` and ``ids`` ``(T,)`` of one text without padding → ``(L, A)`` each, the mean over the
    tokens that have such a neighbour. nan where none has.
    """
    inside = torch.arange(len(ids), device=ids.device)
    word = (inside > 0) & (inside < len(ids) - 1)  # (T,), neither <s> nor </s>
    same = (ids[:, None] == ids) & (inside[:, None] != inside) & word & word[:, None]  # (T, T)
    again = same.any(dim=1)  # (T,)
    return {
        "previous": maps.diagonal(offset=-1, dim1=2, dim2=3).mean(dim=-1),
        "next": maps.diagonal(offset=1, dim1=2, dim2=3).mean(dim=-1),
        "same": (maps * same).sum(dim=-1)[..., again].mean(dim=-1),
        "start": maps[:, :, 1:, 0].mean(dim=-1),
        "end": maps[:, :, :-1, -1].mean(dim=-1),
    }


def habits(walks: Sequence[Walk], model: XLMRobertaModel | None = None) -> dict[str, Tensor]:
    """``shares`` of every head, ``(L, A)`` each, the mean over the walks that say something about it.

    With a ``model`` not of the weights, but of what arrives.
    """
    maps = [torch.stack(walk.attentions) if model is None else arriving(walk, model) for walk in walks]
    rows = [shares(one[:, 0], walk.ids[0]) for one, walk in zip(maps, walks, strict=True)]
    return {name: torch.stack([row[name] for row in rows]).nanmean(dim=0) for name in rows[0]}


def habits_of_batch(walk: Walk) -> Tensor:
    """What each head gives to the next token, averaged over all rows of a batch, padding's own rows too: ``(L, A)``.

    The mistake of the page: maps hide padding as a key, and still have a row for it.
    """
    return torch.stack(walk.attentions).diagonal(offset=1, dim1=3, dim2=4).mean(dim=(1, 3))


def strongest(table: Tensor, count: int = 3) -> list[tuple[int, int]]:
    """The heads with the largest numbers of ``(L, A)``: layer and head, both from 1."""
    places = table.flatten().topk(count).indices.tolist()
    return [(place // table.shape[1] + 1, place % table.shape[1] + 1) for place in places]


def handed_over(hidden: Tensor, layer: torch.nn.Module) -> Tensor:
    """How long the vector is that each head hands over for each token: ``(B, T, H)`` → ``(B, A, T)``.

    A head's value goes through its columns of the output projection before it is added; this is the length behind
    them. Kobayashi et al. 2020 (arXiv 2004.10102), without the biases of that projection.
    """
    part, out = layer.attention.self, layer.attention.output.dense
    values = encoder.split_heads(encoder.linear(hidden, part.value), part.num_attention_heads)  # (B, A, T, D)
    columns = out.weight.T.unflatten(0, (part.num_attention_heads, -1))  # (A, D, H)
    return (values @ columns).norm(dim=-1)


@torch.no_grad()
def arriving(walk: Walk, model: XLMRobertaModel) -> Tensor:
    """What arrives, as shares: weight times length, each row divided by its sum. ``(L, B, A, T, T)``."""
    lengths = [handed_over(*given) for given in zip(walk.hidden_states, model.encoder.layer, strict=False)]
    weighted = torch.stack(walk.attentions) * torch.stack(lengths)[:, :, :, None, :]  # (L, B, A, T, T)
    return weighted / weighted.sum(dim=-1, keepdim=True)


@torch.no_grad()
def writers(bge: BgeM3, text: str) -> tuple[list[Tensor], Tensor]:
    """Who wrote each row: parts that sum to it, after 0 to L layers, of one text.

    First the parts after each layer, L + 1 of ``(W, T, H)`` with W = L + 2: the embedding layers, each layer, and last
    the constants (what LayerNorm adds whatever comes in). They sum to the hidden state: each LayerNorm, its spread
    once known, treats every part alike. Second their shares ``(L + 1, W, T)``: how far each part reaches along the
    row, in units of the row's length; they sum to 1 and may be negative.
    """
    walk = bge.walk([text])
    layers = bge.model.encoder.layer
    state = walk.hidden_states[0][0]  # (T, H)
    parts = state.new_zeros(len(layers) + 2, *state.shape)  # (W, T, H)
    parts[0] = state
    after = [parts]
    for number, layer in enumerate(layers, 1):
        attended, _ = encoder.self_attention(state[None], walk.mask, layer)  # (1, T, H)
        halves = (
            (layer.attention.output.LayerNorm, attended[0], added_by(layer, state, walk.mask)),
            (
                layer.output.LayerNorm,
                walk.hidden_states[number][0],
                layer.output.dense(layer.intermediate(attended[0])),
            ),
        )
        for norm, goal, added in halves:
            total = state + added  # (T, H)
            parts = parts.clone()
            parts[number] += added
            spread = (total.var(dim=-1, unbiased=False, keepdim=True) + norm.eps).sqrt()  # (T, 1)
            parts = (parts - parts.mean(dim=-1, keepdim=True)) / spread * norm.weight
            parts[-1] += norm.bias
            state = goal
        after.append(parts)
    rows = [(part * part.sum(dim=0)).sum(dim=-1) / part.sum(dim=0).square().sum(dim=-1) for part in after]
    return after, torch.stack(rows)


def added_by(layer: torch.nn.Module, state: Tensor, mask: Tensor) -> Tensor:
    """What a layer's attention adds to the rows of one text, ``(T, H)`` → ``(T, H)``."""
    own, out = layer.attention.self, layer.attention.output
    heads = [encoder.split_heads(encoder.linear(state[None], part), own.num_attention_heads)
             for part in (own.query, own.key, own.value)]  # fmt: skip
    return encoder.linear(encoder.merge_heads(encoder.attention(*heads, mask)[0]), out.dense)[0]


def nearest(bge: BgeM3, text: str) -> list[tuple[str, float, float]]:
    """After 0 to L layers, the course's English sentence whose ``<s>`` is nearest to that of a text.

    The sentence (``…`` if another is as near but for rounding), its cosine, and the median cosine of all 220; of 40
    on a large model.
    """
    search = Search(bge, [text], sample(bge, [s.english for s in load_sentences()], few=40))
    best = []
    for layer in range(len(search.states[0])):
        scores = search.scores_of(search.after(layer))[0].double()  # (m,)
        (first, second), places = scores.topk(2)
        sentence = search.candidates[int(places[0])] if first - second > 3e-6 else "…"
        best.append((sentence, first.item(), scores.median().item()))
    return best


def mrr(search: Search, layer: int) -> float:
    """MRR of a search by the rows of ``<s>`` after so many layers of the intact model."""
    return retrieval.mrr(retrieval.ranks(search.scores_of(search.after(layer))))


def tokens(word: str, control: str) -> tuple[str, str]:
    """How the vocabulary writes a word and its control: English words carry the mark of their space.

    >>> tokens("bank", "The"), tokens("打", "他在")
    (('▁bank', '▁The'), ('打', '他在'))
    """
    one, other = (name if not name.isascii() else f"▁{name}" for name in (word, control))
    return one, other


def apart(bge: BgeM3, first: Sequence[str], second: Sequence[str], token: str) -> tuple[Tensor, Tensor]:
    """How much better a token fits its own group of sentences than the other, layer by layer, ``(L + 1,)`` each.

    First: mean cosine within the groups − across them. Second: the same divided by the spread (the standard
    deviation of all those cosines). The token's first occurrence counts. Raises ``ValueError`` for a sentence
    without it.
    """
    walk = bge.walk([*first, *second], attentions=False)
    if missing := [text for text, row in zip(walk.texts, walk.tokens, strict=True) if token not in row]:
        raise ValueError(f"no token {token!r} in {missing[0]!r}")
    places = torch.tensor([row.index(token) for row in walk.tokens], device=walk.ids.device)
    states = torch.stack(walk.hidden_states)[:, torch.arange(len(places)), places]  # (L + 1, n, H)
    rows = functional.normalize(states.double(), dim=-1).cpu()
    cosines = rows @ rows.mT  # (L + 1, n, n)
    group = torch.tensor([0] * len(first) + [1] * len(second))
    upper = torch.ones(len(group), len(group)).triu(diagonal=1).bool()
    same = group[:, None] == group
    gap = cosines[:, same & upper].mean(dim=1) - cosines[:, ~same & upper].mean(dim=1)
    return gap, gap / cosines[:, upper].std(dim=1).clamp(min=1e-6)


def operations(size: int, wide: int, tokens: int) -> tuple[int, int]:
    """Operations of one layer's matrix products: those that grow with T, those that grow with its square.

    A product of ``(m, n)`` and ``(n, p)`` takes 2·m·n·p, a multiplication and an addition each.

    >>> operations(384, 1536, 100)
    (353894400, 15360000)
    """
    return 8 * tokens * size**2 + 4 * tokens * size * wide, 4 * tokens**2 * size


def seconds(layer: torch.nn.Module, size: int, tokens: int, repeats: int = 3) -> tuple[float, float]:
    """How long this machine takes for a text: all matrices of one layer; its attention, from scores to sum.

    The shortest of some runs: others on the machine can only make it longer.
    """
    own, out = layer.attention.self, layer.attention.output.dense
    x, mask = torch.randn(1, tokens, size, device=out.weight.device), torch.ones(1, tokens, device=out.weight.device)
    heads = encoder.split_heads(x, own.num_attention_heads)  # (1, A, T, D)

    def matrices() -> None:
        for part in (own.query, own.key, own.value, out):
            part(x)
        layer.output.dense(layer.intermediate(x))

    def attention() -> None:
        encoder.attention(heads, heads, heads, mask)

    def shortest(run: Callable[[], None]) -> float:
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        return min(times)

    with torch.no_grad():
        return shortest(matrices), shortest(attention)


def counted(layer: torch.nn.Module, size: int, tokens: int) -> int:
    """The operations that torch counts while a layer runs on a text of so many tokens; no number is computed."""
    empty = copy.deepcopy(layer).to("meta")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        encoder.encoder_layer(torch.empty(1, tokens, size, device="meta"), torch.ones(1, tokens, device="meta"), empty)
    return counter.get_total_flops()
