"""Page 08: scores of all pairs, its intervals and bytes, the recorded pair, its figures, its panel."""

import matplotlib
import numpy as np
import pytest
import torch
from conftest import FULL, TEXTS

from classroom.passages import load_questions
from classroom.style import png, use_style
from classroom.three_outputs import figures, measure, widgets
from helpers import BgeM3
from helpers.lexical import lexical_score
from helpers.multi_vector import max_sim
from helpers.pipeline import Outputs

pytestmark = pytest.mark.filterwarnings("error:Glyph")  # a missing Chinese character would be drawn as a box
SOME = ["你好", "Hello, world!", "a b c d e f g", "The cat sleeps on the warm stove."]
PANEL = widgets.W["panel"]


@pytest.fixture(autouse=True)
def style():
    """The notebooks' own look, and the old one back."""
    with matplotlib.rc_context():
        use_style()
        yield


def test_matrices_hold_the_helpers_scores(mini):
    """Every pair of questions and passages as the helpers score it alone."""
    asked, found = (mini.encode_outputs(texts, progress=False) for texts in (SOME[:2], SOME))
    lexical = measure.lexical_matrix(asked.lexical, found.lexical)
    right = [[max_sim(one, other) for other in found.multi_vector] for one in asked.multi_vector]
    assert lexical.shape == (2, 4)
    for row, column in np.ndindex(2, 4):
        score = lexical_score(asked.lexical[row], found.lexical[column])
        assert lexical[row, column].item() == pytest.approx(score, abs=1e-6)
    scores = measure.max_sim_matrix(asked.multi_vector, found.multi_vector)
    torch.testing.assert_close(scores, torch.tensor(right), atol=1e-5, rtol=0)
    assert abs(right[0][1] - measure.max_sim_matrix(found.multi_vector, asked.multi_vector)[1, 0].item()) > 1e-3


def test_figures_by_kind():
    """Each kind has its own questions, all have all; positive where the first is ahead, the interval around it."""
    questions = load_questions()
    counts = [len(measure.of_kind(questions, kind)) for kind in measure.KINDS]
    assert min(counts) >= 20 and sum(counts) == len(measure.of_kind(questions, "all")) == len(questions)
    names = measure.of_kind(questions, "name")
    one = torch.ones(len(questions), dtype=torch.float64)
    other = one.clone()
    other[names[::2]] = 2.0
    assert measure.by_kind(questions, other) == pytest.approx([0.75, 1, 1, 1, 1, 1 - 0.25 * len(names) / len(one)])
    (kind, mean, low, high), *rest = measure.gaps(questions, one, other)
    assert kind == "name" and 0 < low < mean == 0.25 < high
    assert rest[0] == ("paraphrase", 0.0, 0.0, 0.0) and rest[-1][0] == "all" and rest[-1][1] > 0


def test_bytes_are_counted():
    """Means over the texts, in 2 bytes a number and 4 an id."""
    outputs = Outputs(torch.eye(2), [{5: 0.5}, {6: 0.5, 7: 0.1, 8: 0.1}], [torch.eye(2)[:1], torch.eye(2).repeat(2, 1)])
    assert measure.bytes_each(outputs, 10) == {"dense": 20, "lexical": 12, "multi-vector": 50}


def test_recorded_weights_give_the_recorded_score():
    """Weights that one person published, and the score that another did: equal to the last digit of float32."""
    question, passage, score = measure.recorded_pair()
    assert lexical_score(question, passage) == pytest.approx(score, abs=3e-7)
    assert f"{score:.5f}" == "0.19554" and f"{lexical_score(question, question):.4f}" == "0.1971"


