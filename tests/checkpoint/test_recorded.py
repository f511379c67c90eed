"""Telling bge-m3 by its first numbers. That the real weights pass is tests/test_real_weights.py's to show."""

import copy
import dataclasses

import torch
from transformers import XLMRobertaConfig, XLMRobertaModel

from helpers.checkpoint import find, load, recorded
from helpers.checkpoint.recorded import is_bge_m3


def test_mini_is_not_bge_m3(mini):
    """Of mini-m3 nothing recorded may be claimed."""
    assert not is_bge_m3(mini.model, mini.tokenizer)


def test_numbers_decide_and_not_only_the_shape(mini, reference, monkeypatch):
    """A model of 1,024 numbers that gives the recorded ones passes; moved by 2e-4, or nan, it does not."""
    figures = copy.deepcopy(reference)
    monkeypatch.setattr(recorded, "recorded_figures", lambda: figures)
    text, head = figures["walkthrough"]["sentences"][0], figures["walkthrough"]["embedding_head"]
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=len(mini.tokenizer), hidden_size=1024, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=8, max_position_embeddings=34, type_vocab_size=1,
    )  # fmt: skip
    model = XLMRobertaModel(config, add_pooling_layer=False).eval()
    with torch.inference_mode():
        hidden = model(**mini.tokenizer([text], return_tensors="pt")).last_hidden_state
    numbers = torch.nn.functional.normalize(hidden[0, 0], dim=0)[: len(head["0"])]
    assert not is_bge_m3(model, mini.tokenizer)
    for moved, passes in ((0.0, True), (9e-5, True), (2e-4, False), (float("nan"), False)):
        expected = numbers.clone()
        expected[7] += moved
        head["0"] = expected.tolist()
        assert is_bge_m3(model, mini.tokenizer) is passes
    head["0"] = numbers.tolist()
    assert is_bge_m3(model.to(torch.bfloat16), mini.tokenizer)


def test_load_calls_a_model_of_that_shape_by_its_numbers(mini, monkeypatch, folder):
    """A fine-tuned model must come as "other", with the reason, and is not one the lessons describe."""
    shape = {"hidden_size": 8, "num_hidden_layers": 1, "vocab_size": 400, "max_position_embeddings": 34}
    monkeypatch.setattr(find, "SHAPE", shape)  # the tiny checkpoint stands for bge-m3's shape
    assert find.find(folder).kind == "bge-m3"
    found = load.load(folder)[2]
    assert (found.kind, found.trained) == ("other", False)
    assert found.why == "given as a path; bge-m3's shape, but not its weights"
    assert mini.checkpoint.trained
    assert dataclasses.replace(found, kind="bge-m3").trained
