"""Measure a checkpoint: every figure of the model card, beside its target, from one command.

    python -m helpers.mini_m3.training.evaluate --data DIR --work WORK [--checkpoint DIR]

``DIR`` holds ``eval_tatoeba_en_zh.tsv``; ``WORK`` the package descriptions that training set aside; the other texts
are the course's own, in ``notebooks/classroom/data``.
"""

from __future__ import annotations

import argparse
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from classroom.ablations import equal_positions, even_attention, without_head, without_layer
from classroom.pairs import load_pairs
from classroom.passages import all_passages, load_questions
from classroom.retrieval import TIE, paired_interval, ranks, recall_at
from classroom.sentences import load_sentences
from helpers.checkpoint.find import BGE_M3_TOKENIZER
from helpers.lexical import lexical_score
from helpers.mini_m3.training.corpus import read_lines
from helpers.mini_m3.training.vocabulary import real_tokenizer
from helpers.multi_vector import max_sim
from helpers.pipeline import BgeM3
from helpers.pooling import POOLINGS

STOP = set((Path(__file__).parent / "stop_words.txt").read_text(encoding="utf-8").split())


@dataclass(frozen=True)
class Figure:
    """One line of the card: what was measured, what was wanted, what was found, and whether that is enough."""

    what: str
    target: str
    found: str
    met: bool | None = None


def at_least(what: str, target: Sequence[float], found: Sequence[float]) -> Figure:
    """A figure that should reach its targets."""
    shown = " / ".join(f"{value:.3f}" for value in found)
    wanted = " / ".join(f"{value:.2f}" for value in target)
    return Figure(what, f"≥ {wanted}", shown, all(f >= t for f, t in zip(found, target, strict=True)))


def at_most(what: str, target: float, found: float, more: str = "") -> Figure:
    """A figure that should stay under its target."""
    return Figure(what, f"≤ {target:.2f}", f"{found:.3f}{more}", found <= target)


def vectors(bge: BgeM3, texts: Sequence[str], pooling: str = "cls") -> Tensor:
    """Unit vectors ``(n, H)``."""
    return torch.as_tensor(bge.encode(list(texts), pooling=pooling, progress=False, max_length=bge.max_length))


def tatoeba(bge: BgeM3, lines: list[list[str]], pooling: str = "cls") -> tuple[float, float]:
    """Top-1 accuracy, English → Chinese and back."""
    english, chinese = (vectors(bge, [line[side] for line in lines], pooling) for side in (0, 1))
    return recall_at(ranks(english @ chinese.T)), recall_at(ranks(chinese @ english.T))


def right_sentence(bge: BgeM3, pooling: str = "cls") -> float:
    """A Chinese sentence of the course finds its English one among all 220 and their 220 near misses."""
    rows = load_sentences()
    chinese = vectors(bge, [row.chinese for row in rows], pooling)
    english = vectors(bge, [row.english for row in rows] + [row.near_miss for row in rows], pooling)
    return recall_at(ranks(chinese @ english.T))


def right_twin(bge: BgeM3, kind: str = "order") -> float:
    """Of a text's two possible translations, a text and its twin, the right one is nearer: all four directions.

    A tie counts half.
    """
    rows = load_pairs(kind)
    columns = ("english", "english_twin", "chinese", "chinese_twin")
    e, e_twin, z, z_twin = (vectors(bge, [getattr(row, column) for row in rows]) for column in columns)

    def nearer(text: Tensor, right: Tensor, wrong: Tensor) -> Tensor:
        lead = (text * (right - wrong)).sum(-1)
        return torch.where(lead.abs() > TIE, (lead > 0).float(), 0.5)

    found = [nearer(z, e, e_twin), nearer(z_twin, e_twin, e), nearer(e, z, z_twin), nearer(e_twin, z_twin, z)]
    return float(torch.stack(found).mean())


def cosines(bge: BgeM3, lines: list[list[str]]) -> tuple[float, float]:
    """Median cosine of texts that have nothing to do with each other, and of translations."""
    english, chinese = (vectors(bge, [line[side] for line in lines]) for side in (0, 1))
    scores = english @ chinese.T
    others = ~torch.eye(len(scores), dtype=torch.bool)
    return float(scores[others].median()), float(scores.diagonal().median())


def reciprocal(scores: Tensor, own: Tensor | None = None) -> Tensor:
    """1 / rank of each query's right passage, 0 beyond the tenth place: what MRR@10 is the mean of."""
    found = ranks(scores, own)
    return torch.where(found <= 10, 1 / found, 0.0)


def three_scores(bge: BgeM3, queries: Sequence[str], passages: Sequence[str]) -> dict[str, Tensor]:
    """``(Q, P)`` scores by each output, and their sum with the weights of the paper's experiments (1, 0.3, 1)."""
    q, p = (bge.encode_outputs(list(texts), progress=False) for texts in (queries, passages))
    dense = q.dense @ p.dense.T
    lexical = torch.tensor([[lexical_score(a, b) for b in p.lexical] for a in q.lexical])
    multi = torch.tensor([[max_sim(a, b) for b in p.multi_vector] for a in q.multi_vector])
    return {"dense": dense, "lexical": lexical, "multi-vector": multi, "sum": dense + 0.3 * lexical + multi}