def test_figures():
    """Each is a figure that can be drawn, also from the smallest input and from tokens with a dollar."""
    tokens = ["<s>", "$x_{", "a token that is far too long", "猫"]
    vectors = np.linspace(-1, 1, 90).reshape(3, 30)
    rows = [("name", 0.1, 0.0, 0.2), ("cross", -0.9, -1.0, -0.8)]
    scores = {"dense": 0.5, "lexical": 0.0, "multi": -0.2}
    made = [
        figures.outputs_figure(tokens, vectors[0], np.array([0, 0.2, 0.1, 0]), vectors),
        figures.outputs_figure(tokens[:2], vectors[0, :5], np.zeros(2), vectors[:1, :5]),
        figures.pair_figure(tokens, tokens[:2], vectors[:, :8].reshape(4, 6)[:, :2], np.ones(4), np.ones(2),
                            np.eye(4, 2, dtype=bool), scores),
        figures.pair_figure(["</s>"], ["</s>"], np.ones((1, 1)), np.zeros(1), np.zeros(1), np.zeros((1, 1), bool),
                            scores),
        figures.interval_figure({"lexical": rows, "multi": rows}),
        figures.weights_figure([0, 1], {"all": [0.5, 0.6], "cross": [0.7, 0.1], "name": [0.7, 0.62]}),
    ]  # fmt: skip
    for figure in made:
        assert png(figure).startswith(b"\x89PNG")
        sizes = [text.get_fontsize() for axes in figure.axes for text in axes.texts]
        assert min(sizes, default=9) >= 9


def test_shared_pieces_are_lit_and_the_best_framed():
    """Both edges light a shared piece, and nothing else; every row has one frame, around its largest cosine."""
    cosines = np.array([[0.1, 0.9], [0.8, 0.2]])
    shared = np.array([[False, True], [False, False]])
    scores = {"dense": 0.5, "lexical": 0.1, "multi": 0.85}
    figure = figures.pair_figure(
        ["a", "b"], ["c", "a"], cosines, np.array([0.3, 0.2]), np.array([0.1, 0.4]), shared, scores
    )
    heat, beside, above, _ = figure.axes
    assert {patch.get_xy() for patch in heat.patches} == {(0.5, -0.5), (-0.5, 0.5)}
    assert [patch.get_hatch() is not None for patch in beside.patches] == [True, False]
    assert [patch.get_hatch() is not None for patch in above.patches] == [False, True]


def test_compared_as_the_helpers_do(mini):
    """Its three scores are those of ``encode_outputs``; what is too long, broken or empty is told in words."""
    pair, told = widgets.compared(mini, SOME[1], SOME[3])
    outputs = mini.encode_outputs([SOME[1], SOME[3]], progress=False)
    assert told == "" and pair.scores["dense"] == pytest.approx((outputs.dense[0] @ outputs.dense[1]).item(), abs=1e-5)
    assert pair.scores["lexical"] == pytest.approx(lexical_score(*outputs.lexical), abs=1e-5)
    assert pair.scores["multi"] == pytest.approx(max_sim(*outputs.multi_vector), abs=1e-5)
    assert [len(ids) for ids in pair.ids] == [len(rows) for rows in pair.vectors]
    pair, told = widgets.compared(mini, FULL * 3, FULL)
    assert told == PANEL["cut"].format(question=24, passage=40)
    assert len(pair.ids[0]) <= 23 and len(pair.ids[1]) <= 39
    assert widgets.compared(mini, "a", " ") == (None, PANEL["empty"])
    assert widgets.compared(mini, "\ud83d", "a") == (None, PANEL["broken"])


@pytest.mark.parametrize(
    "text", [*TEXTS, "<script>alert(1)</script>", "x" * 10_000, "\ud83d"], ids=lambda t: repr(t[:20])
)
def test_panel_survives_any_text(mini: BgeM3, text):
    """A picture, or a message in words; never an exception."""
    _, question, passage, message, picture = widgets.panel(mini).children
    for box in (question, passage):
        box.value = text
        assert bytes(picture.value).startswith(b"\x89PNG") or message.value


def test_panel_answers(mini):
    """Each box, changed once, changes the picture; an empty one takes it away and says why."""
    _, question, passage, message, picture = widgets.panel(mini).children
    for box in (question, passage):
        before = picture.value
        box.value = "苹果 and a long sentence"
        assert picture.value != before and not message.value
    passage.value = ""
    assert message.value == PANEL["empty"] and picture.value == b""
