"""Trim the XLM-R vocabulary of bge-m3 to the pieces that English and Chinese text uses.

The real tokenizer holds 250,002 pieces, nine tenths of them for other languages. The trimmed one
keeps a subset **with the real scores, the real normaliser and the real template**, renumbered in the
real order, so a text whose real pieces are all kept is cut exactly as bge-m3 cuts it: Viterbi takes
the best path of the full lattice, and that path is still there. ``bge_m3_ids.json`` maps each
trimmed id back to the real one.

    python -m helpers.mini_m3.training.vocabulary tokenizer.json --texts a.txt b.tsv --words words.txt --to DIR
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, pre_tokenizers

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
HAN = re.compile("^▁?[々〇\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+$")
WORD = re.compile("^▁[A-Za-z]+$")
RARE_SCRIPTS = (
    "ARMENIAN", "BENGALI", "CHAM", "ETHIOPIC", "GEORGIAN", "GUJARATI", "GURMUKHI", "KANNADA", "KHMER",
    "LAO", "MALAYALAM", "MYANMAR", "ORIYA", "SINHALA", "SYRIAC", "TAMIL", "TELUGU",
)  # fmt: skip


def real_tokenizer(path: str | Path) -> Tokenizer:
    """The real ``tokenizer.json`` with the pre-tokenizer transformers gives every XLM-R tokenizer."""
    tokenizer = Tokenizer.from_file(str(path))
    metaspace = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace])
    return tokenizer


def pieces_to_keep(tokenizer: Tokenizer, texts: Iterable[str], words: Iterable[str]) -> list[int]:
    """The real ids to keep, ascending.

    Kept: the special tokens; every piece the texts use; every piece made of Han characters; every
    single character but those of scripts in ``RARE_SCRIPTS``; every piece that is an English word of
    the list, and every piece that at least two of its words are cut into.
    """
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    words = {word.strip().lower() for word in words}
    keep = {vocabulary[token] for token in SPECIAL}
    for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False):
        keep.update(encoding.ids)
    spelled = Counter(
        piece
        for encoding in tokenizer.encode_batch(sorted(w for w in words if w.isascii()), add_special_tokens=False)
        for piece in set(encoding.ids)
    )
    keep.update(piece for piece, count in spelled.items() if count > 1)
    for piece, real_id in vocabulary.items():
        single = len(piece) == 1 and not unicodedata.name(piece, "").startswith(RARE_SCRIPTS)
        word = WORD.match(piece) and piece[1:].lower() in words
        if single or word or HAN.match(piece):
            keep.add(real_id)
    return sorted(keep)


def trimmed_json(real: dict, keep: list[int]) -> dict:
    """The real ``tokenizer.json`` (parsed) with only the pieces of ``keep``, renumbered from 0."""
    new_id = {old: new for new, old in enumerate(keep)}
    vocabulary = real["model"]["vocab"]
    added = [{**token, "id": new_id[token["id"]]} for token in real["added_tokens"]]
    return {**real, "added_tokens": added, "model": {**real["model"], "vocab": [vocabulary[i] for i in keep]}}


def sentencepiece_model(tokenizer_json: dict) -> bytes:
    """The same vocabulary as ``sentencepiece.bpe.model``: id = input id − 1, ``<unk>`` first, no ``<mask>``."""
    from sentencepiece import sentencepiece_model_pb2 as pb2

    model = pb2.ModelProto()
    kinds = {"<unk>": pb2.ModelProto.SentencePiece.UNKNOWN, "<s>": pb2.ModelProto.SentencePiece.CONTROL}
    kinds["</s>"] = kinds["<s>"]
    ordinary = [tuple(item) for item in tokenizer_json["model"]["vocab"] if item[0] not in SPECIAL]
    for piece, score in [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0), *ordinary]:
        kind = kinds.get(piece, pb2.ModelProto.SentencePiece.NORMAL)
        model.pieces.add(piece=piece, score=score, type=kind)
    model.trainer_spec.model_type = pb2.TrainerSpec.UNIGRAM
    model.trainer_spec.vocab_size = len(model.pieces)
    steps = tokenizer_json["normalizer"].get("normalizers", [tokenizer_json["normalizer"]])
    charsmap = next(step["precompiled_charsmap"] for step in steps if step["type"] == "Precompiled")
    model.normalizer_spec.name = "nmt_nfkc"
    model.normalizer_spec.precompiled_charsmap = base64.b64decode(charsmap)
    return model.SerializeToString()


def read_texts(paths: Iterable[str | Path]) -> list[str]:
    """One text a line (``.txt``), or the first two columns of each line (``.tsv``: English, Chinese)."""
    texts: list[str] = []
    for path in map(Path, paths):
        for line in path.read_text(encoding="utf-8").splitlines():
            texts += line.split("\t")[:2] if path.suffix == ".tsv" else [line]
    return [text for text in texts if text.strip()]


def save_tokenizer(real: dict, keep: list[int], folder: Path, positions: int = 512) -> None:
    """Write the tokenizer files of a ``BAAI/bge-m3`` folder, and the table of real ids, to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    trimmed = trimmed_json(real, keep)
    names = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>"}
    names |= {"unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}
    config = {"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": positions, **names}
    for name, content in {
        "tokenizer.json": trimmed,
        "tokenizer_config.json": config,
        "special_tokens_map.json": names,
        "bge_m3_ids.json": keep,
    }.items():
        compact = name in ("tokenizer.json", "bge_m3_ids.json")
        text = json.dumps(
            content, ensure_ascii=False, indent=None if compact else 2, separators=(",", ":") if compact else None
        )
        (folder / name).write_text(text + "\n", encoding="utf-8", newline="\n")
    (folder / "sentencepiece.bpe.model").write_bytes(sentencepiece_model(trimmed))


def main() -> None:
    """Command line: trim a real ``tokenizer.json`` and write the tokenizer files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tokenizer", type=Path, help="the real tokenizer.json (250,002 pieces)")
    parser.add_argument("--texts", type=Path, nargs="+", required=True, help="text files whose pieces are kept")
    parser.add_argument("--words", type=Path, required=True, help="an English word list, one a line")
    parser.add_argument("--to", type=Path, required=True, help="folder for the trimmed tokenizer")
    arguments = parser.parse_args()
    words = arguments.words.read_text(encoding="utf-8").splitlines()
    keep = pieces_to_keep(real_tokenizer(arguments.tokenizer), read_texts(arguments.texts), words)
    save_tokenizer(json.loads(arguments.tokenizer.read_text(encoding="utf-8")), keep, arguments.to)
    print(f"{len(keep):,} pieces kept, written to {arguments.to}")


if __name__ == "__main__":
    main()
