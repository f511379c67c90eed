"""The command that prints the model card's figures: on cases known by hand, on mini-m3, and whole on a few rows."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from classroom import pairs
from helpers.checkpoint.find import MINI
from helpers.mini_m3.training import evaluate
from helpers.pipeline import BgeM3

PAIRS = [
    ["The cat sleeps on the sofa.", "猫在沙发上睡觉。"], ["It will rain tomorrow.", "明天会下雨。"],
    ["This soup is too salty.", "这个汤太咸了。"], ["Our train leaves at nine.", "我们的火车九点出发。"],
    ["My head hurts.", "我头疼。"], ["She is reading a book.", "她在看书。"],
]  # fmt: skip
PACKAGES = [
    ["chess program", "You play chess against the computer.", "国际象棋程序", "你可以和电脑下国际象棋。"],
    ["weather applet", "Shows the weather of your town.", "天气小程序", "显示你所在城市的天气。"],
    ["music player", "Plays songs and makes playlists."],
]


def test_a_figure_says_whether_it_is_enough() -> None:
    assert evaluate.at_least("x", (0.9, 0.5), (0.91, 0.5)).met
    assert not evaluate.at_least("x", (0.9, 0.5), (0.91, 0.49)).met
    assert evaluate.at_least("x", (0.9, 0.5), (0.91, 0.5)).found == "0.910 / 0.500"
    assert evaluate.at_most("x", 0.6, 0.6).met and not evaluate.at_most("x", 0.6, 0.61).met
    worse = evaluate.against("x", torch.zeros(30), torch.ones(30))
    even = evaluate.against("x", torch.arange(30.0) % 2, 1 - torch.arange(30.0) % 2)
    assert not worse.met and even.met


def test_reciprocal_counts_ten_places() -> None:
    """First, second, tenth and eleventh of twelve; ties share their places."""
    scores = torch.zeros(4, 12)
    for row, place in enumerate((1, 2, 10, 11)):
        scores[row] = torch.arange(12, 0, -1)
        scores[row, [row, place - 1]] = scores[row, [place - 1, row]]
    assert evaluate.reciprocal(scores).tolist() == pytest.approx([1, 1 / 2, 1 / 10, 0])
    assert evaluate.reciprocal(torch.zeros(1, 3)).tolist() == [0.5]


def test_content_pieces_are_words_and_numbers() -> None:
    assert all(map(evaluate.is_content, ["▁cat", "▁2024", "猫", "▁Berlin", "ing"]))
    assert not any(map(evaluate.is_content, ["▁the", "▁The", "▁", "。", "▁,", "的", "▁is"]))


@pytest.mark.parametrize("turned", [False, True])
def test_right_twin_counts_all_four_directions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mini: BgeM3, turned: bool
) -> None:
    """Texts that any model tells apart: all right; with the twins' translations exchanged, all wrong."""
    chinese = ["一只猫在睡觉。", "我们的火车九点出发。"]
    row = [
        "order-01",
        "order",
        "A cat is sleeping.",
        "Our train leaves at nine.",
        *(chinese[::-1] if turned else chinese),
    ]
    table = "id\tkind\tenglish\tenglish_twin\tchinese\tchinese_twin\n" + "\t".join(row) + "\n"
    (tmp_path / "minimal_pairs.tsv").write_text(table, encoding="utf-8")
    monkeypatch.setattr(pairs, "pairs_path", lambda: tmp_path / "minimal_pairs.tsv")
    assert evaluate.right_twin(mini) == (0.0 if turned else 1.0)


def test_a_tie_of_twins_counts_half(monkeypatch: pytest.MonkeyPatch, mini: BgeM3) -> None:
    """Twins that are one text: no side is nearer."""
    same = pairs.Pair("order-01", "order", "A cat sleeps.", "A cat sleeps.", "猫在睡觉。", "猫在睡觉。")
    monkeypatch.setattr(evaluate, "load_pairs", lambda kind: [same])
    assert evaluate.right_twin(mini) == 0.5


