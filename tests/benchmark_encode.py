"""``encode`` beside sentence-transformers, FlagEmbedding, the model card's plain loop and this machine's ceiling.

    python tests/benchmark_encode.py                      24 layers, 2.3 GB of random weights, an hour on two cores
    python tests/benchmark_encode.py --layers 2           the first two layers of them: minutes, the same ratios
    python tests/benchmark_encode.py --kinds mixed --dtypes float32 --ways ours,ceiling

Weights of bge-m3's shape (``tests/real_shape.py``; random numbers take as long as trained ones) or any folder by
``--checkpoint``. One way of encoding after the other in a process of its own, short, mixed and 8,192-token texts, in
float32 and bfloat16: texts and tokens a second, the most memory, the lowest cosine to the plain loop in float32.
The ceiling is the time that the layers' matrix products alone take, on batches of the size ``encode`` makes, with
nothing in between: what is left of it is attention, LayerNorm, gelu and moving numbers about.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

WAYS = ("ours", "ours, 32 texts", "sentence-transformers", "FlagEmbedding", "plain loop", "ceiling")
KINDS = {"short": (240, 4, 16), "mixed": (120, 3, 300), "long": (2, 9000, 9000)}  # texts, fewest and most words
DTYPES = ("float32", "bfloat16")


def texts(kind: str) -> list[str]:
    """The lessons' sentences, cut and joined to texts of the kind's lengths, the same ones every time."""
    from classroom.sentences import load_sentences

    count, least, most = KINDS[kind]
    chance = random.Random(kind)
    words = " ".join(f"{pair.english} {' '.join(pair.chinese)}" for pair in load_sentences()).split()
    made = []
    for _ in range(count):
        share = chance.random() ** 4 if kind == "mixed" else chance.random()  # most texts are short, a few are long
        length, start = least + round(share * (most - least)), chance.randrange(len(words))
        made.append(" ".join((words * 9)[start : start + length]))
    return made


def ours(folder: str, dtype: str, batch_size: int | None = None) -> Callable:
    """``BgeM3.encode``, as it comes or with so many texts a batch."""
    import torch

    from helpers import BgeM3

    bge = BgeM3.from_checkpoint(folder, dtype=getattr(torch, dtype))
    return lambda texts: bge.encode(texts, batch_size=batch_size, progress=False)


def sentence_transformers(folder: str, dtype: str) -> Callable:
    """As most people run it, 32 texts a batch."""
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(folder, model_kwargs={"dtype": getattr(torch, dtype)})
    return lambda texts: model.encode(texts, show_progress_bar=False, normalize_embeddings=True, convert_to_tensor=True)


def flag_embedding(folder: str, dtype: str) -> Callable:
    """The reference implementation of the model's authors; on a CPU it makes everything float32."""
    from FlagEmbedding import BGEM3FlagModel

    options = {"use_fp16": False, "use_bf16": dtype == "bfloat16", "batch_size": 32}
    model = BGEM3FlagModel(folder, **options, normalize_embeddings=True, return_dense=True, passage_max_length=8192)
    return lambda texts: model.encode(texts)["dense_vecs"]


