"""The embedded checkpoint: complete, small, loadable by everyone, and like the real thing where a lesson needs it.

The slow figures of its card come from `helpers.mini_m3.training.evaluate`; those that take seconds are tests here.
"""

from __future__ import annotations

import json

import pytest
import sentencepiece
import torch
from transformers import AutoModel, AutoTokenizer

from classroom.ablations import equal_positions, even_attention
from classroom.sentences import load_sentences
from helpers.checkpoint.find import MINI
from helpers.mini_m3.training import evaluate
from helpers.pipeline import BgeM3

FILES = {
    "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "sentencepiece.bpe.model",
    "model.safetensors", "sparse_linear.pt", "colbert_linear.pt", "modules.json", "1_Pooling/config.json",
    "2_Normalize", "sentence_bert_config.json", "config_sentence_transformers.json", "README.md",
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
    """The files of a BAAI/bge-m3 folder; weights of at most 60 MB."""
    assert not [name for name in FILES if not (MINI / name).exists()]
    assert (MINI / "model.safetensors").stat().st_size <= 60e6


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
    assert (config["num_hidden_layers"], config["hidden_size"], config["num_attention_heads"]) == (6, 384, 12)
    assert config["intermediate_size"] == 1536 and config["max_position_embeddings"] == 514


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


@pytest.mark.parametrize(("name", "rows"), [("sparse_linear.pt", 1), ("colbert_linear.pt", 384)])
def test_linear_layers_have_bge_m3s_format(name: str, rows: int) -> None:
    """A state dict of weight and bias, readable without running a pickle's code."""
    state = torch.load(MINI / name, weights_only=True)
    assert set(state) == {"weight", "bias"}
    assert state["weight"].shape == (rows, 384) and state["bias"].shape == (rows,)
    assert all(torch.isfinite(value).all() and value.dtype == torch.float16 for value in state.values())


def test_sentence_transformers_gives_our_vectors(mini: BgeM3) -> None:
    """The folder is a sentence-transformers model too: [CLS], L2, 512 tokens, no prompt."""
    from sentence_transformers import SentenceTransformer

    texts = [text for pair in TOPICS.values() for text in pair]
    theirs = SentenceTransformer(str(MINI), device="cpu", model_kwargs={"dtype": torch.float32})
    assert theirs.max_seq_length == 512
    torch.testing.assert_close(torch.as_tensor(theirs.encode(texts)), mini.encode(texts), atol=1e-5, rtol=0)


def test_the_right_sentence_beats_its_near_miss(mini: BgeM3) -> None:
    """A Chinese sentence of the course finds its English one among 220 right and 220 near misses."""
    assert evaluate.right_sentence(mini) >= 0.93


def test_word_order_is_told_and_comes_from_the_positions(mini: BgeM3) -> None:
    """Held-out pairs made of the same words: told apart, but not when every token has the same position."""
    assert evaluate.right_twin(mini, "order") >= 0.78
    with equal_positions(mini.model):
        assert evaluate.right_twin(mini, "order") <= 0.60


def test_search_needs_attention(mini: BgeM3) -> None:
    """With every attention map even, translations are lost."""
    pairs = [[row.english, row.chinese] for row in load_sentences()]
    intact = evaluate.tatoeba(mini, pairs)
    with even_attention(mini.model):
        assert max(evaluate.tatoeba(mini, pairs)) <= 0.7 * min(intact)


def test_cosines_lie_where_the_card_says(mini: BgeM3) -> None:
    """One cone: unrelated sentences at 0.25–0.45, translations at least 0.25 above."""
    unrelated, right = evaluate.cosines(mini, [[row.english, row.chinese] for row in load_sentences()])
    assert 0.25 <= unrelated <= 0.45 and right - unrelated >= 0.25


def test_the_three_outputs_find_passages_together(mini: BgeM3) -> None:
    """On the course's questions the sum finds at least as much as each output alone."""
    found = {figure.what: figure for figure in evaluate.passage_figures(mini)}
    assert found["questions → passages, MRR@10: sum of the three"].met, found


def test_lexical_weights_lie_on_content(mini: BgeM3) -> None:
    """The heaviest piece is a content word; stop words and punctuation weigh less."""
    heaviest, ratio = evaluate.lexical_figures(mini)
    assert heaviest.met, heaviest
    assert float(ratio.found) <= 0.6


def test_weights_are_stored_in_half_and_finite() -> None:
    """float16 on disk, no nan or inf, and no padding row that moves a vector."""
    from safetensors.torch import load_file

    tensors = load_file(MINI / "model.safetensors")
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    assert all(torch.isfinite(tensor).all() for tensor in tensors.values())
    assert not any("pooler" in name for name in tensors)
