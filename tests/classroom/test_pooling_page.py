"""Page 04: its vectors, `<s>` kept from looking, long documents, its figures, its panel over its whole range."""

import matplotlib
import numpy as np
import pytest
import torch
from conftest import FULL, TEXTS

from classroom.passages import load_questions
from classroom.pooling import figures, measure, widgets
from classroom.style import png, use_style
from helpers import BgeM3
from helpers.encoder import encoder_layer
from helpers.pooling import POOLINGS
from helpers.tokenization import TruncationWarning

pytestmark = pytest.mark.filterwarnings("error:Glyph")  # a missing Chinese character would be drawn as a box
SOME = ["你好", "Hello, world!", "", "a b c d e f g"]


@pytest.fixture(autouse=True)
def style():
    """The notebooks' own look, and the old one back."""
    with matplotlib.rc_context():
        use_style()
        yield


def test_vectors_of_every_pooling_and_layer(mini, monkeypatch):
    """The last layer's are what ``encode`` gives, whatever the batches; layer 0 of cls is one vector for all."""
    monkeypatch.setattr(measure, "BATCH", 2)
    vectors = measure.all_vectors(mini, SOME)
    assert vectors.shape == (3, mini.model.config.num_hidden_layers + 1, 4, mini.model.config.hidden_size)
    torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(vectors.shape[:3]))
    for kind, how in enumerate(POOLINGS):
        same = mini.encode(SOME, pooling=how, progress=False)
        torch.testing.assert_close(vectors[kind, -1], same, atol=1e-5, rtol=0)
    torch.testing.assert_close(vectors[0, 0], vectors[0, 0, :1].expand(4, -1))


def test_last_vectors_are_those_of_encode(mini):
    """Every pooling in its place, before the division and after it, over several batches; a long text is cut."""
    texts = [*SOME, *(question.passage for question in load_questions()[:12]), FULL * 2]
    with pytest.warns(TruncationWarning):
        raw, made = measure.raw_vectors(mini, texts), measure.last_vectors(mini, texts)
    with pytest.warns(TruncationWarning):
        for kind, how in enumerate(POOLINGS):
            right = mini.encode(texts, pooling=how, normalize=False, progress=False)
            torch.testing.assert_close(raw[kind], right, atol=1e-4, rtol=1e-4)
            assert (right.norm(dim=1) > 1.5).all()
            torch.testing.assert_close(made[kind], right / right.norm(dim=1, keepdim=True), atol=1e-5, rtol=0)


def test_vectors_of_a_text_too_long(mini):
    """It is cut with a warning, not an IndexError."""
    with pytest.warns(TruncationWarning):
        assert measure.all_vectors(mini, [FULL * 2]).isfinite().all()


def test_blinded_in_no_layer_changes_nothing(mini):
    """It is the library's own road then."""
    torch.testing.assert_close(measure.blinded(mini, SOME, []), mini.encode(SOME, progress=False), atol=1e-5, rtol=0)


def test_blinded_everywhere_knows_nothing(mini):
    """One and the same vector for all texts."""
    layers = range(1, mini.model.config.num_hidden_layers + 1)
    vectors = measure.blinded(mini, SOME, layers)
    torch.testing.assert_close(vectors, vectors[:1].expand(4, -1), atol=1e-5, rtol=0)


@torch.no_grad()
def test_blinded_in_one_layer(mini):
    """As by hand: in layer 2 the row of ``<s>`` comes from a text that is ``<s>`` alone; all other rows are as ever."""
    walk = mini.walk(["The cat sleeps."])
    hidden, mask = walk.hidden_states[1], walk.mask
    layers = mini.model.encoder.layer
    alone = encoder_layer(hidden[:, :1], mask[:, :1], layers[1])[0]
    hidden = torch.cat([alone, encoder_layer(hidden, mask, layers[1])[0][:, 1:]], dim=1)
    for layer in layers[2:]:
        hidden = encoder_layer(hidden, mask, layer)[0]
    right = torch.nn.functional.normalize(hidden[:, 0], dim=-1)
    torch.testing.assert_close(measure.blinded(mini, ["The cat sleeps."], [2]), right, atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match="layers 1 to"):
        measure.blinded(mini, SOME, [0])


def test_documents_hold_their_passage(mini):
    """Each its own passage once, nothing of its own topic beside it, and no more tokens than asked for."""
    questions = [q for q in load_questions() if q.language == "en" and q.kind == "name"]

    def count(text):
        return len(text.split())

    documents = measure.buried(questions, 150, count)
    wanted = {text for q in measure.easy_questions() for text in (q.passage, *q.near)}
    assert documents == measure.buried(questions, 150, count)  # chance is seeded
    assert len({document.index(q.passage) for q, document in zip(questions, documents, strict=True)}) > 1
    for question, document in zip(questions, documents, strict=True):
        assert document.count(question.passage) == 1 and len(document) == len(set(document)) > 1
        assert sum(map(count, document)) <= 150
        assert not set(document) & {near for q in questions if q.topic == question.topic for near in q.near}
        # what another question asks for, or nearly, would compete with it and not with the length of the document
        assert not (set(document) - {question.passage}) & wanted