def test_figures_of_the_dense_vectors(mini: BgeM3) -> None:
    """Translations found, and nearer than what is unrelated; with the sides mixed up, none."""
    assert evaluate.tatoeba(mini, PAIRS) == (1.0, 1.0)
    mixed = [[one[0], other[1]] for one, other in zip(PAIRS, PAIRS[1:] + PAIRS[:1], strict=True)]
    assert max(evaluate.tatoeba(mini, mixed)) < 0.2
    unrelated, right = evaluate.cosines(mini, PAIRS)
    assert unrelated + 0.2 < right <= 1.001
    swapped = evaluate.cosines(mini, mixed)
    assert swapped[1] < right - 0.2


def test_cuts_are_compared_with_the_real_tokenizer(mini: BgeM3) -> None:
    """What the course is about is cut alike; Thai words have lost their pieces here."""
    assert evaluate.same_cut(mini, [text for pair in PAIRS for text in pair]) == 1.0
    assert evaluate.same_cut(mini, ["The cat sleeps.", "สวัสดีครับ"]) == 0.5


def test_packages_with_both_languages_come_first(mini: BgeM3) -> None:
    with pytest.raises(ValueError, match="should come first"):
        next(evaluate.description_figures(mini, PACKAGES[::-1]))


def test_the_command_prints_every_line_of_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mini_with_outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From files to table, on mini-m3 with linear layers of no training and a few rows of each file."""
    for name in ("load_sentences", "load_questions"):
        rows = getattr(evaluate, name)()[:6]
        monkeypatch.setattr(evaluate, name, lambda rows=rows: rows)
    monkeypatch.setattr(evaluate, "load_pairs", lambda kind, read=evaluate.load_pairs: read(kind)[::8])
    (tmp_path / "eval_tatoeba_en_zh.tsv").write_text("".join("\t".join(p) + "\n" for p in PAIRS), encoding="utf-8")
    held = "".join("\t".join(row) + "\n" for row in PACKAGES)
    (tmp_path / "held_out_debian_descriptions.tsv").write_text(held, encoding="utf-8")
    files = ["--data", str(tmp_path), "--work", str(tmp_path)]
    evaluate.main([*files, "--checkpoint", str(mini_with_outputs)])
    header, rule, *lines = [line.split(" | ") for line in capsys.readouterr().out.splitlines()]
    assert header[0] == "| what" and rule == ["|---|---|---|---|"]
    found = {line[0].removeprefix("| "): line[2] for line in lines}
    assert len(found) == len(lines), "no line twice"
    for what in (
        "Tatoeba en → zh / zh → en", "right English sentence first for a Chinese one", "word order, held-out pairs",
        "held-out pairs: negation", "median cosine, unrelated", "questions → passages, MRR@10: lexical",
        "… sum − dense", "package descriptions, MRR@10: en (3) / zh (2)", "… en, lexical added",
        "lexical weights: the heaviest", "… stop words", "paraphrases, MRR@10: cls − max", "Tatoeba with every",
        "word order with all positions equal", "right English sentence first: layer 3 off", "cut exactly as bge-m3",
        "seconds for",
    ):  # fmt: skip
        assert [line for line in found if line.startswith(what)], what
    assert found["Tatoeba en → zh / zh → en, top-1 of 1,000"] == "1.000 / 1.000"
    assert found["cut exactly as bge-m3: en / zh"] == "1.000 / 1.000"


@pytest.fixture
def mini_with_outputs(tmp_path: Path, mini: BgeM3) -> Path:
    """A copy of mini-m3; linear layers are drawn where it has none."""
    folder = tmp_path / "mini"
    folder.mkdir()
    for path in MINI.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    size = mini.model.config.hidden_size
    for name, rows in (("sparse_linear.pt", 1), ("colbert_linear.pt", size)):
        if not (folder / name).exists():
            torch.manual_seed(0)
            torch.save(torch.nn.Linear(size, rows).state_dict(), folder / name)
    return folder
