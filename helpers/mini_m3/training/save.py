"""Write a trained student as a checkpoint folder in the layout of ``BAAI/bge-m3``."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from helpers.mini_m3.training.student import Student


def write_json(path: Path, content: object) -> None:
    """Indented UTF-8 JSON with a final newline."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8", newline="\n")


def save_student(student: Student, folder: Path) -> None:
    """Weights in float16, the two linear layers as bge-m3 keeps them, and the configuration files."""
    encoder = student.encoder
    encoder.half().save_pretrained(folder)
    encoder.float()
    for name, linear in (("sparse_linear.pt", student.sparse), ("colbert_linear.pt", student.colbert)):
        torch.save({key: value.detach().half() for key, value in linear.state_dict().items()}, folder / name)
    kinds = ("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")
    write_json(
        folder / "modules.json",
        [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for i, (path, kind) in enumerate(kinds)
        ],
    )
    pooling = {"word_embedding_dimension": encoder.config.hidden_size, "pooling_mode_cls_token": True}
    pooling |= {"pooling_mode_mean_tokens": False, "pooling_mode_max_tokens": False}
    write_json(folder / "1_Pooling" / "config.json", pooling)
    longest = encoder.config.max_position_embeddings - 2
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": longest, "do_lower_case": False})
    prompts = {"__version__": {}, "prompts": {}, "default_prompt_name": None}
    write_json(folder / "config_sentence_transformers.json", prompts)
    (folder / "2_Normalize").mkdir(exist_ok=True)
    (folder / "2_Normalize" / ".gitkeep").touch()