def passage_figures(bge: BgeM3) -> Iterator[Figure]:
    """Questions → passages among all 560 by each output; the sum against each alone."""
    questions = load_questions()
    scores = three_scores(bge, [question.question for question in questions], all_passages(questions))
    shares = {name: reciprocal(table) for name, table in scores.items()}
    means = {name: float(share.mean()) for name, share in shares.items()}
    total = means.pop("sum")
    for name, value in means.items():
        yield Figure(f"questions → passages, MRR@10: {name}", "", f"{value:.3f}")
    what = "questions → passages, MRR@10: sum of the three"
    yield Figure(what, "≥ each alone", f"{total:.3f}", total >= max(means.values()))
    low, high = paired_interval(shares["sum"], shares["dense"])
    gain = f"{total - means['dense']:+.3f} ({low:+.3f} to {high:+.3f})"
    yield Figure("… sum − dense, paired 95 % interval", "above 0", gain, low > 0)
    multi = means["multi-vector"] - means["dense"]
    yield Figure("… multi-vector − dense", "≥ 0", f"{multi:+.3f}", multi >= 0)


def description_figures(bge: BgeM3, rows: list[list[str]]) -> Iterator[Figure]:
    """Held-out package descriptions, short → long: English, Chinese, Chinese → English; with lexical added."""
    both = [row for row in rows if len(row) == 4]
    if rows[: len(both)] != both:
        raise ValueError("packages described in both languages should come first")
    long = vectors(bge, [row[1] for row in rows])
    chinese = vectors(bge, [row[2] for row in both])
    found = [
        reciprocal(vectors(bge, [row[0] for row in rows]) @ long.T).mean(),
        reciprocal(chinese @ vectors(bge, [row[3] for row in both]).T).mean(),
        reciprocal(chinese @ long.T).mean(),
    ]
    what = f"package descriptions, MRR@10: en ({len(rows)}) / zh ({len(both)}) / zh → en, dense"
    yield at_least(what, (0.88, 0.80, 0.72), [float(value) for value in found])
    q, p = (bge.encode_outputs([row[side] for row in rows], progress=False) for side in (0, 1))
    lexical = torch.tensor([[lexical_score(a, b) for b in p.lexical] for a in q.lexical])
    added = reciprocal(q.dense @ p.dense.T + 0.3 * lexical).mean()
    yield Figure("… en, lexical alone", "", f"{float(reciprocal(lexical).mean()):.3f}")
    yield at_least("… en, lexical added", [0.92], [float(added)])


def is_content(piece: str) -> bool:
    """Whether a piece carries meaning of its own: letters or digits, and no stop word."""
    word = piece.strip("▁").lower()
    return word not in STOP and any(unicodedata.category(c)[0] in "LN" for c in word)


def lexical_figures(bge: BgeM3) -> Iterator[Figure]:
    """Which pieces weigh most, on the course's English and Chinese sentences."""
    rows = load_sentences()
    texts = [row.english for row in rows] + [row.chinese for row in rows]
    weights = bge.encode_outputs(texts, progress=False).lexical
    name = bge.tokenizer.convert_ids_to_tokens
    heaviest = [is_content(name(max(found, key=found.__getitem__))) for found in weights if found]
    share = sum(heaviest) / len(texts)
    yield at_least("lexical weights: the heaviest piece is a content word", [0.95], [share])
    content: list[float] = []
    others: list[float] = []
    for text, found in zip(texts, weights, strict=True):
        for number in set(bge.tokenizer(text, add_special_tokens=False)["input_ids"]):
            (content if is_content(name(number)) else others).append(found.get(number, 0.0))
    ratio = (sum(others) / len(others)) / (sum(content) / len(content))
    yield at_most("… stop words and punctuation against content words, mean weight", 1 / 3, ratio)


def pooling_figures(bge: BgeM3) -> Iterator[Figure]:
    """cls against mean and max, and the last layer against the one below, on passages and on paraphrases."""
    questions, rows = load_questions(), load_sentences()
    tasks = {
        "questions → passages": ([q.question for q in questions], all_passages(questions)),
        "paraphrases": ([r.paraphrase for r in rows], [r.english for r in rows] + [r.near_miss for r in rows]),
    }
    for task, (queries, candidates) in tasks.items():
        shares = {how: reciprocal(vectors(bge, queries, how) @ vectors(bge, candidates, how).T) for how in POOLINGS}
        for how in ("mean", "max"):
            yield against(f"{task}, MRR@10: cls − {how}", shares["cls"], shares[how])
        with without_layer(bge.model, len(bge.model.encoder.layer) - 1):
            below = reciprocal(vectors(bge, queries) @ vectors(bge, candidates).T)
        yield against(f"{task}, MRR@10: cls of the last layer − of the one below", shares["cls"], below)


