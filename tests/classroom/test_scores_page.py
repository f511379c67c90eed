"""Page 07: its kinds of pairs, thresholds, promises, codes and bits, recorded figures, its figures, its panel."""

import matplotlib
import numpy as np
import pytest
import torch
from conftest import FULL, TEXTS

from classroom.passages import load_questions
from classroom.retrieval import ranks
from classroom.scores import figures, measure, widgets
from classroom.sentences import load_sentences
from classroom.style import png, use_style

pytestmark = pytest.mark.filterwarnings("error:Glyph")  # a missing Chinese character would be drawn as a box


@pytest.fixture(autouse=True)
def style():
    """The notebooks' own look, and the old one back."""
    with matplotlib.rc_context():
        use_style()
        yield


def unit(*shape, seed=0):
    """Random unit vectors."""
    return torch.nn.functional.normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), dim=-1)


@pytest.fixture(scope="module")
def course():
    """The first of the course's texts, with made-up vectors."""
    sentences, questions = load_sentences()[::20], load_questions()[::20]
    n, m = len(sentences), len(questions)
    return measure.Course(sentences, questions, *(unit(n, 16, seed=s) for s in range(4)),
                          *(unit(m, 16, seed=s) for s in range(4, 8)), unit(2 * m, 16, seed=8))  # fmt: skip


def test_course_of_a_model(mini, monkeypatch):
    """Every vector is the one that ``encode`` gives for its text."""
    sentences, questions = load_sentences()[:2], load_questions()[:2]
    monkeypatch.setattr(measure, "load_sentences", lambda: sentences)
    monkeypatch.setattr(measure, "load_questions", lambda: questions)
    course = measure.encode_course(mini)
    texts = [sentences[1].english, sentences[1].chinese, sentences[1].paraphrase, sentences[1].near_miss,
             questions[1].question, questions[1].passage, questions[1].near[0]]  # fmt: skip
    rows = [
        course.english,
        course.chinese,
        course.paraphrase,
        course.near_miss,
        course.asked,
        course.right,
        course.near,
    ]
    torch.testing.assert_close(torch.stack([r[1] for r in rows]), mini.encode(texts, progress=False), atol=1e-5, rtol=0)
    other = torch.stack([course.asked_max[1], course.passages_max[1], course.passages_max[3]])
    expected = mini.encode([texts[4], texts[5], texts[6]], pooling="max", progress=False)
    torch.testing.assert_close(other, expected, atol=1e-5, rtol=0)


def test_pairs_by_topic_and_half(course):
    """Against a loop over all pairs."""
    topics = [s.topic for s in course.sentences]
    n, product = len(topics), course.english @ course.english.T
    every = [(i, j) for i in range(n) for j in range(i + 1, n)]
    for same in (True, False):
        right = [product[i, j] for i, j in every if (topics[i] == topics[j]) == same]
        torch.testing.assert_close(course.pairs(same), torch.stack(right))
        odd = [product[i, j] for i, j in every if (topics[i] == topics[j]) == same and i % 2 == j % 2 == 1]
        torch.testing.assert_close(course.pairs(same, half=1), torch.stack(odd) if odd else torch.empty(0))
    one = [product[i, j] for i, j in every if topics[i] == topics[j] == topics[0]]
    assert len(course.pairs(True, topic=topics[0])) == len(one) > 0


def test_strangers(course):
    """Questions with the passages of other topics; with other vectors, those."""
    topics = [q.topic for q in course.questions]
    expected = [course.asked[i] @ course.right[j] for i in range(len(topics)) for j in range(len(topics))
                if topics[i] != topics[j]]  # fmt: skip
    torch.testing.assert_close(course.strangers(), torch.stack(expected))
    other = torch.cat([course.near, course.right])
    torch.testing.assert_close(course.strangers(course.asked, other), course.strangers(course.asked, course.near))


def test_five_kinds_in_order(course):
    """Named by the table of words, as many as there are pairs."""
    kinds = measure.five_kinds(course)
    assert list(kinds) == [measure.W["kinds"][k] for k in ("different", "same", "passage", "paraphrase", "translation")]
    n, m = len(course.sentences), len(course.questions)
    assert [len(values) for values in kinds.values()][2:] == [m, n, n]
    assert len(kinds["different topics"]) + len(kinds["same topic"]) == n * (n - 1) // 2
    torch.testing.assert_close(kinds["translation"][3], course.english[3] @ course.chinese[3])


def test_threshold_wanders_less_with_more_labels():
    """Around the true one; the same draws every time."""
    wrong = torch.linspace(0, 1, 10_001)
    rows = measure.spread_of_threshold(wrong, 0.05, [20, 200])
    assert torch.equal(rows, measure.spread_of_threshold(wrong, 0.05, [20, 200]))
    widths = rows[:, 2] - rows[:, 0]
    assert widths[1] < widths[0] / 2 and abs(rows[1, 1] - 0.95) < 0.01