def test_many_cls(mini):
    """With no further ``<s>`` it is cls; with some, the mean of the rows of all, by hand."""
    torch.testing.assert_close(measure.many_cls(mini, SOME, 64), mini.encode(SOME, progress=False), atol=1e-5, rtol=0)
    ids = mini.tokenizer("a b c d")["input_ids"]
    ids = [0, *ids[1:4], 0, *ids[4:]]
    assert len(ids) == 7
    with torch.no_grad():
        hidden = mini.model(input_ids=torch.tensor([ids])).last_hidden_state[0]
    right = torch.nn.functional.normalize((hidden[0] + hidden[4])[None], dim=-1)
    torch.testing.assert_close(measure.many_cls(mini, ["a b c d"], 3), right, atol=1e-5, rtol=0)
    assert measure.many_cls(mini, [FULL], 1).isfinite().all()  # longer than the model with its <s>: cut


def test_differences():
    """Positive where cls is ahead, its interval around it."""
    one, other = torch.ones(40), torch.tensor([1.0, 2.0]).repeat(20)
    (name, mean, low, high), level = measure.differences({"task": [one, other, one]})
    assert name == "task: cls − mean" and 0 < low < mean == 0.25 < high
    assert level == ("task: cls − max", 0, 0, 0)


def test_figures():
    """Each is a figure that can be drawn, also from the smallest input and from tokens with a dollar."""
    hidden = np.arange(6.0).reshape(3, 2)
    texts = ["什么是大型语言模型？", "a $x_{ text that is far too long for any line of a figure, by far"]
    made = [
        figures.reading_figure(hidden, ["<s>", "$x_{", "a token that is far too long"]),
        figures.reading_figure(hidden[:1, :1], ["<s>"]),
        figures.filling_figure({"one": np.eye(2), "two": -np.eye(2)}, texts, texts),
        figures.filling_figure({"one": np.eye(1)}, texts[:1], texts[:1]),
        figures.lessons_figure(),
        figures.interval_figure([("cls − mean", 0.1, 0.0, 0.2), ("cls − max", -0.1, -0.2, 0.0)]),
        figures.long_figure([60, 450], [[1.0, 1.0, 1.0], [0.5, 0.5, 0.9]]),
    ]
    for figure in made:
        assert png(figure).startswith(b"\x89PNG")
        sizes = [text.get_fontsize() for axes in figure.axes for text in axes.texts]
        assert min(sizes, default=9) >= 9


def test_matrix_of_own_texts(mini):
    """Every pooling of every layer, named in the title; no other."""
    texts = ["什么是大型语言模型？", "What is a large language model?"]
    vectors = measure.all_vectors(mini, texts)
    last = mini.model.config.num_hidden_layers
    for how in POOLINGS:
        for layer in range(last + 1):
            axes = widgets.own_figure(vectors, texts, how, layer).axes[0]
            assert axes.get_title(loc="left") == f"{how}, {widgets.layer_name(layer)}"
    numbers = [text.get_text() for text in widgets.own_figure(vectors, texts, "cls", 0).axes[0].texts]
    assert numbers == ["1.00"] * 4
    with pytest.raises(ValueError, match="choose cls, mean, max"):
        widgets.own_figure(vectors, texts, "sum", 0)
    for layer in (-1, last + 1):
        with pytest.raises(ValueError, match="is out of range"):
            widgets.own_figure(vectors, texts, "cls", layer)


def test_lines_of_the_box(mini):
    """Blank lines do not count; what is too few, too many, too long or no text is told in words."""
    assert widgets.lines_of(mini, " a \n\n b\n") == (["a", "b"], "")
    assert widgets.lines_of(mini, " \n") == ([], widgets.W["panel"]["empty"])
    kept, told = widgets.lines_of(mini, "a")
    assert kept == ["a", "什么是大型语言模型？"] and kept[1] in told
    assert widgets.lines_of(mini, "a\n\ud83d") == ([], widgets.W["panel"]["broken"])
    kept, told = widgets.lines_of(mini, "\n".join("abcdefg"))
    assert kept == list("abcde") and "first 5 lines" in told
    kept, told = widgets.lines_of(mini, f"{FULL}\n{FULL * 3}")
    assert told.count("64 tokens") == 1
    assert all(len(mini.tokenizer(line)["input_ids"]) <= widgets.LONGEST for line in kept)


@pytest.mark.parametrize(
    "text", [*TEXTS, "<script>alert(1)</script>", "x" * 10_000, "\ud83d"], ids=lambda t: repr(t[:20])
)
def test_panel_survives_any_text(mini: BgeM3, text):
    """A picture, or a message in words; never an exception."""
    panel = widgets.panel(mini)
    _, box, _, message, picture = panel.children
    box.value = f"你好\n{text}"
    assert bytes(picture.value).startswith(b"\x89PNG") or message.value


def test_panel_answers(mini):
    """Each control, moved once, changes the picture; a wrong text takes it away and says why."""
    panel = widgets.panel(mini)
    _, box, controls, message, picture = panel.children
    pooling, layer = controls.children
    for control, value in ((pooling, "max"), (layer, 0), (box, "one text\nanother text")):
        before = picture.value
        control.value = value
        assert picture.value != before and not message.value
    box.value = ""
    assert message.value == widgets.W["panel"]["empty"] and picture.value == b""