def plain_loop(folder: str, dtype: str) -> Callable:
    """A text at a time through tokenizer and model, as on many a model card."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, dtype=getattr(torch, dtype)).eval()

    def one(text: str) -> torch.Tensor:
        batch = tokenizer(text, truncation=True, max_length=8192, return_tensors="pt")
        with torch.no_grad():
            hidden = model(**batch).last_hidden_state[0, 0]
        return torch.nn.functional.normalize(hidden.float(), dim=0)

    return lambda texts: torch.stack([one(text) for text in texts])


def ceiling(folder: str, dtype: str) -> Callable:
    """The matrix products of all layers, and nothing else, on as many tokens as the texts have."""
    import torch

    from helpers import BgeM3
    from helpers.devices import batch_limits

    bge = BgeM3.from_checkpoint(folder, dtype=getattr(torch, dtype))
    layers = [part for part in bge.model.encoder.modules() if isinstance(part, torch.nn.Linear)]
    device = bge.model.device
    size = int(batch_limits(device, None, None)[0])
    widths = {layer.in_features for layer in layers}
    numbers = {width: torch.randn(size, width, dtype=bge.model.dtype, device=device) for width in widths}

    def products(texts: list[str]) -> None:
        tokens = sum(min(len(row), 8192) for row in bge.tokenizer(texts, verbose=False)["input_ids"])
        with torch.no_grad():
            for start in range(0, tokens, size):
                for layer in layers:
                    layer(numbers[layer.in_features][: tokens - start])

    return products


MAKERS = {
    "ours": ours, "ours, 32 texts": lambda folder, dtype: ours(folder, dtype, 32),
    "sentence-transformers": sentence_transformers, "FlagEmbedding": flag_embedding, "plain loop": plain_loop,
    "ceiling": ceiling,
}  # fmt: skip


def measure(folder: str, way: str, dtype: str, kind: str, target: str) -> None:
    """One row, in a process of its own; the vectors go to a file. The best of three runs."""
    import numpy as np
    import torch
    from benchmark_precision import most_memory

    sample = texts(kind)
    encode = MAKERS[way](folder, dtype)
    encode(sample[-1:] if kind == "long" else sample[:9])  # warm up
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        vectors = encode(sample)
        seconds.append(time.perf_counter() - start)
    if vectors is not None:
        np.save(
            target,
            np.asarray(vectors.cpu().float() if isinstance(vectors, torch.Tensor) else vectors, dtype=np.float32),
        )
    gpu = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
    print(json.dumps({"seconds": min(seconds), "memory": gpu or most_memory()}))


def tokens_of(folder: Path, kind: str) -> int:
    """How many tokens the texts have, cut to 8,192 each."""
    from transformers import AutoTokenizer

    rows = AutoTokenizer.from_pretrained(folder)(texts(kind), truncation=True, max_length=8192)["input_ids"]
    return sum(map(len, rows))


def row(folder: Path, way: str, dtype: str, kind: str, kept: Path) -> str:
    """One row of the table, as Markdown."""
    import numpy as np

    call = [sys.executable, __file__, "--one", str(folder), way, dtype, kind]
    target = kept / f"{way} {dtype} {kind}.npy"
    done = subprocess.run([*call, str(target)], capture_output=True, encoding="utf-8", timeout=7200)
    if done.returncode:
        return f"| {kind} | {dtype} | {way} | fails: {(done.stderr.splitlines() or ['killed'])[-1]} | | | |"
    told = json.loads(done.stdout.splitlines()[-1])
    cosine, exact = "", kept / f"plain loop float32 {kind}.npy"
    if target.exists() and exact.exists():
        cosine = f"{(np.load(target) * np.load(exact)).sum(axis=1).min():.6f}"
    speeds = [f"{number / told['seconds']:.1f}" for number in (KINDS[kind][0], tokens_of(folder, kind))]
    return f"| {kind} | {dtype} | {way} | {' | '.join(speeds)} | {told['memory'] / 1e9:.2f} GB | {cosine} |"


def main() -> None:
    """Measure all that was asked for, print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, help="default: random weights of bge-m3's shape")
    parser.add_argument("--layers", type=int, help="only so many of the random weights' layers")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--dtypes", default=",".join(DTYPES))
    parser.add_argument("--ways", default="|".join(WAYS), help="separated by |")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as kept:
        folder = options.checkpoint
        if folder is None:
            import real_shape

            folder = real_shape.build()
            if options.layers:
                (target := Path(kept) / "shallow").mkdir()
                folder = real_shape.shallow(folder, options.layers, target)
        print("| texts | precision | way | texts a second | tokens a second | memory | lowest cosine |")
        print("|---|---|---|---|---|---|---|", flush=True)
        ways = sorted(options.ways.split("|"), key=lambda way: way != "plain loop")  # its vectors are compared with
        for kind in options.kinds.split(","):
            for dtype in options.dtypes.split(","):
                for way in ways:
                    if way != "FlagEmbedding" or importlib.util.find_spec("FlagEmbedding"):
                        print(row(folder, way, dtype, kind, Path(kept)), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(*sys.argv[2:])
    else:
        main()
