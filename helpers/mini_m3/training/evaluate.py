"""Measure a checkpoint on English–Chinese pairs: how often is the nearest text the translation?

    python -m helpers.mini_m3.training.evaluate pairs.tsv … [--checkpoint DIR] [--real-tokenizer tokenizer.json]

For every file of aligned pairs: top-1 accuracy both ways, by pooling of the last layer (cls, mean, max) and
for the mean of the raw word embeddings, which no layer has touched; then the same for long passages
made of consecutive pairs. With the real tokenizer at hand, also how many texts are cut identically.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from helpers.mini_m3.training.corpus import read_lines
from helpers.mini_m3.training.vocabulary import real_tokenizer
from helpers.normalization import l2_normalize
from helpers.pipeline import BgeM3
from helpers.pooling import POOLINGS, mean_pooling
from helpers.tokenization import pad


def top1(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Share of rows whose nearest row on the other side is their own partner: a → b, and b → a."""
    scores, own = a @ b.T, np.arange(len(a))
    return float((scores.argmax(1) == own).mean()), float((scores.argmax(0) == own).mean())


def raw_vectors(bge: BgeM3, texts: list[str]) -> np.ndarray:
    """Unit mean of the word embeddings of a text's pieces, special tokens left out; ``(n, H)``."""
    rows = bge.tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
    table = bge.model.embeddings.word_embeddings.weight.detach()
    made = []
    for row in rows:
        ids, mask = pad([row or [3]])
        made.append(l2_normalize(mean_pooling(table[ids], mask))[0])
    return torch.stack(made).numpy()


def long_passages(lines: list[list[str]], size: int = 12) -> list[list[str]]:
    """Consecutive pairs joined ``size`` at a time."""
    return [
        [" ".join(line[side] for line in lines[start : start + size]) for side in (0, 1)]
        for start in range(0, len(lines) - size + 1, size)
    ]


def measure(bge: BgeM3, lines: list[list[str]]) -> dict[str, tuple[float, float]]:
    """Top-1 both ways (en → zh, zh → en) by kind of vector."""
    english, chinese = ([line[side] for line in lines] for side in (0, 1))
    made = {
        how: top1(*(bge.encode(texts, pooling=how, progress=False).numpy() for texts in (english, chinese)))
        for how in POOLINGS
    }
    return made | {"raw word embeddings": top1(raw_vectors(bge, english), raw_vectors(bge, chinese))}


def same_cut(real: Tokenizer, bge: BgeM3, texts: list[str]) -> float:
    """Share of texts that the checkpoint's tokenizer cuts exactly as the real one."""
    ours = [bge.tokenizer.tokenize(text) for text in texts]
    theirs = [encoding.tokens for encoding in real.encode_batch(texts, add_special_tokens=False)]
    return sum(a == b for a, b in zip(ours, theirs, strict=True)) / len(texts)


def main(argv: list[str] | None = None) -> None:
    """Command line: print the tables of the model card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path, nargs="+", help="tsv files: English, Chinese")
    parser.add_argument("--checkpoint", default="mini")
    parser.add_argument("--real-tokenizer", type=Path, help="bge-m3's tokenizer.json, for the last table")
    options = parser.parse_args(argv)
    bge = BgeM3.from_checkpoint(options.checkpoint, device="cpu")
    print("| pairs | vectors | en → zh | zh → en |\n|---|---|---|---|")
    files = {path.stem: read_lines(path) for path in options.pairs}
    longer = {f"{name}, 12 joined": long_passages(lines) for name, lines in files.items()}
    for name, lines in (files | {name: lines for name, lines in longer.items() if len(lines) > 20}).items():
        for how, (there, back) in measure(bge, lines).items():
            print(f"| {name} ({len(lines):,}) | {how} | {there:.3f} | {back:.3f} |", flush=True)
    if options.real_tokenizer:
        real = real_tokenizer(options.real_tokenizer)
        print("\n| texts | cut exactly as bge-m3: English | Chinese |\n|---|---|---|")
        for name, lines in files.items():
            shares = [same_cut(real, bge, [line[side] for line in lines]) for side in (0, 1)]
            print(f"| {name} | {shares[0]:.3f} | {shares[1]:.3f} |")


if __name__ == "__main__":
    main()
