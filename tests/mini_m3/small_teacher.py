"""Write a small teacher in the 4-bit format of ``training/teacher.py``, and know its numbers."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np


def draw_tensors(
    words: int, layers: int, hidden: int, inner: int, positions: int, seed: int
) -> tuple[dict[str, np.ndarray], dict[str, bytes]]:
    """Float32 numbers of every tensor by the file's names; of the 4-bit ones also their bytes."""
    rng = np.random.default_rng(seed)
    numbers: dict[str, np.ndarray] = {}
    packed: dict[str, bytes] = {}

    def matrix(name: str, *shape: int) -> None:
        halves = rng.integers(0, 16, (np.prod(shape) // 32, 32)).astype(np.uint8)
        scale = rng.uniform(0.02, 0.08, (len(halves), 1)).astype(np.float16)
        numbers[name] = ((halves.astype(np.float32) - 8) * scale.astype(np.float32)).reshape(shape)
        both = halves[:, :16] | halves[:, 16:] << 4
        packed[name] = np.concatenate([scale.view(np.uint8), both], axis=1).tobytes()

    def plain(name: str, *shape: int, around: float = 0.0) -> None:
        numbers[name] = rng.normal(around, 0.1, shape).astype(np.float32)

    matrix("emb.word", words, hidden)
    plain("emb.pos", positions, hidden)
    plain("emb.type", 2, hidden)
    for layer in [f"l{number}." for number in range(layers)]:
        for short, shape in {"fi": (inner, hidden), "fo": (hidden, inner)}.items():
            matrix(f"{layer}{short}.w", *shape)
            plain(f"{layer}{short}.b", shape[0])
        for short in ("q", "k", "v", "ao"):
            matrix(f"{layer}{short}.w", hidden, hidden)
            plain(f"{layer}{short}.b", hidden)
    for norm in ["emb.ln", *(f"l{number}.{short}" for number in range(layers) for short in ("aln", "oln"))]:
        plain(f"{norm}.w", hidden, around=1.0)
        plain(f"{norm}.b", hidden)
    return numbers, packed


def write_teacher(
    path: Path, *, words: int, layers: int = 2, hidden: int = 32, inner: int = 64, positions: int = 512, seed: int = 0
) -> dict[str, np.ndarray]:
    """Write the file and return its tensors as float32."""
    numbers, packed = draw_tensors(words, layers, hidden, inner, positions, seed)
    head = b"E5S1" + struct.pack("<I7ifi", 1, hidden, layers, 4, inner, words, positions, 2, 1e-5, 32)
    pieces = ["<s>", "▁ab", "语"]
    raw = [piece.encode() for piece in pieces]
    offsets = np.cumsum([0, *map(len, raw)]).astype("<u4")
    head += struct.pack("<5iQ", len(pieces), 0, 1, 2, 3, sum(map(len, raw)))
    head += offsets.tobytes() + np.zeros(len(pieces), "<f4").tobytes() + b"".join(raw)
    head += struct.pack("<iI", 1, 5) + b"abcde"  # the normalization map
    at = len(head) + 4 + sum(2 + len(name) + struct.calcsize("<BIQQ") for name in numbers)
    directory = struct.pack("<i", len(numbers))
    blocks = []
    for name, values in numbers.items():
        data = packed.get(name, values.tobytes())
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", name in packed, values.size, at, len(data))
        blocks.append(data)
        at += len(data)
    path.write_bytes(head + directory + b"".join(blocks))
    return numbers
