"""The training code, run for a few steps on a few lines: the loss falls and the files load."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoModel, AutoTokenizer

from helpers.checkpoint.find import MINI
from helpers.mini_m3.training import corpus, evaluate, teacher, train, vocabulary

PAIRS = [
    ("The cat sleeps.", "猫在睡觉。"), ("It is raining.", "在下雨。"), ("I like tea.", "我喜欢茶。"),
    ("Where is the station?", "车站在哪里？"), ("She reads a book.", "她在看书。"), ("He is tired.", "他累了。"),
    ("We went home.", "我们回家了。"), ("The shop is closed.", "商店关门了。"), ("Speak slowly.", "慢慢说。"),
    ("My head hurts.", "我头疼。"), ("The bus is late.", "公车晚了。"), ("Open the door.", "打开门。"),
]  # fmt: skip
RECIPE = """
seed = 1
recombined = 8
longest_passage = 400
exclude = ["never.tsv"]
words = "words.txt"
file = [
  { name = "pairs.tsv", share = 2, hold_out = 2, recombine = ["en", "zh"], passages = 2 },
  { name = "single.txt", share = 0.5 },
]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of training texts, with a space and Chinese characters in its path."""
    folder = tmp_path_factory.mktemp("训练 data")
    lines = {
        "pairs.tsv": "\n".join("\t".join(pair) for pair in PAIRS),
        "never.tsv": "\n".join("\t".join(pair) for pair in PAIRS[-4:]),
        "single.txt": "A fish swims.\nThe sun is hot.",
        "words.txt": "cat\nrain\ntea\nstation",
        "recipe.toml": RECIPE,
    }
    for name, text in lines.items():
        (folder / name).write_text(text + "\n", encoding="utf-8")
    return folder


def test_vocabulary_is_trimmed_without_changing_how_kept_texts_are_cut(place: Path) -> None:
    """Fewer pieces, same cuts, ids that lead back; a text with dropped pieces still becomes known ids."""
    source = MINI / "tokenizer.json"
    tokenizer = vocabulary.real_tokenizer(source)
    texts = vocabulary.read_texts([place / "pairs.tsv"])
    keep = vocabulary.pieces_to_keep(tokenizer, texts, ["cat", "dog"])
    vocabulary.save_tokenizer(json.loads(source.read_text(encoding="utf-8")), keep, place / "trimmed")
    small = AutoTokenizer.from_pretrained(place / "trimmed")
    assert 5 < len(small) == len(keep) < tokenizer.get_vocab_size()
    for text in texts:
        assert [keep[i] for i in small(text)["input_ids"]] == tokenizer.encode(text).ids
    assert small("zyzzyva")["input_ids"][0] == 0


def test_corpus_keeps_its_promises(place: Path) -> None:
    """Held-out and excluded lines are in no text; pairs share a number; a seed gives the same corpus twice."""
    tokenizer = vocabulary.real_tokenizer(MINI / "tokenizer.json")
    made = corpus.load_corpus(place / "recipe.toml", place, tokenizer)
    held = {side for line in made.held_out["pairs.tsv"] for side in line}
    assert len(held) == 4 and not held & set(made.texts)
    assert not {side for pair in PAIRS[-4:] for side in pair} & set(made.texts), "an excluded line is trained on"
    assert not [text for text in made.texts if any(side in text for side in held)], "a passage quotes a held-out line"
    numbers = [n for n in made.pairs if n >= 0]
    assert numbers and all(numbers.count(n) == 2 for n in numbers)
    assert made.texts == corpus.load_corpus(place / "recipe.toml", place, tokenizer).texts


def test_pairs_share_a_target_unless_the_teacher_disagrees() -> None:
    """Mean of both sides for a translation; own targets for two texts that have nothing in common."""
    vectors = np.array([[1, 0.3, 0, 0], [1, 0, 0.3, 0], [0, 1, 0, 0.1], [0, 0, 1, 0.1]], dtype=np.float32)
    made = teacher.targets(vectors, [7, 7, 8, 8], np.eye(4, dtype=np.float32)).astype(np.float32)
    assert np.allclose(made[0], made[1]) and not np.allclose(made[2], made[3], atol=0.1)
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-3)


def test_training_learns_resumes_and_saves(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The loss falls; a second run takes up where the first stopped; the finished folder loads."""
    source, out = MINI / "tokenizer.json", place / "out"
    ids = vocabulary.real_tokenizer(source).encode(" ".join(side for pair in PAIRS for side in pair)).ids
    real = json.loads(source.read_text(encoding="utf-8"))
    keep = sorted({*range(40), *ids, len(real["model"]["vocab"]) - 1})
    vocabulary.save_tokenizer(real, keep, out)
    common = ["--recipe", str(place / "recipe.toml"), "--data", str(place), "--tokenizer", str(out)]
    common += ["--work", str(place / "work"), "--to", str(out), "--tokens", "120", "--layers", "1"]
    first = train.main([*common, "--steps", "6"])
    assert len(first) == 6
    second = train.main([*common, "--steps", "30"])
    assert len(second) == 24, "the second run must start at step 6"
    assert np.mean(second[-5:]) < 0.8 * np.mean(first[:3])
    model = AutoModel.from_pretrained(out)
    assert model.config.num_hidden_layers == 1
    assert len(AutoTokenizer.from_pretrained(out)) == model.config.vocab_size == len(keep)
    assert len(corpus.read_lines(place / "work" / "held_out_pairs.tsv")) == 2
    evaluate.main([str(place / "pairs.tsv"), "--checkpoint", str(out)])
    assert "| pairs (12) | cls |" in capsys.readouterr().out


def test_last_layer_shortcut_gives_the_same_vectors(place: Path) -> None:
    """Computing the last layer for <s> alone changes nothing."""
    import torch

    tokenizer = vocabulary.real_tokenizer(MINI / "tokenizer.json")
    start = np.ones((tokenizer.get_vocab_size(), 256))
    model = train.new_student(tokenizer, start, seed=0, num_hidden_layers=2)
    ids, mask = train.pad([[0, 9, 40, 2], [0, 7, 2]])
    whole = torch.nn.functional.normalize(model(ids, attention_mask=mask).last_hidden_state[:, 0], dim=-1)
    torch.testing.assert_close(train.cls_vectors(model, ids, mask), whole, atol=1e-5, rtol=0)
