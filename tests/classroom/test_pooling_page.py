"""Page 04: its measurements, its figures, its live controls over their whole range, its exercises."""

import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from conftest import FULL, TEXTS
from matplotlib.figure import Figure

from classroom.pooling import exercises, figures, widgets
from classroom.pooling.measure import all_vectors
from classroom.sentences import load_sentences
from classroom.style import use_style
from helpers.pooling import POOLINGS
from helpers.tokenization import TruncationWarning

PAGE = Path(__file__).parents[2] / "notebooks" / "04_pooling.ipynb"
EXERCISES = ("first_real", "join_parts", "mean_without_special", "max_winners")
SENTENCES = load_sentences()
TOPICS = sorted({sentence.topic for sentence in SENTENCES})


pytestmark = pytest.mark.filterwarnings("error:Glyph")  # a missing Chinese character would be drawn as a box


@pytest.fixture(autouse=True)
def style():
    """The notebooks' own look, and the old one back."""
    with matplotlib.rc_context():
        use_style()
        yield


def solutions() -> dict:
    """The functions in the folded solutions of the page."""
    import nbformat

    page = nbformat.read(PAGE, as_version=4)
    text = "\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
    names: dict = {"torch": torch}
    for block in re.findall(r"```python\n(.*?)```", text[text.index("## Solutions") :], flags=re.S):
        exec(block, names)
    return names


def test_vectors_of_every_pooling_and_layer(mini):
    """The last layer's are what ``encode`` gives, whatever the batches; layer 0 of cls is one vector for all."""
    texts = ["你好", "Hello, world!", "", "a b c d e f g"]
    vectors = all_vectors(mini, texts, batch_size=2)
    assert vectors.shape == (3, mini.model.config.num_hidden_layers + 1, 4, mini.model.config.hidden_size)
    torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(vectors.shape[:3]))
    for kind, how in enumerate(POOLINGS):
        same = torch.from_numpy(mini.encode(texts, pooling=how, progress=False))
        torch.testing.assert_close(vectors[kind, -1], same, atol=1e-5, rtol=0)
    torch.testing.assert_close(vectors[0, 0], vectors[0, 0, :1].expand(4, -1))


def test_vectors_of_a_text_too_long(mini):
    """It is cut with a warning, not an IndexError."""
    with pytest.warns(TruncationWarning):
        assert all_vectors(mini, [FULL * 2]).isfinite().all()


