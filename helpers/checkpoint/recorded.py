"""What is recorded of BAAI/bge-m3: the files of the pinned revision, and the numbers that others published.

All of it is in ``recorded_bge_m3.json``, with sources. Of the repository's 4.6 GB only the files listed there are
needed. All but the weights and ``sentencepiece.bpe.model`` are in ``helpers/bge_m3_tokenizer``, byte for byte.
"""

import json
from pathlib import Path
from typing import Any

REPO = "BAAI/bge-m3"
REVISION = "5617a9f61b028005a4858fdac845db406aefb181"
WEIGHTS = ("model.safetensors", "pytorch_model.bin")  # the first that is there is used


def recorded_figures() -> dict[str, Any]:
    """``files``, ``config``, ``walkthrough``, ``published_similarities``, ``lexical_weights``, ``figures``.

    >>> recorded_figures()["config"]["hidden_size"]
    1024
    """
    return json.loads(Path(__file__).with_name("recorded_bge_m3.json").read_text(encoding="utf-8"))


Files = dict[str, tuple[int, str]]  # bytes and sha256 by name
PINNED: Files = {name: (size, sha256) for name, (size, sha256) in recorded_figures()["files"].items()}
