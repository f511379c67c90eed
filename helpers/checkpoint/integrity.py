"""Is a checkpoint folder complete, and does it ask for anything that the stages do not compute?

Files are looked at before weights are loaded (half a second, for 2.3 GB too); what cannot be used is a
``CheckpointError`` that names the file and says what to do. Only what is known to be computed is accepted in
silence: other settings are refused (``NEEDED``) or named in a warning (what is not ``KNOWN``).
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from helpers.checkpoint.recorded import WEIGHTS

CURE = 'download it again ("python -m helpers download"), or use "mini", which needs no download'
NEEDED: dict[str, Any] = {  # what config.json must say, if it says anything of it
    "model_type": "xlm-roberta", "hidden_act": "gelu", "pad_token_id": 1, "position_embedding_type": "absolute",
    "is_decoder": False, "is_encoder_decoder": False, "add_cross_attention": False, "output_attentions": False,
    "return_dict": True, "quantization_config": None, "auto_map": None, "transformers_weights": None,
}  # fmt: skip
SETTINGS = ["config.json", "config_sentence_transformers.json", "sentence_bert_config.json", "1_Pooling/config.json"]
MODULES = [". (Transformer)", "1_Pooling (Pooling)", "2_Normalize (Normalize)"]
KNOWN = {  # what they may say besides, as it changes no vector
    "gradient_checkpointing", "output_past", "torch_dtype", "__version__", "model_type", "similarity_fn_name",
    "max_seq_length", "modality_config", "module_output_name", "transformer_task", "embedding_dimension",
    "include_prompt", "pooling_mode_cls_token", "word_embedding_dimension",
}  # fmt: skip


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the message names the file and what to do."""


def unusable(what: Path | str, problem: str, cure: str = CURE) -> CheckpointError:
    """The error that names a file, a folder or a setting, its problem and what to do."""
    return CheckpointError(f"{what} {problem}; {cure}")


def check(folder: Path) -> dict[str, Any]:
    """The folder's configuration, once every file it needs is there, complete, and of the stages' architecture.

    Raises ``CheckpointError`` for a folder that is missing, incomplete, of another architecture, or holds an adapter.

    >>> check(Path(__file__).parents[1] / "mini_m3")["hidden_size"]
    384
    """
    if not folder.is_dir():
        problem = "is a file" if folder.exists() else "does not exist"
        raise unusable(folder, problem, f"check the path: a folder that holds config.json and the weights; or {CURE}")
    if adapter := next(folder.glob("adapter_*"), None):
        cure = "merge it (peft: merge_and_unload) and save the whole model, or move the adapter elsewhere"
        raise unusable(adapter, "is an adapter, which these stages do not compute", cure)
    config: dict[str, Any] = read_json(folder / "config.json")
    for key, needed in NEEDED.items():
        if config.get(key, needed) != needed:
            raise unusable(folder / "config.json", f"says {key}={config[key]!r}, but these stages need {needed!r}")
    tokenizer = folder / "tokenizer.json"
    if (folder / "sentencepiece.bpe.model").exists() and not tokenizer.exists():
        cure = f"copy that of its base model; bge-m3's lies in {Path(__file__).parents[1] / 'bge_m3_tokenizer'}"
        raise unusable(tokenizer, "is missing, and sentencepiece.bpe.model alone is not read here", cure)
    read_json(tokenizer)
    check_weights(folder)
    return config


def check_weights(folder: Path) -> None:
    """Raise ``CheckpointError`` unless there is one file of weights, and it is complete."""
    from safetensors import SafetensorError, safe_open

    weights = next((folder / name for name in WEIGHTS if (folder / name).exists()), None)
    if weights is None and any(folder.glob("*.index.json")):
        cure = 'save them again with model.save_pretrained(folder, max_shard_size="20GB")'
        raise unusable(folder, "holds its weights in parts", cure)
    if weights is None:
        raise unusable(folder, f"holds neither {' nor '.join(WEIGHTS)}, only a tokenizer")
    try:
        if weights.suffix == ".bin":
            zipfile.ZipFile(weights).close()  # as torch writes it; a ZIP's list of contents comes last
        else:
            with safe_open(weights, "np"):  # compares the header with the file's length
                pass
    except (SafetensorError, zipfile.BadZipFile) as error:
        problem = f"is cut short, damaged or a git-LFS pointer ({weights.stat().st_size:,} bytes: {error})"
        raise unusable(weights, problem, f"run 'git lfs pull' there, or {CURE}") from None


def unmentioned(folder: Path, limit: int, unused: Iterable[str]) -> Iterator[str]:
    """A sentence for everything that a folder asks for and that ``encode`` does not do, unless told to.

    ``limit`` is the longest text in tokens; ``unused`` are the names of tensors that the model has no place for.
    """
    from transformers import XLMRobertaConfig

    modules = [module if isinstance(module, dict) else {} for module in read_json(folder / "modules.json", [])]
    kinds = [re.sub(r"^sentence_transformers\..*\.", "", str(module.get("type"))) for module in modules]
    names = [f"{module.get('path') or '.'} ({kind})" for module, kind in zip(modules, kinds, strict=True)]
    if names not in ([], MODULES):
        yield f"{folder / 'modules.json'} names {', '.join(names)}; encode computes 1_Pooling and 2_Normalize"
    pooling = read_json(folder / "1_Pooling" / "config.json", {"pooling_mode": "cls"})
    if not any(value for key, value in pooling.items() if key.startswith("pooling_mode")):
        yield f"{folder / '1_Pooling' / 'config.json'} says no pooling, so the mean is meant; encode does not by itself"
    known = {*NEEDED, *KNOWN, *XLMRobertaConfig().to_dict()}
    for name in SETTINGS:
        for key, value in read_json(folder / name, {}).items():
            says_something = any(value.values()) if isinstance(value, dict) else value and value != "cls"
            if says_something and key not in known:
                yield f"{folder / name} says {key}={value!r}, which encode does not do by itself (see its pooling)"
    for name, key in (("sentence_bert_config.json", "max_seq_length"), ("tokenizer_config.json", "model_max_length")):
        if isinstance(length := read_json(folder / name, {}).get(key), (int, float)) and length < limit:
            yield f"{folder / name} says that texts are cut to {length} tokens: write max_length={length}"
    if unused := sorted(name for name in unused if "pooler." not in name and "position_ids" not in name):
        yield f"{folder} holds {len(unused)} tensors in its weights that no stage uses, {unused[0]} first"


def read_json(path: Path, default: Any = None) -> Any:
    """What a JSON file holds, of the default's kind (without one an object); the default if there is no file.

    Raises ``CheckpointError`` for a file that is missing and has no default, damaged, or holds something else.
    """
    if not path.exists():
        if default is None:
            raise unusable(path, f"is missing, so {path.parent} is no complete checkpoint")
        return default
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        cure = f"run 'git lfs pull' in its folder, or {CURE}"
        raise unusable(path, "is no JSON (half downloaded, or a git-LFS pointer)", cure) from None
    if not isinstance(content, dict if default is None else type(default)):
        raise unusable(path, f"holds a JSON {type(content).__name__}, which is not what belongs there")
    return content


def complete(path: Path, size: int, sha256: str) -> bool:
    """Is the whole file there, with this size and sha256? About a second for a gigabyte."""
    if not path.is_file() or path.stat().st_size != size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256
