"""Is a checkpoint folder whole? What usually goes wrong with one is looked for before weights are loaded.

Every finding is a ``CheckpointError`` that names the file and says what to do. Of the weights only size and
header are read, so it takes half a second for 2.3 GB too, most of it for tokenizer.json.
"""

from __future__ import annotations

import json
import pickle
import warnings
import zipfile
from pathlib import Path

from helpers.checkpoint.manifest import WEIGHTS

LFS = b"version https://git-lfs"
SIZES = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
    "max_position_embeddings",
)  # fmt: skip
POOLINGS = {"pooling_mode_cls_token": "cls", "pooling_mode_mean_tokens": "mean", "pooling_mode_max_tokens": "max"}
CURE = 'download it again ("python -m helpers download"), or use "mini", which needs no download'


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the message names the file and what to do."""


def check(folder: Path) -> dict:
    """The folder's configuration, once every file it needs is there, whole, and fits the others.

    Raises ``CheckpointError`` for a folder that is missing, half there, of another architecture, holding
    git-LFS pointers, or mixed from two models.

    >>> check(Path(__file__).parents[1] / "mini_m3")["hidden_size"]
    384
    """
    if not folder.exists():
        raise CheckpointError(f"{folder} does not exist; check the path, or {CURE}")
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is a file; give the folder that holds config.json and the weights")
    config = read_json(folder / "config.json")
    check_config(config, folder / "config.json")
    read_json(folder / "tokenizer.json")
    weights = next((folder / name for name in WEIGHTS if (folder / name).exists()), None)
    if weights is None and (several := next(folder.glob("*.index.json"), None)):
        raise CheckpointError(
            f"{several} says that the weights are in several files, and these stages read one; save them again with "
            'model.save_pretrained(folder, max_shard_size="20GB")'
        )
    if weights is None:
        raise CheckpointError(f"{folder} holds neither {WEIGHTS[0]} nor {WEIGHTS[1]}, only a tokenizer; {CURE}")
    with weights.open("rb") as file:
        start = file.read(max(len(LFS), 8))
    if start.startswith(LFS):
        raise CheckpointError(f"{weights} is a git-LFS pointer, not the weights; run 'git lfs pull' there, or {CURE}")
    rows = word_rows(weights, start) if weights.suffix == ".safetensors" else check_bin(weights, start)
    if rows is not None and rows != config["vocab_size"]:
        raise CheckpointError(
            f"{weights} holds {rows:,} word embeddings but config.json says vocab_size={config['vocab_size']:,}; "
            f"the files belong to different models; {CURE}"
        )
    return config


def check_config(config: dict, path: Path) -> None:
    """``CheckpointError`` unless this is the configuration of a model that the stages describe."""
    if config.get("model_type") != "xlm-roberta":
        raise CheckpointError(
            f"{path} says model_type={config.get('model_type')!r}; these stages are those of "
            "xlm-roberta, bge-m3's architecture; give a folder of that kind"
        )
    for key in SIZES:
        if not isinstance(config.get(key), int) or config[key] < 1:
            raise CheckpointError(f"{path} says {key}={config.get(key)!r}, which is no size; {CURE}")
    for key, value in {"pad_token_id": 1, "hidden_act": "gelu"}.items():
        if config.get(key) != value:
            raise CheckpointError(f"{path} says {key}={config.get(key)!r}, but these stages need {value!r}; {CURE}")


def tell_pooling(folder: Path) -> None:
    """Warn if sentence-transformers' ``1_Pooling/config.json`` names another pooling than cls, the default here."""
    path = folder / "1_Pooling" / "config.json"
    config = read_json(path) if path.is_file() else {}
    flags = [POOLINGS.get(key, key) for key, on in config.items() if key.startswith("pooling_mode_") and on is True]
    named = config.get("pooling_mode") or flags or "cls"
    how = named if isinstance(named, str) else " and ".join(map(str, named))
    if how != "cls":
        cure = f"write pooling={how!r}" if how in POOLINGS.values() else "these stages have no such pooling"
        warnings.warn(
            f"{path} says that this model pools by {how}: {cure}", stacklevel=4
        )  # the line that calls BgeM3.from_checkpoint


def check_report(report: dict, folder: Path) -> None:
    """``CheckpointError`` unless transformers found every tensor, in the shape that the configuration asks for.

    ``report`` is what ``from_pretrained`` gives with ``output_loading_info=True``.
    """
    if report["mismatched_keys"]:
        name, stored, expected = min(report["mismatched_keys"])
        raise CheckpointError(
            f"the weights in {folder} do not fit its config.json: {name} is {list(stored)}, "
            f"the configuration asks for {list(expected)}; {CURE}"
        )
    if report["missing_keys"]:
        lacking = sorted(report["missing_keys"])
        raise CheckpointError(f"the weights in {folder} lack {len(lacking)} tensors, {lacking[0]} first; {CURE}")


def read_json(path: Path) -> dict:
    """A JSON object from a file of the folder, or a ``CheckpointError`` that says what is wrong with it."""
    try:
        raw = path.read_bytes()
        if raw.startswith(LFS):
            raise CheckpointError(f"{path} is a git-LFS pointer; run 'git lfs pull' in its folder, or {CURE}")
        content = json.loads(raw)
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing, so {path.parent} is no complete checkpoint; {CURE}") from None
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise CheckpointError(f"{path} is no JSON (half downloaded?); {CURE}") from None
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds a JSON {type(content).__name__}, not an object; {CURE}")
    return content


def word_rows(weights: Path, start: bytes) -> int | None:
    """Rows of the word embedding table as the safetensors header tells; checks the file's length by it."""
    size, length = weights.stat().st_size, int.from_bytes(start[:8], "little")
    broken = CheckpointError(f"{weights} is cut short or damaged ({size:,} bytes); {CURE}")
    if len(start) < 8 or 8 + length > size:
        raise broken
    try:
        with weights.open("rb") as file:
            file.seek(8)
            header = json.loads(file.read(length))
        end = max(entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__")
        name = next((name for name in header if name.endswith("embeddings.word_embeddings.weight")), None)
        rows = int(header[name]["shape"][0]) if name else None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise broken from None
    if 8 + length + end != size:
        raise broken
    return rows


def check_bin(weights: Path, start: bytes) -> None:
    """``CheckpointError`` unless this can be what torch writes: a whole ZIP archive, or a pickle as before 1.6."""
    pickled = start[:1] == b"\x80"  # its end cannot be told without reading it
    if not pickled and not (start.startswith(b"PK") and zipfile.is_zipfile(weights)):
        size = weights.stat().st_size
        raise CheckpointError(f"{weights} is cut short, damaged or no file of torch ({size:,} bytes); {CURE}")


def reason(error: Exception) -> str:
    """What went wrong, in one line; torch's advice to run a pickle unchecked is left out."""
    if isinstance(error, pickle.UnpicklingError):
        return "damaged, or a pickle that holds more than tensors and is not run here"
    return f"{type(error).__name__}: {error}".strip(": ").splitlines()[0]
