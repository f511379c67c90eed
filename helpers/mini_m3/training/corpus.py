"""Read the training texts that a recipe names, set the held-out part aside, make more by recombination.

A recipe (``recipe.toml``) lists the files, how much of each is used, and how many lines are held out.
``.tsv`` files are aligned (English, Chinese): both sides carry the same pair number and later share
one target. ``.txt`` files are single texts.
"""

from __future__ import annotations

import random
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tokenizers import Tokenizer


@dataclass
class Corpus:
    """Training texts with, for each, its pair number (−1: none) and how often a pass shows it."""

    texts: list[str] = field(default_factory=list)
    pairs: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    held_out: dict[str, list[list[str]]] = field(default_factory=dict)

    def add(self, sides: list[str], weight: float = 1.0, pair: int = -1) -> None:
        """Add the one or two sides of a line."""
        self.texts += sides
        self.pairs += [pair] * len(sides)
        self.weights += [weight] * len(sides)


def read_lines(path: Path) -> list[list[str]]:
    """``[text]`` for each line of a ``.txt``; ``[english, chinese]`` for each line of a ``.tsv``."""
    wanted = 2 if path.suffix == ".tsv" else 1
    lines = [line.split("\t")[:wanted] for line in path.read_text(encoding="utf-8").split("\n")]
    return [line for line in lines if len(line) == wanted and all(side.strip() for side in line)]


def passages(lines: list[list[str]], count: int, longest: int, draw: random.Random) -> list[str]:
    """Neighbouring lines joined to texts of up to ``longest`` characters, so that late positions are trained."""
    made = []
    while len(made) < count and lines:
        side, start = draw.randrange(len(lines[0])), draw.randrange(len(lines))
        target, text = draw.randrange(longest // 5, longest), lines[start][side]
        for line in lines[start + 1 : start + 400]:
            if len(text) + len(line[side]) > target:
                break
            text += " " + line[side]
        made.append(text)
    return made


class Recombiner:
    """New sentences from old: a random walk over piece trigrams, with a few pieces swapped for rare ones.

    The walks are seldom true and not always grammatical. They need not be: the teacher labels
    whatever it reads, and locally plausible text is what teaches the student the teacher's map.
    """

    def __init__(self, tokenizer: Tokenizer, texts: list[str], seed: int) -> None:
        self.draw = random.Random(seed)
        self.after: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for encoding in tokenizer.encode_batch(texts, add_special_tokens=False):
            pieces = ["", "", *encoding.tokens, ""]
            for i in range(2, len(pieces)):
                self.after[tuple(pieces[i - 2 : i])].append(pieces[i])
                self.after[(pieces[i - 1],)].append(pieces[i])
        vocabulary = sorted(tokenizer.get_vocab())
        self.words = [p for p in vocabulary if p[0] == "▁" and len(p) > 3 and p[1:].isascii() and p[1:].isalpha()]
        self.han = [p for p in vocabulary if len(p) > 1 and all("\u4e00" <= c <= "\u9fff" for c in p)]

    def sentence(self, swap: float = 0.1, longest: int = 40) -> str:
        """One new sentence of at most ``longest`` pieces."""
        pieces = ["", ""]
        while len(pieces) < longest + 2:
            key = tuple(pieces[-2:]) if self.draw.random() > 0.12 else (pieces[-1],)
            nxt = self.draw.choice(self.after.get(key) or self.after[(pieces[-1],)])
            if not nxt:
                break
            pieces.append(nxt)
        for i, piece in enumerate(pieces):
            if self.draw.random() < swap and len(piece.strip("▁")) > 1:
                same = (
                    self.words
                    if piece[0] == "▁" and piece[1:].isascii()
                    else self.han
                    if not piece.isascii()
                    else [piece]
                )
                pieces[i] = self.draw.choice(same)
        return "".join(pieces).replace("▁", " ").strip()


def load_corpus(recipe_path: Path, data: Path, tokenizer: Tokenizer) -> Corpus:
    """Everything the recipe asks for, from the files under ``data``, in an order its seed fixes."""
    recipe = tomllib.loads(recipe_path.read_text(encoding="utf-8"))
    corpus, draw = Corpus(), random.Random(recipe["seed"])
    never = {side for name in recipe.get("exclude", []) for line in read_lines(data / name) for side in line}
    sources: dict[str, list[str]] = defaultdict(list)
    next_pair = 0
    for entry in recipe["file"]:
        lines = read_lines(data / entry["name"])
        draw.shuffle(lines)
        if held := entry.get("hold_out", 0):
            corpus.held_out[entry["name"]], lines = lines[:held], lines[held:]
            never |= {side for line in corpus.held_out[entry["name"]] for side in line}
        lines = [line for line in lines if not never.intersection(line)]
        long = passages(lines, entry.get("passages", 0), recipe["longest_passage"], draw)
        share = entry.get("share", 1.0)
        for line in lines[: max(1, round(len(lines) * min(share, 1.0)))]:
            corpus.add(line, max(share, 1.0), next_pair if len(line) == 2 else -1)
            next_pair += len(line) == 2
            for language, side in zip(entry.get("recombine", []), line, strict=False):
                sources[language].append(side)
        for text in long:
            corpus.add([text])
    for number, language in enumerate(sorted(sources)):
        walk = Recombiner(tokenizer, sources[language], recipe["seed"] + number)
        for _ in range(recipe["recombined"]):
            if text := walk.sentence():
                corpus.add([text])
    if words := recipe.get("words"):
        for line in read_lines(data / words):
            corpus.add(line)
        for piece in sorted(tokenizer.get_vocab()):
            if "\u4e00" <= piece[-1] <= "\u9fff":
                corpus.add([piece.replace("▁", "")])
    return corpus
