"""A checkpoint of bge-m3's exact shape and layout with random weights, for what the real one would be too large.

568 million seeded numbers under the real names, ``pytorch_model.bin`` as on the hub, the real tokenizer and
small files, ``sparse_linear.pt`` and ``colbert_linear.pt`` in float16: everything of BAAI/bge-m3 but the values.
Built once (half a minute, 2.3 GB) in the tests' cache folder.

    python tests/real_shape.py            builds it if it is not there and prints the folder
    python tests/real_shape.py --remove   gives the disk space back
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import torch

from helpers.checkpoint.find import BGE_M3_TOKENIZER
from helpers.checkpoint.recorded import PINNED

SEED = 0
VERSION = 2  # of the recipe below


def where() -> Path:
    """The folder in the tests' cache, whether it is there or not."""
    return cache_folder() / f"real-shape-{VERSION}"


def cache_folder() -> Path:
    """Where it is kept: ``INSIDE_BGE_M3_CACHE``, or a folder of the user's own cache."""
    if chosen := os.environ.get("INSIDE_BGE_M3_CACHE", "").strip():
        return Path(chosen).expanduser().resolve()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "inside-bge-m3"


def build() -> Path:
    """The checkpoint's folder; built first if it is not there. Whoever builds moves a whole folder into place."""
    if where().is_dir():
        return where()
    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="building-", ignore_cleanup_errors=True) as parent:
        folder = Path(parent) / "folder"
        shutil.copytree(BGE_M3_TOKENIZER, folder, ignore=shutil.ignore_patterns("*.py", "*.md", "__pycache__"))
        torch.save(weights(), folder / "pytorch_model.bin")
        chance = torch.Generator().manual_seed(SEED + 1)
        for name, rows in (("sparse_linear.pt", 1), ("colbert_linear.pt", 1024)):
            state = {"weight": torch.randn(rows, 1024, generator=chance) / 32, "bias": torch.zeros(rows)}
            torch.save({key: value.half() for key, value in state.items()}, folder / name)
        for name in PINNED.keys() - {"sentencepiece.bpe.model"}:
            assert (folder / name).is_file(), name
        try:
            folder.replace(where())
        except OSError:  # another process was faster
            if not where().is_dir():
                raise
    return where()


def shallow(folder: Path, layers: int, target: Path) -> Path:
    """The checkpoint with its first layers only, everything else the same."""
    state = torch.load(folder / "pytorch_model.bin", weights_only=True, mmap=True)
    kept = {
        name: value for name, value in state.items()
        if not name.startswith("encoder.layer.") or int(name.split(".")[2]) < layers
    }  # fmt: skip
    for path in folder.iterdir():
        if path.name not in ("pytorch_model.bin", "config.json"):
            (shutil.copytree if path.is_dir() else shutil.copy)(path, target / path.name)
    torch.save(kept, target / "pytorch_model.bin")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (target / "config.json").write_text(json.dumps(config | {"num_hidden_layers": layers}), encoding="utf-8")
    return target


def weights() -> dict[str, torch.Tensor]:
    """Random float32 values for every tensor of bge-m3, pooler included, in the order of the architecture.

    Larger than a fresh model's (0.04 in place of 0.02, biases and LayerNorm too), so that no part of the
    computation could be left out unseen. Queries and keys are larger still and what a layer adds is smaller:
    plain random layers would make all tokens of a text the same by layer 24, and hide a mistake in pooling.
    """
    from transformers import XLMRobertaConfig, XLMRobertaModel

    config = XLMRobertaConfig.from_pretrained(BGE_M3_TOKENIZER)
    with torch.device("meta"):
        shapes = {name: value.shape for name, value in XLMRobertaModel(config).state_dict().items()}
    chance = torch.Generator().manual_seed(SEED)
    state = {name: torch.empty(shape).normal_(0, 0.04, generator=chance) for name, shape in shapes.items()}
    for name in state:
        if name.endswith("LayerNorm.weight"):
            state[name] += 1
        elif name.endswith(("query.weight", "key.weight")):
            state[name] *= 2
        elif name.endswith("output.dense.weight"):
            state[name] /= 48**0.5  # two sums a layer, 24 layers
    return state


if __name__ == "__main__":
    if sys.argv[1:] == ["--remove"]:
        for kept in (*where().parent.glob("real-shape-*"), *where().parent.glob("building-*")):
            shutil.rmtree(kept, ignore_errors=True)
    else:
        print(build())