def against(what: str, one: Tensor, other: Tensor) -> Figure:
    """A difference that should be above 0, or have 0 within its paired interval."""
    low, high = paired_interval(one, other)
    gain = float((one - other).mean())
    return Figure(what, "≥ 0, or 0 within", f"{gain:+.3f} ({low:+.3f} to {high:+.3f})", high >= 0)


def ablation_figures(bge: BgeM3, lines: list[list[str]]) -> Iterator[Figure]:
    """What is left when attention is even, positions are equal, one layer or one head is off."""
    intact = min(tatoeba(bge, lines))
    with even_attention(bge.model):
        yield at_most("Tatoeba with every attention map even, share of intact", 0.6, max(tatoeba(bge, lines)) / intact)
    with equal_positions(bge.model):
        yield at_most("word order with all positions equal", 0.6, right_twin(bge))
    near = right_sentence(bge)
    yield Figure("right English sentence first: nothing off", "", f"{near:.3f}")
    for layer in range(len(bge.model.encoder.layer)):
        with without_layer(bge.model, layer):
            left = right_sentence(bge)
        heads = []
        for head in range(bge.model.config.num_attention_heads):
            with without_head(bge.model, layer, head):
                heads.append(right_sentence(bge))
        worst = min(range(len(heads)), key=heads.__getitem__)
        shown = f"{left:.3f}; one head off: {heads[worst]:.3f} (head {worst}) to {max(heads):.3f}"
        yield Figure(f"right English sentence first: layer {layer} off", "", shown)


def same_cut(bge: BgeM3, texts: list[str]) -> float:
    """Share of texts that the checkpoint's tokenizer cuts exactly as the real one."""
    real = real_tokenizer(BGE_M3_TOKENIZER / "tokenizer.json")
    ours = [bge.tokenizer.tokenize(text) for text in texts]
    theirs = [encoding.tokens for encoding in real.encode_batch(texts, add_special_tokens=False)]
    return sum(a == b for a, b in zip(ours, theirs, strict=True)) / len(texts)


def seconds(bge: BgeM3) -> float:
    """Time to encode the course's 440 sentences, the better of two runs."""
    texts = [text for row in load_sentences() for text in (row.english, row.chinese)]
    found = []
    for _ in range(2):
        start = time.perf_counter()
        vectors(bge, texts)
        found.append(time.perf_counter() - start)
    return min(found)


def figures(bge: BgeM3, pairs: list[list[str]], packages: list[list[str]]) -> Iterator[Figure]:
    """Every figure of the card in its order."""
    yield at_least("Tatoeba en → zh / zh → en, top-1 of 1,000", (0.95, 0.95), tatoeba(bge, pairs))
    yield at_least("right English sentence first for a Chinese one, of 440", [0.95], [right_sentence(bge)])
    yield at_least("word order, held-out pairs", [0.90], [right_twin(bge)])
    for kind in ("negation", "number", "antonym", "tense"):
        yield Figure(f"held-out pairs: {kind}", "", f"{right_twin(bge, kind):.3f}")
    unrelated, right = cosines(bge, pairs)
    yield Figure("median cosine, unrelated", "0.25–0.45", f"{unrelated:.3f}", 0.25 <= unrelated <= 0.45)
    yield at_least("median cosine, translations − unrelated", [0.25], [right - unrelated])
    yield from passage_figures(bge)
    yield from description_figures(bge, packages)
    yield from lexical_figures(bge)
    yield from pooling_figures(bge)
    yield from ablation_figures(bge, pairs)
    cuts = [same_cut(bge, [line[side] for line in pairs]) for side in (0, 1)]
    yield at_least("cut exactly as bge-m3: en / zh", (0.98, 0.99), cuts)
    yield at_most("seconds for the course's 440 sentences", 3.0, seconds(bge))


def main(argv: list[str] | None = None) -> None:
    """Command line: print the table of the model card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of eval_tatoeba_en_zh.tsv")
    parser.add_argument("--work", type=Path, required=True, help="folder of held_out_debian_descriptions.tsv")
    parser.add_argument("--checkpoint", default="mini")
    options = parser.parse_args(argv)
    bge = BgeM3.from_checkpoint(options.checkpoint, device="cpu")
    pairs = read_lines(options.data / "eval_tatoeba_en_zh.tsv")
    held = (options.work / "held_out_debian_descriptions.tsv").read_text(encoding="utf-8").splitlines()
    packages = [line.split("\t") for line in held]
    print("| what | target | mini-m3 | |\n|---|---|---|---|")
    marks = {True: "✓", False: "✗", None: ""}
    for figure in figures(bge, pairs, packages):
        print(f"| {figure.what} | {figure.target} | {figure.found} | {marks[figure.met]} |", flush=True)


if __name__ == "__main__":
    main()
