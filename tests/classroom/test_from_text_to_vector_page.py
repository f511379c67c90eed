"""Page 00: its printed models side by side, its panel, and the ten lines that it gives away."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import torch
from conftest import TEXTS
from transformers import XLMRobertaConfig, XLMRobertaModel

from classroom.from_text_to_vector import figures, widgets
from classroom.words import words
from helpers.checkpoint.find import MINI

PAGE = Path(__file__).parents[2] / "notebooks" / "00_from_text_to_vector.ipynb"
SENTENCES = ["我喜欢用Python进行编程。", "The cat <b>sleeps</b>."]
W = words("from_text_to_vector")["panel"]


def tiny(layers):
    """A model without numbers."""
    sizes = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 16, "vocab_size": 10}
    with torch.device("meta"):
        return XLMRobertaModel(XLMRobertaConfig(num_hidden_layers=layers, **sizes), add_pooling_layer=False)


def test_models_beside_each_other(mini):
    """Every part once, in the order of ``print``, with the kind of both."""
    text = figures.beside(mini.model, tiny(3), ("mini-m3", "tiny")).split("\n")
    assert text[0].split() == ["part", "mini-m3", "tiny"]
    assert len(text) == 1 + sum(line.strip() != ")" for line in str(mini.model).split("\n"))
    (line,) = [line for line in text if "word_embeddings" in line]
    assert line.split("  ")[1:] and re.search(r"Embedding\(47017, 384\) +Embedding\(10, 8\)$", line)
    assert any(re.search(r"\(0-2\) +6 x XLMRobertaLayer +3 x XLMRobertaLayer$", line) for line in text)
    assert max(map(len, text)) <= 100
    with pytest.raises(ValueError, match="shorter"):
        figures.beside(mini.model, torch.nn.Linear(1, 1), ("", ""))


def test_what_the_panel_tells(mini):
    """Pieces, shapes, numbers, and the sentences in the order of their cosine; nothing of it as HTML of the reader."""
    vectors = mini.encode(SENTENCES, progress=False)
    html = widgets.told(mini, "The cat is <i>asleep</i>.", SENTENCES, vectors)
    vector = mini.encode(["The cat is <i>asleep</i>."], progress=False)[0]
    tokens = mini.walk(["The cat is <i>asleep</i>."]).tokens[0]
    assert all(f">{token}<" in html for token in ("&lt;s&gt;", "▁The", "▁cat", "&lt;/s&gt;"))
    assert f"ids (1, {len(tokens)})" in html and "vector (384,)" in html
    assert f"{vector[0]:+.3f}, {vector[1]:+.3f}" in html
    assert html.index("sleeps") < html.index("编程"), "the nearer one first"
    assert f"{vector @ vectors[1]:.2f}" in html
    assert "<i>" not in html and "<b>" not in html


def test_what_the_panel_cannot_read(mini):
    """Words, not an exception; a long text is cut, and that is told."""
    vectors = mini.encode(SENTENCES, progress=False)

    def told(text):
        return widgets.told(mini, text, SENTENCES, vectors)

    assert W["empty"] in told(" \n") and "surrogate" in told("a\ud83d")
    assert W["long"].format(count=400) in told("x" * 10_000) and W["long"].format(count=400) not in told("x" * 400)
    assert W["more"].format(count=12) in told("cat " * 50) and "and " not in told("cat")
    for text in TEXTS:
        assert told(text).encode("utf-8")


def test_panel_answers(mini):
    """A text typed changes what is shown."""
    panel = widgets.panel(mini, SENTENCES)
    box, answer = panel.children
    before = answer.value
    box.value = "The dog sleeps."
    assert answer.value != before and "▁dog" in answer.value


def test_ten_lines_need_nothing_of_this_project(mini, tmp_path):
    """The code as it stands on the page, with mini-m3's folder for a path, in a folder and a Python of its own."""
    page = nbformat.read(PAGE, as_version=4)
    prose = "\n\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
    (code,) = re.findall(r"^~~~python\n(.*?)^~~~", prose, flags=re.DOTALL | re.MULTILINE)
    assert sum(bool(line) for line in code.split("\n")) == 10 and "helpers" not in code and "classroom" not in code
    code = code.replace('"BAAI/bge-m3"', repr(str(MINI)))
    assert repr(str(MINI)) in code
    code += "\ntorch.save(vectors, 'vectors.pt')\n"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr[-2000:]
    right = mini.encode(["你好，世界！", "Hello, world!"], progress=False)
    torch.testing.assert_close(torch.load(tmp_path / "vectors.pt"), right, atol=1e-5, rtol=0)
