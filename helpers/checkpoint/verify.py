"""Is this the real bge-m3, and does this machine compute it right? Every stage and output against recorded figures.

The figures (``recorded_bge_m3.json``) were recorded from the real model by others: configuration, input ids, vectors,
similarities, lexical weights, scores. Between them stands the parity ladder: the stages by hand against the
library. The first finding that fails is where to look.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from helpers.checkpoint.integrity import complete
from helpers.checkpoint.recorded import PINNED, WEIGHTS
from helpers.lexical import lexical_score
from helpers.multi_vector import max_sim, weighted_sum
from helpers.normalization import l2_normalize
from helpers.parity import ladder, tolerance
from helpers.pipeline import BgeM3

LINEARS = ("sparse_linear.pt", "colbert_linear.pt")
Output = tuple[Tensor, dict[int, float], Tensor]  # of one text: vector (H,), lexical weights, token vectors (T - 1, H)


class Finding(NamedTuple):
    """One stage or output, whether it is right (``None``: could not be checked), and what was seen."""

    stage: str
    right: bool | None
    message: str

    def __str__(self) -> str:
        mark = {True: "ok   ", False: "WRONG", None: "  -  "}[self.right]
        return f"{mark} {self.stage:<19} {self.message}"


def files(folder: Path) -> Finding:
    """Each file against the pinned revision's sha256; other files are named and not refused: the numbers decide."""
    loaded = next((name for name in WEIGHTS if (folder / name).is_file()), WEIGHTS[-1])
    names = [*(name for name in PINNED if name not in WEIGHTS), loaded]
    same = [name for name in names if name in PINNED and complete(folder / name, *PINNED[name])]
    other = "".join(f", not {name}" for name in names if name not in same)
    return Finding("files", not other or None, f"{len(same)} of {len(names)} as in the pinned revision{other}")


def findings(bge: BgeM3, recorded: dict[str, Any]) -> Iterator[Finding]:
    """Every stage and output of a float32 model against ``recorded_figures()``, in the order of the pipeline."""
    config, walkthrough = bge.checkpoint.config, recorded["walkthrough"]
    wrong = [key for key, value in recorded["config"].items() if config.get(key, value) != value]
    yield Finding("configuration", not wrong, ", ".join(f"{key}={config[key]}" for key in wrong) or "as recorded")
    walk = bge.walk(walkthrough["sentences"])
    yield Finding("input ids", walk.ids.tolist() == walkthrough["input_ids"], f"by hand, {list(walk.ids.shape)}")
    yield Finding("attention mask", walk.mask.tolist() == walkthrough["attention_mask"], f"{list(walk.mask.shape)}")
    rungs = ladder(bge, walk.texts, walk)
    for rung in rungs:
        if not rung.error < tolerance(bge.model, rung.layers):
            yield Finding(rung.stage, False, f"by hand and by the library differ: {rung.error:.1e}")
            return
    worst = max(rungs, key=lambda rung: rung.error)
    yield Finding("stages by hand", True, f"{len(rungs)} equal the library's, error {worst.error:.1e} ({worst.stage})")
    yield from outputs(bge, recorded["figures"])


def outputs(bge: BgeM3, figures: list[dict[str, Any]]) -> Iterator[Finding]:
    """The three outputs and their scores: for each quantity that was recorded, how near the computed numbers are."""
    checks = [(figure["id"], check) for figure in figures for check in figure.get("checks", ())]
    missing = [name for name in LINEARS if not (bge.checkpoint.path / name).is_file()]
    computed = compute(bge, [check for _, check in checks], dense_only=bool(missing))
    for quantity in dict.fromkeys(check["quantity"] for _, check in checks):
        if missing and quantity.startswith(("lexical", "multi-vector", "weighted")):
            yield Finding(quantity, None, f"not checked: {missing[0]} is not here")
            continue
        same = [(figure, check) for figure, check in checks if check["quantity"] == quantity]
        share, figure = max((difference(check, computed) / check["tolerance"], figure) for figure, check in same)
        yield Finding(quantity, share < 1, f"{len(same)} recorded; furthest, in tolerances: {share:.2f} ({figure})")


def compute(bge: BgeM3, checks: list[dict[str, Any]], dense_only: bool = False) -> dict[str, Output]:
    """Outputs by text, for all texts of the checks; ``dense_only``: the other two stand empty."""
    texts = sorted({text for check in checks for inputs in check["inputs"] for text in inputs})
    if dense_only:
        return {text: (vector, {}, vector[None]) for text, vector in zip(texts, bge.encode(texts), strict=True)}
    found = bge.encode_outputs(texts)
    return dict(zip(texts, zip(found.dense, found.lexical, found.multi_vector, strict=True), strict=True))


def difference(check: dict[str, Any], computed: dict[str, Output]) -> float:
    """The largest difference between a check's recorded numbers and those of the computed outputs; ``inf`` for nan."""
    gaps = []
    for inputs, expected in zip(check["inputs"], check["expected"], strict=True):
        dense, lexical, vectors = zip(*(computed[text] for text in inputs), strict=True)  # of one text, or of two
        found: Any
        if check["quantity"] == "lexical weights":
            numbers = {0, *lexical[0], *map(int, expected)}  # 0, <s>, has none
            found = [lexical[0].get(number, 0.0) for number in numbers]
            expected = [expected.get(str(number), 0.0) for number in numbers]
        elif check["quantity"] == "vectors":
            found = dense[0][check["places"]]
        elif check["quantity"] == "directions":
            if len(expected) != len(dense[0]):  # of a model of another width
                return float("inf")
            found, expected = dense[0] @ l2_normalize(torch.tensor(expected)), 1.0
        elif check["quantity"] == "sums of vectors":
            found = dense[0].sum()
        else:
            found = weighted_sum(dense[0] @ dense[1], lexical_score(*lexical), max_sim(*vectors), check["weights"])
        gaps.append((torch.as_tensor(found) - torch.tensor(expected)).abs().max())
    return torch.nan_to_num(torch.stack(gaps), nan=torch.inf).max().item()
