"""Fixtures: the embedded checkpoint in two precisions, a tiny one to damage, awkward texts, recorded facts."""

import json
import os
import shutil
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"  # before any library reads it
os.environ["HF_HUB_CACHE"] = os.environ["MODELSCOPE_CACHE"] = tempfile.mkdtemp(prefix="empty-hub-")
os.environ["BGE_M3_GIVEN"] = os.environ.get("BGE_M3", "")  # for the tests of the real weights; all others run on
os.environ["BGE_M3"] = "mini"  # mini-m3, the pages too, whatever else lies on this disk
os.environ.pop("SENTENCE_TRANSFORMERS_HOME", None)
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest
import torch
from hypothesis import HealthCheck, settings

from helpers import BgeM3
from helpers.checkpoint.find import MINI
from helpers.checkpoint.recorded import recorded_figures

settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

FULL = "语言 model " * 170  # 512 tokens with <s> and </s>: exactly the limit of mini-m3
TEXTS = [
    "什么是大型语言模型？",
    "a",
    "",
    "   \t\n trailing and leading spaces   ",
    "bge-m3 是一个强大的文本嵌入模型，支持 100+ languages；日本語も한국어도 и русский.",
    "👩‍💻 fixed the 🐛, 👍🏽 and 🇨🇳 flew",
    "e\u0301toile, n\u0303 and a\u0308\u0301\u0323",
    "ＢＧＥ－Ｍ３　ﬁne ½ ㎏ ①",
    "control\x00\x01\x07\x7f chars\u200b, \ufeff and \ufffd",
    "rare 𠮷 龘 𪚥 𝒳 ꙮ",
    "I like <mask> and <s>, </s>, <pad>, <unk>, ＜ｓ＞ too",
    "▁already▁marked▁▁ twice",
    "supercalifragilisticexpialidocious" * 3,
    FULL,
]


def pytest_report_header(config: pytest.Config) -> list[str]:
    """What a reader's first ``pytest`` does, and what it leaves out."""
    if config.option.markexpr != "not slow and not real_shape and not real_weights and not flagembedding":
        return [f"Inside bge-m3: only the tests marked {config.option.markexpr!r}"]
    return [
        "Inside bge-m3: every stage, output and message on mini-m3, then every page with its stored outputs; offline,",
        "a quarter of an hour on two cores. Left out: -m slow, real_shape, real_weights (see .github/CONTRIBUTING.md)",
    ]


@pytest.fixture(scope="session")
def mini() -> BgeM3:
    """The embedded checkpoint on the CPU in float32."""
    return BgeM3.from_checkpoint("mini", dtype=torch.float32, device="cpu")


@pytest.fixture(scope="session")
def mini64() -> BgeM3:
    """The embedded checkpoint on the CPU in float64, where rounding cannot hide a mistake."""
    return BgeM3.from_checkpoint("mini", dtype=torch.float64, device="cpu")


@pytest.fixture(scope="session")
def reference() -> dict:
    """Recorded facts of the real bge-m3."""
    return recorded_figures()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """A whole checkpoint of 400 pieces and 8 hidden numbers, cheap enough to copy and damage."""
    from transformers import XLMRobertaConfig, XLMRobertaModel

    folder = tmp_path_factory.mktemp("tiny")
    content = json.loads((MINI / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = content["model"]["vocab"]
    content["model"]["vocab"] = vocabulary[:399] + vocabulary[-1:]  # <mask> comes last
    for token in content["added_tokens"]:
        token["id"] = min(token["id"], 399)
    (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    (folder / "tokenizer_config.json").write_bytes((MINI / "tokenizer_config.json").read_bytes())
    config = XLMRobertaConfig(
        vocab_size=400, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=34, type_vocab_size=1, layer_norm_eps=1e-5,
    )  # fmt: skip
    torch.manual_seed(0)
    XLMRobertaModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture
def folder(tiny, tmp_path):
    """A whole checkpoint of one's own, in a path with spaces and Chinese characters."""
    return Path(shutil.copytree(tiny, tmp_path / "我的 model é"))
