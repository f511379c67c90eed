"""Is this the real bge-m3, and does this machine compute it right? Every stage against recorded figures.

The figures (``recorded_bge_m3.json``) were recorded from the real model by others: configuration,
input ids and mask, shapes, first numbers of vectors, similarities, lexical weights. Between them stands the
parity ladder: the stages by hand against the library. The first finding that fails is where to look.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from tqdm.auto import tqdm

from helpers.checkpoint.integrity import CheckpointError
from helpers.checkpoint.load import load_linear
from helpers.checkpoint.manifest import PINNED, WEIGHTS, sha256
from helpers.checkpoint.recorded import recorded_figures
from helpers.lexical import lexical_weights
from helpers.parity import ladder, tolerance

if TYPE_CHECKING:
    from helpers.checkpoint.find import Checkpoint
    from helpers.pipeline import BgeM3

ATOL = 1e-4  # vectors and lexical weights, recorded in float32
RTOL_BF16 = 0.01  # similarities, recorded in bfloat16


@dataclass(frozen=True)
class Finding:
    """One stage, whether it is right (``None``: could not be told), and what was seen."""

    stage: str
    right: bool | None
    told: str

    def __str__(self) -> str:
        return f"{ {True: 'ok   ', False: 'WRONG', None: '  -  '}[self.right] } {self.stage:<18} {self.told}"


def files(folder: Path) -> Finding:
    """Each file against the pinned revision's sha256; other files are told, not refused: the numbers decide.

    Where there is a ``model.safetensors``, that is what is loaded, so it is told of in place of
    ``pytorch_model.bin``; the pinned revision has none.
    """
    loaded, source = WEIGHTS
    names = [loaded if name == source and (folder / loaded).is_file() else name for name in PINNED]
    here = [name for name in names if (folder / name).is_file()]
    bar = tqdm(here, desc="sha256", leave=False)
    same = [name for name in bar if name in PINNED and sha256(folder / name) == PINNED[name][1]]
    told = f"{len(same)} of {len(PINNED)} as in the pinned revision"
    if other := [name for name in here if name not in same]:
        told += f"; others: {', '.join(other)}"
    return Finding("files", True if len(same) == len(PINNED) else None, told)


def findings(bge: BgeM3, recorded: dict) -> Iterator[Finding]:
    """Every stage of a float32 model against what was recorded, in the order of the pipeline.

    ``recorded`` has the form of ``recorded_figures()``.
    """
    config, walkthrough = bge.checkpoint.config, recorded["walkthrough"]
    wrong = [key for key, value in recorded["config"].items() if key in config and config[key] != value]
    yield Finding("configuration", not wrong, ", ".join(f"{key}={config[key]}" for key in wrong) or "as recorded")

    walk = bge.walk(walkthrough["sentences"])
    expected = {"input ids": walkthrough["input_ids"], "attention mask": walkthrough["attention_mask"]}
    for stage, found in {"input ids": walk.ids, "attention mask": walk.mask}.items():
        yield Finding(stage, found.tolist() == expected[stage], f"by hand, {list(found.shape)}")
    rungs = ladder(bge, walk.texts, walk)
    spoilt = [rung for rung in rungs if not rung.error < tolerance(bge.model, rung.layers)]
    worst = max(rungs, key=lambda rung: rung.error)
    told = f"{len(rungs)} stages equal the library's, largest error {worst.error:.1e} ({worst.stage})"
    yield from (Finding(rung.stage, False, f"by hand and by the library differ: {rung.error:.1e}") for rung in spoilt)
    if not spoilt:
        yield Finding("stages by hand", True, told)
    shape = list(walk.hidden_states[-1].shape)
    yield Finding("hidden states", shape == walkthrough["last_hidden_state_shape"], f"{shape}")

    heads = {int(row): torch.tensor(head) for row, head in walkthrough["embedding_head"].items()}
    gap = max((walk.vectors[row, : len(head)].cpu() - head).abs().max().item() for row, head in heads.items())
    yield Finding("vectors", gap < ATOL, f"largest difference to the recorded numbers: {gap:.1e}")

    planets = recorded["published_similarities"]
    texts = [planets["query"], *planets["documents"]]
    vectors = bge.encode(texts, dtype=torch.bfloat16, progress=False)  # (5, H)
    cosines, published = vectors[1:] @ vectors[0], torch.tensor(planets["cosine"])  # (4,)
    gap = ((cosines - published).abs() / published.abs()).max().item()
    yield Finding("similarities", gap < RTOL_BF16, f"largest relative difference in bfloat16: {gap:.1%}")
    yield lexical(bge, recorded["lexical_weights"]["texts"])


def lexical(bge: BgeM3, recorded: dict[str, dict[str, float]]) -> Finding:
    """The lexical weights of the recorded texts, if ``sparse_linear.pt`` is here."""
    stage, path = "lexical weights", bge.checkpoint.path / "sparse_linear.pt"
    if not path.is_file():
        return Finding(stage, None, f"not checked: {path.name} is not here")
    try:
        linear = load_linear(path.parent, path.name, 1, bge.model.config.hidden_size)
    except CheckpointError as error:
        return Finding(stage, False, str(error))
    walk, gap = bge.walk(list(recorded)), 0.0
    weights = lexical_weights(walk.hidden_states[-1], walk.ids, *linear)
    for found, expected in zip(weights, recorded.values(), strict=True):
        if found.keys() != set(map(int, expected)):
            return Finding(stage, False, "other tokens have a weight than recorded")
        gap = max(gap, *(abs(found[int(number)] - weight) for number, weight in expected.items()))
    return Finding(stage, gap < ATOL, f"largest difference to the recorded weights: {gap:.1e}")


def main(found: Checkpoint) -> int:
    """Print every finding and the verdict for a checkpoint; 0 if it is the real one and computed right, else 1."""
    from helpers.pipeline import BgeM3

    print(found.path)
    print(files(found.path), flush=True)
    bge = BgeM3.from_checkpoint(found.path, device="cpu")  # as the figures were recorded
    print(bge)
    wrong = []
    for finding in findings(bge, recorded_figures()):
        print(finding, flush=True)
        wrong += [finding] if finding.right is False else []
    if wrong:
        print(f"This is not the real bge-m3, or it is computed wrong here. First wrong stage: {wrong[0].stage}.")
        return 1
    print("Computed on the CPU, in float32 and, for the similarities, in bfloat16.")
    print("This is the real bge-m3, and your installation computes it right.")
    return 0
