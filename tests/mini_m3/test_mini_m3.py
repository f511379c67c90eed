"""The embedded checkpoint: complete, small, loadable by everyone, and good enough to learn from."""

from __future__ import annotations

import json

import sentencepiece
import torch
from transformers import AutoModel, AutoTokenizer

from helpers.checkpoint.find import MINI
from helpers.pipeline import BgeM3

FILES = {
    "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "sentencepiece.bpe.model",
    "model.safetensors", "modules.json", "1_Pooling/config.json", "2_Normalize", "sentence_bert_config.json",
    "config_sentence_transformers.json", "README.md",
}  # fmt: skip
TOPICS = {
    "animals": ["The cat sleeps on the sofa.", "猫在沙发上睡觉。"],
    "weather": ["It will rain tomorrow.", "明天会下雨。"],
    "food": ["This soup is too salty.", "这个汤太咸了。"],
    "travel": ["Our train leaves at nine.", "我们的火车九点出发。"],
    "programming": ["This function returns a list of strings.", "这个函数返回一个字符串列表。"],
    "models": ["A language model predicts the next word.", "语言模型预测下一个词。"],
}


def test_layout_and_size() -> None:
    """The files of a BAAI/bge-m3 folder, at most 36 MB together."""
    assert not [name for name in FILES if not (MINI / name).exists()]
    assert sum(path.stat().st_size for path in MINI.rglob("*") if path.is_file() and path.suffix != ".pyc") <= 36e6


def test_architecture_is_bge_m3s(reference: dict) -> None:
    """Conventions as recorded of the real model; only the sizes differ."""
    config, real = json.loads((MINI / "config.json").read_text(encoding="utf-8")), reference["config"]
    for key in (
        "model_type",
        "type_vocab_size",
        "layer_norm_eps",
        "hidden_act",
        "bos_token_id",
        "pad_token_id",
        "eos_token_id",
    ):
        assert config[key] == real[key], key
    assert config["hidden_size"] == 256 and config["num_hidden_layers"] in (4, 5, 6)
    assert config["num_attention_heads"] in range(4, 9) and config["max_position_embeddings"] >= 514


def test_auto_classes_load_it_unchanged() -> None:
    """AutoModel and AutoTokenizer need no help; special tokens sit where bge-m3 has them."""
    tokenizer, model = AutoTokenizer.from_pretrained(MINI), AutoModel.from_pretrained(MINI, dtype=torch.float32)
    assert tokenizer.convert_tokens_to_ids(["<s>", "<pad>", "</s>", "<unk>", "<mask>"]) == [
        0,
        1,
        2,
        3,
        len(tokenizer) - 1,
    ]
    assert type(model).__name__ == "XLMRobertaModel" and model.dtype == torch.float32
    assert model.config.vocab_size == len(tokenizer) and tokenizer.model_max_length == 512


def test_sentencepiece_file_says_the_same() -> None:
    """`sentencepiece.bpe.model` cuts texts as tokenizer.json does: input id = SentencePiece id + 1."""
    model = sentencepiece.SentencePieceProcessor(model_file=str(MINI / "sentencepiece.bpe.model"))
    tokenizer = AutoTokenizer.from_pretrained(MINI)
    for text in ["什么是大型语言模型？", "Ｆｕｌｌ　ｗｉｄｔｈ ﬁne", *(t for pair in TOPICS.values() for t in pair)]:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert [i + 1 if i else 3 for i in model.encode(text)] == ids
    assert len(model) + 2 == len(tokenizer)  # <pad> and <mask> are not SentencePiece's


def test_ids_lead_back_to_bge_m3(reference: dict) -> None:
    """The table is a one-to-one map onto real ids in the real order, special tokens included."""
    table = json.loads((MINI / "bge_m3_ids.json").read_text(encoding="utf-8"))
    assert table == sorted(set(table)) and len(table) == len(AutoTokenizer.from_pretrained(MINI))
    assert table[:4] == [0, 1, 2, 3] and table[-1] == reference["config"]["vocab_size"] - 1


def test_translations_are_nearest_neighbours_on_every_topic(mini: BgeM3) -> None:
    """Every sentence finds its translation among all topics, both ways."""
    english, chinese = (mini.encode([pair[side] for pair in TOPICS.values()]) for side in (0, 1))
    own = torch.arange(len(TOPICS))
    scores = english @ chinese.T
    assert (scores.argmax(0) == own).all() and (scores.argmax(1) == own).all()


def test_late_positions_mean_something(mini: BgeM3) -> None:
    """A passage of about 500 tokens is nearer to its own translation than to another of that length."""
    pairs = list(TOPICS.values())
    passages = [[" ".join(pair[side] for pair in (pairs[n], pairs[n + 1]) * 20) for side in (0, 1)] for n in (0, 2, 4)]
    lengths = [len(row) for row in mini.tokenizer([p[0] for p in passages])["input_ids"]]
    assert min(lengths) > 250 and max(lengths) <= 512
    english, chinese = (mini.encode([p[side] for p in passages]) for side in (0, 1))
    assert (english @ chinese.T).argmax(1).tolist() == [0, 1, 2]


def test_weights_are_stored_in_half_and_finite() -> None:
    """float16 on disk, no nan or inf, and no padding row that moves a vector."""
    from safetensors.torch import load_file

    tensors = load_file(MINI / "model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    assert all(torch.isfinite(tensor).all() for tensor in tensors.values())
    assert not any("pooler" in name for name in tensors)