def test_calibration_finds_the_curve():
    """Scores drawn by a known curve lead back to it, however many wrong ones there are."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(20_000, generator=generator)
    truth = torch.rand(20_000, generator=generator) < torch.sigmoid(10 * scores - 5)
    slope, offset = measure.calibrate(scores[truth], scores[~truth])
    assert abs(slope - 10) < 0.5 and abs(offset + 5) < 0.3
    again = measure.calibrate(scores[truth], scores[~truth].repeat(7))
    assert abs(again[0] - slope) < 1e-3 and abs(again[1] - offset) < 1e-3
    parted = measure.calibrate(torch.tensor([0.8, 0.9]), torch.tensor([0.1, 0.2]))
    assert np.isfinite(parted).all() and parted[0] > 0


def test_promises_kept_and_broken():
    """On its own curve near the diagonal; where right and wrong score alike, half are right whatever is promised."""
    generator = torch.Generator().manual_seed(1)
    scores = torch.rand(20_000, generator=generator)
    truth = torch.rand(20_000, generator=generator) < torch.sigmoid(10 * scores - 5)
    kept = measure.reliability(scores[truth], scores[~truth], 10, -5)
    assert len(kept) == 5 and all(row.low - 0.03 <= row.promised <= row.high + 0.03 for row in kept)
    broken = measure.reliability(scores, scores, 10, -5)
    assert all(row.happened == 0.5 for row in broken)
    assert measure.reliability(scores[:3], scores[:3], 10, -5) == []  # too few in any bin


def test_band_narrows():
    """More labels, a narrower band; the middle rises with the cosine."""
    right, wrong, at = 0.6 + 0.2 * torch.rand(500), 0.3 + 0.4 * torch.rand(500), torch.linspace(0.3, 0.8, 6)
    few, many = (measure.chance_band(right, wrong, at, count, draws=40) for count in (10, 200))
    assert ((many[2] - many[0]) <= (few[2] - few[0]) + 1e-6).all()
    assert (few[0] <= few[1]).all() and (few[1].diff() >= 0).all()


def test_int8_there_and_back():
    """Half a step at most; what lies outside goes to the end; one value for all does not divide by zero."""
    vectors = unit(50, 16)
    low, high = measure.ranges(vectors)
    codes = measure.to_int8(vectors, low, high)
    assert codes.dtype == torch.int8 and codes.min() == -128 and codes.max() == 127
    back = measure.from_int8(codes, low, high)
    assert ((back - vectors).abs() <= (high - low) / 255 / 2 + 1e-6).all()
    assert (
        measure.to_int8(vectors + 5, low, high).eq(127).all() and measure.to_int8(vectors - 5, low, high).eq(-128).all()
    )
    same = torch.full((3, 2), 0.25)
    torch.testing.assert_close(
        measure.from_int8(measure.to_int8(same, *measure.ranges(same)), *measure.ranges(same)), same
    )


@pytest.mark.parametrize("width", [8, 13, 384])
def test_bits_there_and_back(width):
    """The sign of every number, at length 1; a width that fills no byte too; the Hamming distance gives the cosine."""
    vectors = unit(5, width)
    packed = measure.to_bits(vectors)
    assert packed.dtype == np.uint8 and packed.shape == (5, -(-width // 8))
    back = measure.from_bits(packed, width)
    torch.testing.assert_close(back, vectors.sign() / width**0.5)
    apart = np.unpackbits(packed[:1] ^ packed, axis=1, count=width).sum(axis=1)
    np.testing.assert_allclose(1 - 2 * apart / width, (back[0] @ back.T).numpy(), atol=1e-6)


def test_bytes():
    """bge-m3's 1,024 numbers."""
    assert measure.bytes_each(1024) == {"float32": 4096, "float16": 2048, "int8": 1024, "1 bit": 128}


def test_two_steps_bring_back_what_the_rough_search_still_holds():
    """All rescored: the exact order. One rescored: the rough first place stays."""
    exact, rough = torch.rand(6, 30), torch.rand(6, 30)
    assert torch.equal(measure.rescored(rough, exact, 99).argsort(dim=1), exact.argsort(dim=1))
    assert torch.equal(measure.rescored(rough, exact, 1).argmax(dim=1), rough.argmax(dim=1))
    torch.testing.assert_close(ranks(measure.rescored(rough, exact, 30)), ranks(exact))


def test_losses_of_copies():
    """Each is what its name says, by hand; float16 and int8 keep the places, bits do not."""
    queries, index = unit(20, 64), unit(60, 64, seed=1)
    index[:20] = torch.nn.functional.normalize(queries + 2 * index[:20], dim=1)
    losses = measure.storage_losses(queries, index)
    assert losses["float16"].changed <= 1 and abs(losses["int8"].difference) < 0.05
    signs = index.sign() / 8
    assert losses["1 bit"] == measure.rank_loss(queries @ signs.T, queries @ index.T)
    both = measure.rank_loss(queries.sign() / 8 @ signs.T, queries @ index.T)
    assert losses["1 bit, queries too"].mrr == pytest.approx(both.mrr, abs=1e-3)
    assert losses["1 bit"].changed > losses["int8"].changed and losses["1 bit"].count == 20
    assert losses["1 bit, 20 in float"].mrr >= losses["1 bit"].mrr


