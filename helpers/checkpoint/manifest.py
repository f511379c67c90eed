"""What the download of BAAI/bge-m3 consists of: the pinned revision, its files, their sizes and sha256.

The hub's main branch holds the weights twice, as ``pytorch_model.bin`` and as ``onnx/`` (4.6 GB in all),
and pictures; only the files listed here are needed. The sums are those recorded for this revision by
several independent projects; all but the weights and ``sentencepiece.bpe.model`` are in this repository, byte for
byte (``helpers/bge_m3_tokenizer``), which confirms them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

REPO = "BAAI/bge-m3"
REVISION = "5617a9f61b028005a4858fdac845db406aefb181"
WEIGHTS = ("model.safetensors", "pytorch_model.bin")  # the first that is there is used

# name: (bytes, sha256) at REVISION
TOKENIZER_FILES = {
    "config.json": (687, "26159e7ad065073448460117eb24b7a4572f6f4e78eadff65dc0a11c052449fa"),
    "sentencepiece.bpe.model": (5_069_051, "cfc8146abe2a0488e9e2a0c56de7952f7c11ab059eca145a0a727afce0db2865"),
    "special_tokens_map.json": (964, "8c785abebea9ae3257b61681b4e6fd8365ceafde980c21970d001e834cf10835"),
    "tokenizer.json": (17_098_108, "21106b6d7dab2952c1d496fb21d5dc9db75c28ed361a05f5020bbba27810dd08"),
    "tokenizer_config.json": (444, "a62b2b6784f990259fddef5f16388693a8043be4f69179e6a5257eeb3f9abac4"),
}
MODEL_FILES = {
    "1_Pooling/config.json": (191, "e54c164a07274f2eb45bb724f54a79d1efcc90c41573887cd9a29aeee0597352"),
    "colbert_linear.pt": (2_100_674, "19bfbae397c2b7524158c919d0e9b19393c5639d098f0a66932c91ed8f5f9abb"),
    "config_sentence_transformers.json": (123, "1eef72430e7194a1e59680e635aed81ffa083f05668dbc5bb1c56c04c0999c38"),
    "modules.json": (349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
    "pytorch_model.bin": (2_271_145_830, "b5e0ce3470abf5ef3831aa1bd5553b486803e83251590ab7ff35a117cf6aad38"),
    "sentence_bert_config.json": (54, "eb9b44b13c0f52a3b3685c3b1cbdea1ba8b04bea123b98f61610048940776eb1"),
    "sparse_linear.pt": (3_516, "45c93804d2142b8f6d7ec6914ae23a1eee9c6a1d27d83d908a20d2afb3595ad9"),
}
PINNED = TOKENIZER_FILES | MODEL_FILES


@dataclass(frozen=True)
class Manifest:
    """What to have of a repository: the commit, and each file's bytes and sha256 by its name."""

    repo: str
    commit: str
    files: dict[str, tuple[int, str]]

    def missing(self, folder: Path) -> list[str]:
        """Names of the files that the folder lacks or holds damaged, small ones first and weights last.

        >>> BGE_M3.missing(Path("nowhere"))[-1]
        'pytorch_model.bin'
        """
        order = sorted(self.files, key=lambda name: (name in WEIGHTS, self.files[name][0]))
        return [name for name in order if not complete(folder / name, *self.files[name])]


BGE_M3 = Manifest(REPO, REVISION, PINNED)


def sha256(path: Path) -> str:
    """The sha256 of a file as 64 hexadecimal digits, read in pieces: about a second for a gigabyte."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def complete(path: Path, size: int, digest: str) -> bool:
    """Is the whole file there, with this size and sha256?"""
    return path.is_file() and path.stat().st_size == size and sha256(path) == digest