def test_figures():
    """Each is a figure that can be drawn, also from the smallest input and from tokens with a dollar."""
    hidden = np.arange(6.0).reshape(3, 2)
    made = [
        figures.reading_figure(hidden, ["<s>", "$x_{", "a token that is far too long"]),
        figures.reading_figure(hidden[:1, :1], ["<s>"]),
        figures.drift_figure([0, 1], {"cls": [1, 1], "mean": [1, 0.5]}),
        figures.interval_figure(["cls"], [0.5], [(0.4, 0.6)], "MRR", "one"),
        figures.interval_figure(["cls", "max"], [0.1, -0.1], [(0, 0.2), (-0.2, 0)], "difference", "two", zero=True),
        figures.picks_figure(["<s>", "狗$", "</s>"], [0.5, 0.5, 0.0], "picks"),
    ]
    for figure in made:
        assert widgets.png(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("pooling", POOLINGS)
def test_matrix_over_every_layer(mini, pooling):
    """All poolings × layers, on one topic: a figure whose title says what it shows."""
    few = widgets.of_topic(SENTENCES, TOPICS[0])
    for layer in range(mini.model.config.num_hidden_layers + 1):
        figure = widgets.matrix_figure(mini, few, pooling, layer)
        title = figure.axes[0].get_title(loc="left")
        assert isinstance(figure, Figure)
        assert title.startswith(f"{pooling} of {widgets.layer_name(layer)}: ")
        assert ("0 of 5 found" in title) == (pooling == "cls" and layer == 0)


@pytest.mark.parametrize("topic", TOPICS)
def test_matrix_of_every_topic(mini, topic):
    """Every topic fills the picture, and can be drawn."""
    few = widgets.of_topic(SENTENCES, topic)
    assert len(few) == widgets.SHOWN
    assert widgets.png(widgets.matrix_figure(mini, few, "cls", mini.model.config.num_hidden_layers)).startswith(
        b"\x89PNG"
    )


def test_matrix_refuses(mini):
    """A pooling, layer or topic there is not is named with the choices; one sentence alone is fine."""
    few = widgets.of_topic(SENTENCES, TOPICS[0])
    with pytest.raises(ValueError, match="choose cls, mean, max"):
        widgets.matrix_figure(mini, few, "sum", 0)
    for layer in (-1, mini.model.config.num_hidden_layers + 1):
        with pytest.raises(ValueError, match="is out of range"):
            widgets.matrix_figure(mini, few, "cls", layer)
    with pytest.raises(ValueError, match=f"choose {TOPICS[0]}"):
        widgets.of_topic(SENTENCES, "no such topic")
    assert "no others" in widgets.matrix_figure(mini, few[:1], "cls", 0).axes[0].get_title(loc="left")


@pytest.mark.parametrize("text", [*TEXTS, "<script>alert(1)</script>", "a & b", FULL * 3], ids=lambda t: repr(t[:20]))
def test_picks_of_any_text(mini, text):
    """Shares add up to 1; the answer is HTML with nothing of the text left raw."""
    for layer in (0, mini.model.config.num_hidden_layers):
        tokens, shares = widgets.max_shares(mini, text, layer)
        assert len(tokens) == len(shares) <= widgets.LONGEST
        assert shares.sum() == pytest.approx(1)
        html = widgets.picks_html(mini, text, layer)
        assert "<script" not in html and "&lt;s&gt;" in html
        assert set(re.findall(r"</?(\w+)", html)) == {"p", "table", "tr", "td", "code", "div"}
        assert ("tokens only" in html) == (len(tokens) == widgets.LONGEST)


def test_picks_of_no_text(mini):
    """Half a surrogate pair is answered in words."""
    assert "surrogate" in widgets.picks_html(mini, "\ud83d", 0)


def test_panel_answers(mini):
    """Each control, moved once, changes its picture or its table."""
    panel = widgets.panel(mini)
    (pooling, layer, topic), picture, text, picks = panel.children[0].children, *panel.children[1:]
    for control, value in ((pooling, "max"), (layer, 1), (topic, topic.options[-1])):
        before = picture.value
        control.value = value
        assert picture.value != before
    before = picks.value
    text.value = "<b>bold</b>"
    assert picks.value != before and "<b>" not in picks.value


@pytest.mark.parametrize("name", EXERCISES)
def test_solution_passes(name, capsys):
    """The page's own answer is right."""
    assert getattr(exercises, name)(solutions()[name])
    assert "✓ right" in capsys.readouterr().out


@pytest.mark.parametrize("name", EXERCISES)
def test_stub_is_not_yet(name, capsys):
    """A function without a body is no mistake."""
    assert not getattr(exercises, name)(lambda *_: None)
    assert "not yet" in capsys.readouterr().out


def inner(hidden, mask, last):
    """Mean without position 0 and ``last``, as a wrong answer would have it."""
    kept = mask.clone()
    kept[:, 0] = 0
    kept[torch.arange(len(mask)), last] = 0
    return (hidden * kept[..., None]).sum(dim=1) / kept.sum(dim=1, keepdim=True)


def count(winners, length):
    """How often each position is named, (B, H) → (B, length)."""
    return torch.nn.functional.one_hot(winners, length).sum(dim=1)


WRONG = {
    "position 0": ("first_real", lambda h, m: h[:, 0]),
    "last position": ("first_real", lambda h, m: h[:, -1]),
    "counts back by the length": ("first_real", lambda h, m: h[torch.arange(len(h)), -m.sum(dim=1)]),
    "keeps the batch dimension out": ("first_real", lambda h, m: h[0, m[0].argmax()]),
    "mean of means": ("join_parts", lambda means, lengths: means.mean(dim=0)),
    "divides by the number of parts": ("join_parts", lambda x, n: (x * n[:, None]).sum(dim=0) / len(n)),
    "weights over the wrong axis": ("join_parts", lambda x, n: x.sum(dim=0) / n.sum()),
    "special tokens left in": ("mean_without_special", lambda h, m: (h * m[..., None]).sum(1) / m.sum(1, keepdim=True)),
    "cuts the last position": ("mean_without_special", lambda h, m: inner(h, m, -1)),
    "nan for an empty text": ("mean_without_special", lambda h, m: inner(h, m, m.sum(dim=1) - 1)),
    "padding forgotten": ("mean_without_special", lambda h, m: h[:, 1:-1].mean(dim=1)),
    "no mask": ("max_winners", lambda h, m: count(h.argmax(dim=1), m.shape[1])),
    "padding set to 0": ("max_winners", lambda h, m: count((h * m[..., None]).argmax(dim=1), m.shape[1])),
    "largest magnitude": ("max_winners", lambda h, m: count((h.abs() * m[..., None]).argmax(dim=1), m.shape[1])),
    "shares for counts": ("max_winners", lambda h, m: solutions()["max_winners"](h, m) / h.shape[-1]),
    "a tensor of the wrong kind": ("max_winners", lambda h, m: [1, 2, 3]),
    "raises": ("max_winners", lambda h, m: h.no_such_method()),
}


@pytest.mark.parametrize("label", WRONG)
def test_wrong_answer_is_caught(label, capsys):
    """With a hint and no traceback."""
    name, function = WRONG[label]
    assert not getattr(exercises, name)(function)
    told = capsys.readouterr().out
    assert told.startswith("✗") and "Hint:" in told


def test_every_exercise_has_two_wrong_answers():
    """So that no check lets everything pass."""
    for name in EXERCISES:
        assert sum(wrong == name for wrong, _ in WRONG.values()) >= 2