def test_what_is_recorded(reference):
    """Nine pairs, four of them right, from the tree; the full vector at length 1; ten million pairs."""
    pairs = measure.recorded_pairs()
    assert len(pairs) == 9 and [round(p.cosine, 2) for p in pairs if p.right] == [0.78, 0.71, 0.68, 0.63]
    assert all(("Mars" in p.text) == p.right for p in pairs if "Red Planet?" in p.question)
    vector = measure.recorded_vector()
    assert vector.shape == (reference["config"]["hidden_size"],) and abs(vector.norm() - 1) < 1e-6
    assert vector.abs().topk(3).indices.tolist() == [386, 297, 780] and abs(vector[0] + 0.045828) < 1e-5
    assert measure.recorded_scale()["non_answer_pairs"] == 9_947_852


def test_figures(course):
    """Each can be drawn, from the smallest input too; no label under 9 points."""
    kinds = {name: values.numpy() for name, values in measure.five_kinds(course).items()}
    kept, loss = measure.Kept(0.5, 0.5, 0.4, 0.6, 9), measure.Loss(0.5, -0.1, -0.2, 0.0, 3, 9)
    band = np.tile(np.linspace(0, 1, 5), (3, 1))
    made = [
        figures.kinds_figure(kinds),
        figures.kinds_figure({"one $x_{": np.array([0.5])}, own=-0.4),
        figures.kinds_figure(kinds, own=1.0),
        figures.recorded_figure(measure.recorded_pairs(), 9_947_852),
        figures.vector_figure(measure.recorded_vector().numpy()),
        figures.threshold_figure([20, 50], np.array([[0.1, 0.2, 0.3], [0.15, 0.2, 0.25]])),
        figures.calibration_figure(np.linspace(0, 1, 5), band, 20, [kept], [kept]),
        figures.calibration_figure(np.linspace(0, 1, 5), band, 20, [], []),
        figures.storage_figure({"a": {"float16": loss, "1 bit": loss}, "b": {"float16": loss, "1 bit": loss}}),
    ]
    for figure in made:
        assert png(figure).startswith(b"\x89PNG")
        texts = [
            text for axes in figure.axes for text in [*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels()]
        ]
        assert min(text.get_fontsize() for text in texts) >= 9


def test_own_pair_is_placed(course):
    """The line stands at the score, and each row says above which share of it."""
    kinds = {"low": np.array([0.1, 0.2, 0.3, 0.4]), "high": np.array([0.8, 0.9])}
    texts = [text.get_text() for text in figures.kinds_figure(kinds, own=0.35).axes[0].texts]
    assert "yours: 0.35" in texts and "above 75%" in texts and "above 0%" in texts


def test_cosine_of_two_texts(mini):
    """As ``encode`` has it; too long is cut and told, too little or half a character is told."""
    vectors = mini.encode(["你好", "Hello"], progress=False)
    assert widgets.cosine_of(mini, "你好", "Hello") == (pytest.approx(float(vectors[0] @ vectors[1]), abs=1e-5), "")
    assert widgets.cosine_of(mini, " \n", "a") == (None, widgets.W["panel"]["empty"])
    assert widgets.cosine_of(mini, "a", "\ud83d") == (None, widgets.W["panel"]["broken"])
    cosine, told = widgets.cosine_of(mini, FULL * 2, FULL)
    assert cosine == pytest.approx(1, abs=1e-5) and told.count("128 tokens") == 1


@pytest.fixture(scope="module")
def panel(mini, course):
    """The panel over made-up kinds."""
    with matplotlib.rc_context():
        use_style()
        return widgets.panel(mini, measure.five_kinds(course))


@pytest.mark.parametrize("text", [*TEXTS, "<script>1</script>", "x" * 10_000, "\ud83d"], ids=lambda t: repr(t[:20]))
def test_panel_survives_any_text(panel, text):
    """A picture, or a message in words; never an exception."""
    _, first, _, message, picture = panel.children
    first.value = text
    assert bytes(picture.value).startswith(b"\x89PNG") or message.value


def test_panel_answers(panel):
    """Each box, changed once, changes the picture; an empty one takes it away and says why."""
    _, first, second, message, picture = panel.children
    first.value, second.value = "The cat sleeps.", "猫在睡觉。"
    for box in (first, second):
        before = picture.value
        box.value = "Interest rates rose again."
        assert picture.value != before and not message.value
    second.value = ""
    assert picture.value == b"" and message.value == widgets.W["panel"]["empty"]
