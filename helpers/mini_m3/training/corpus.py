"""Read the training texts that a recipe names and set the held-out part aside.

A recipe (``recipe.toml``) lists the files, how much of each is used, and how many lines are held out. ``.tsv`` files
are aligned (English, Chinese): both sides carry the same pair number and later share one target. ``.txt`` files are
single texts. The file of package descriptions (package, short and long in English, short and long in Chinese) gives
queries with the passage that answers them; so does running text, where a line asks for the lines around it.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Corpus:
    """What the student reads: texts with pair number (−1: none) and weight, and queries with their passages."""

    texts: list[str] = field(default_factory=list)
    pairs: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    searches: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # by group: a batch is of one
    held_out: dict[str, list[list[str]]] = field(default_factory=dict)

    def add(self, sides: list[str], weight: float = 1.0) -> None:
        """Add the one or two sides of a line."""
        number = len(self.texts) if len(sides) == 2 else -1
        self.texts += sides
        self.pairs += [number] * len(sides)
        self.weights += [weight] * len(sides)


def read_lines(path: Path) -> list[list[str]]:
    """``[text]`` for each line of a ``.txt``; ``[english, chinese]`` for each line of a ``.tsv``."""
    wanted = 2 if path.suffix == ".tsv" else 1
    lines = [line.split("\t")[:wanted] for line in path.read_text(encoding="utf-8").split("\n")]
    return [line for line in lines if len(line) == wanted and all(side.strip() for side in line)]


def read_descriptions(path: Path, longest: int) -> list[list[str]]:
    """``[short, long]`` or ``[short, long, short_zh, long_zh]`` of each package, cut at ``longest`` characters."""
    rows = [line.split("\t")[1:5] for line in path.read_text(encoding="utf-8").split("\n") if line.count("\t") >= 4]
    return [[text[:longest] for text in row if text] for row in rows if len([t for t in row if t]) in (2, 4)]


def passages(lines: list[list[str]], count: int, longest: int, draw: random.Random) -> list[list[str]]:
    """Neighbouring lines joined to texts of up to ``longest`` characters, so that late positions are trained."""
    made = []
    for _ in range(count if lines else 0):
        start, target = draw.randrange(len(lines)), draw.randrange(longest // 5, longest)
        stop, length = start + 1, len(lines[start][0])
        while stop < len(lines) and length + len(lines[stop][0]) < target:
            length += len(lines[stop][0]) + 1
            stop += 1
        made.append([" ".join(side) for side in zip(*lines[start:stop], strict=True)])
    return made


def hold_out_descriptions(rows: list[list[str]], both: int, english: int) -> tuple[list[list[str]], list[list[str]]]:
    """Set aside ``both`` packages described in both languages and ``english`` further ones; returns held, rest."""
    bilingual = [row for row in rows if len(row) == 4]
    others = [row for row in rows if len(row) == 2]
    return bilingual[:both] + others[:english], bilingual[both:] + others[english:]


def searches_of(row: list[str]) -> Iterable[tuple[str, tuple[str, str]]]:
    """Group and (query, passage) pairs of one package: short → long in each language, and across the two."""
    yield "descriptions", (row[0], row[1])
    if len(row) == 4:
        yield "descriptions zh", (row[2], row[3])
        yield "descriptions zh", (row[2], row[1])


def cloze(lines: list[list[str]], count: int, draw: random.Random) -> Iterable[tuple[str, str]]:
    """A line as the query, the lines around it as the passage, half of them with the line itself.

    Where the lines are aligned, query and passage take either side.
    """
    for _ in range(count):
        size = draw.randrange(3, 9)
        start = draw.randrange(len(lines) - size)
        own = draw.randrange(size)
        kept = [lines[start + i] for i in range(size) if i != own or draw.random() < 0.5]
        query, passage = draw.choice(lines[start + own]), draw.randrange(len(kept[0]))
        yield query, " ".join(line[passage] for line in kept)


def add_packages(corpus: Corpus, rows: list[list[str]], never: set[str]) -> None:
    """The descriptions of the packages that are not held out, as texts and as searches."""
    for row in rows:
        if never.intersection(row):  # a few packages share a text with another one
            continue
        for text in row:
            corpus.add([text])
        for group, search in searches_of(row):
            corpus.searches.setdefault(group, []).append(search)


def add_file(corpus: Corpus, entry: dict, lines: list[list[str]], longest: int, draw: random.Random) -> None:
    """One file of the recipe: its share of lines, passages of neighbouring ones, and searches."""
    long = passages(lines, entry.get("passages", 0), longest, draw)
    if count := entry.get("cloze", 0):
        corpus.searches[entry["name"]] = list(cloze(lines, count, random.Random(count)))
    draw.shuffle(lines)
    share = entry.get("share", 1.0)
    for line in lines[: max(1, round(len(lines) * min(share, 1.0)))]:
        corpus.add(line, max(share, 1.0))
    if count := entry.get("translations", 0):
        corpus.searches[entry["name"] + " translations"] = [(line[1], line[0]) for line in lines[:count]]
    for text in long:
        corpus.add(text)


def load_corpus(recipe_path: Path, data: Path) -> Corpus:
    """Everything the recipe asks for, from the files under ``data``, in an order its seed fixes."""
    recipe = tomllib.loads(recipe_path.read_text(encoding="utf-8"))
    corpus, draw = Corpus(), random.Random(recipe["seed"])
    never = {side for name in recipe["exclude"] for line in read_lines(data / name) for side in line}
    packages = recipe["descriptions"]
    rows = read_descriptions(data / packages["name"], packages["longest"])
    draw.shuffle(rows)
    held, rest = hold_out_descriptions(rows, packages["hold_out_both"], packages["hold_out_english"])
    corpus.held_out[packages["name"]] = held
    never |= {text for row in held for text in row}
    for entry in recipe["file"]:
        if count := entry.get("hold_out", 0):
            lines = [line for line in read_lines(data / entry["name"]) if not never.intersection(line)]
            corpus.held_out[entry["name"]] = draw.sample(lines, count)
            never |= {side for line in corpus.held_out[entry["name"]] for side in line}
    add_packages(corpus, rest, never)
    for entry in recipe["file"]:
        lines = [line for line in read_lines(data / entry["name"]) if not never.intersection(line)]
        add_file(corpus, entry, lines, recipe["longest_passage"], draw)
    return corpus
