"""Page 10: its mistakes make what they say and nothing else, the damage is counted right, every room is whole."""

import re
from itertools import pairwise
from pathlib import Path

import matplotlib
import nbformat
import pytest
import torch
from conftest import TEXTS

from classroom.mistakes import exhibits, figures, measure, widgets
from classroom.mistakes.exhibits import EXHIBITS, Exhibit
from classroom.mistakes.measure import Damage, Museum
from classroom.passages import load_questions
from classroom.style import png, use_style
from helpers.tokenization import pad

pytestmark = pytest.mark.filterwarnings("error:Glyph")  # a missing Chinese character would be drawn as a box
PAGE = Path(__file__).parents[2] / "notebooks" / "10_mistakes.ipynb"
SOME = ["你好，世界", "Hello, world!", "The dog does not like the long walk through the cold rain.", "a b c d e f g"]
ONE = torch.ones(4)
HALF = torch.full((4,), 0.5)


@pytest.fixture(autouse=True)
def style():
    """The notebooks' own look, and the old one back."""
    with matplotlib.rc_context():
        use_style()
        yield


@pytest.fixture(scope="module")
def museum(mini):
    """A museum of few texts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "sample", lambda bge, items, few, count=None: list(items)[:few])
        yield Museum(mini)


def close(one, other):
    """Equal but for rounding."""
    torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


def test_without_a_mistake_the_vectors_are_right(mini, monkeypatch):
    """Whatever stands together in a batch."""
    monkeypatch.setattr(exhibits, "BATCH", 2)
    right = mini.encode(SOME, progress=False)
    for mixed in (False, True):
        close(exhibits.padded(mini, SOME, mixed=mixed), right)
    close(exhibits.vectors(mini, exhibits.ids_of(mini, SOME)), right)
    close(exhibits.raw(mini, SOME), mini.encode(SOME, normalize=False, progress=False))
    close(exhibits.right(mini, SOME), right)


@torch.no_grad()
def test_each_mistake_is_the_one_it_says(mini):
    """Computed by hand, in the plainest way, from the library's model."""
    rows = mini.tokenizer(SOME)["input_ids"]
    ids, mask = pad(rows)
    state = mini.model(input_ids=ids, attention_mask=mask).last_hidden_state
    bare = [row[1:-1] for row in rows]
    by_hand = {
        "no_mask": mini.model(input_ids=ids).last_hidden_state[:, 0],
        "mean": state.mean(dim=1),
        "positions": mini.model(
            input_ids=ids, attention_mask=mask, position_ids=torch.arange(ids.shape[1]).expand_as(ids)
        ).last_hidden_state[:, 0],
        "left_padding": mini.model(
            **mini.tokenizer(SOME, padding=True, padding_side="left", return_tensors="pt")
        ).last_hidden_state[:, 0],
        "no_special": torch.cat([mini.model(input_ids=torch.tensor([row])).last_hidden_state[:, 0] for row in bare]),
        "shifted": torch.cat(
            [
                mini.model(input_ids=torch.tensor([[0, *(n - 1 for n in row), 2]])).last_hidden_state[:, 0]
                for row in bare
            ]
        ),
        "prefix": torch.cat([mini.encode(["passage: " + text]) for text in SOME]),
        "cleaned": mini.encode(["你好 世界", "hello world", "dog like long walk through cold rain", "b c d e f g"]),
    }
    for name, vectors in by_hand.items():
        close(EXHIBITS[name].texts(mini, SOME), torch.nn.functional.normalize(vectors, dim=1))
    close(EXHIBITS["prefix"].questions(mini, SOME), mini.encode(["query: " + text for text in SOME], progress=False))


def test_sentencepiece_counts_one_lower(mini):
    """The shift of room 8 is real: mini-m3's own SentencePiece file, read by the library that does not add the one."""
    sentencepiece = pytest.importorskip("sentencepiece")
    own = sentencepiece.SentencePieceProcessor(model_file=str(mini.checkpoint.path / "sentencepiece.bpe.model"))
    ids = mini.tokenizer("The dog does not like the rain.")["input_ids"][1:-1]
    assert own.encode("The dog does not like the rain.") == [number - 1 for number in ids]


def test_a_random_pooler_is_drawn_at_each_start(mini):
    """The same in one start, another in the next; the page's other random numbers stay where they were."""
    state = torch.get_rng_state()
    one, again, other = (exhibits.pooler(seed)(mini, SOME) for seed in (1, 1, 2))
    assert torch.equal(one, again) and (one * other).sum(dim=1).abs().max() < 0.5
    assert torch.equal(state, torch.get_rng_state())


def test_dropout_leaves_the_model_as_it_was(mini):
    """Switched off again, also when the texts are no good; the page's random numbers stay where they were."""
    state = torch.get_rng_state()
    spoilt = exhibits.dropout(mini, SOME)
    assert (spoilt - mini.encode(SOME, progress=False)).abs().max() > 1e-3
    with pytest.raises((TypeError, ValueError)):
        exhibits.dropout(mini, [None])
    assert not mini.model.training and torch.equal(state, torch.get_rng_state())


def test_another_model_is_as_good(mini):
    """Every angle stays, and no vector does."""
    right, other = mini.encode(SOME, progress=False), exhibits.swapped(mini, SOME)
    close(other @ other.T, right @ right.T)
    assert (right * other).sum(dim=1).abs().max() < 0.3


def test_what_cleaning_leaves():
    """A text of stop words alone is empty, and still gets a vector."""
    assert exhibits.clean("To be, or not to be?") == "" == exhibits.clean("的了")
    assert exhibits.clean("Island is_not 在这里!") == "island 这里"  # a stop word is a whole word


def test_texts_of_which_nothing_is_left(mini):
    """Every mistake gives finite unit vectors for awkward texts."""
    for exhibit in EXHIBITS.values():
        for encode in (exhibit.questions, exhibit.texts):
            lengths = encode(mini, TEXTS[:-1]).norm(dim=1)  # the last is as long as the limit: a prefix would cut it
            torch.testing.assert_close(lengths, torch.ones(len(TEXTS) - 1))


def test_damage_is_counted():
    """Silent is what the test keeps, harm what use loses, neither beyond 0 and 1; use may have a base of its own."""
    damage = Damage("mean", ONE, HALF, HALF / 2)
    assert (damage.silent, damage.harm, damage.score) == (0.5, 0.75, 0.375)
    assert damage.lost == (0.75, 0.75, 0.75)
    long = Damage("truncated", ONE, ONE, HALF / 2, before=HALF)
    assert (long.silent, long.harm) == (1.0, 0.5) and long.lost[0] == 0.25
    better = Damage("mean", HALF, ONE, ONE)
    assert (better.silent, better.harm, better.score) == (1.0, 0.0, 0.0)
    assert "in use, without it    0.50" in str(long) and "without it" not in str(damage)
    assert "-0.00" not in str(Damage("mean", ONE, ONE, ONE, same=-0.001))


def test_the_worst_side_counts(museum):
    """A mistake that harms one direction alone, whichever it is, shows in use and not in the test."""
    blind = torch.zeros(1, museum.vectors[0].shape[1])

    def wrong(bge, texts):
        return blind.expand(len(texts), -1)

    fine, bad = exhibits.right, wrong
    assert museum.made("own", Exhibit(fine, fine)).harm == 0
    for exhibit in (Exhibit(bad, fine), Exhibit(fine, bad), Exhibit(fine, fine, later=bad)):
        damage = museum.made("own", exhibit)
        assert damage.use.mean() < 0.1 < museum.right.mean()
    assert museum.made("own", Exhibit(fine, fine, later=bad)).silent == 1
    assert str(damage).startswith("own: MRR")


def test_rooms_that_are_no_encoders(museum):
    """Thresholds, lengths, distances and rounding: each by hand."""
    scores = museum.vectors[0] @ museum.vectors[1].T
    least = scores.diagonal().median().item()
    shown = museum.threshold(least)
    assert shown.silent == 1 and torch.equal(shown.use == 0, scores.diagonal() < least)
    assert torch.equal(museum.threshold(-1).use, museum.right)
    far = museum.distance_as_score()
    assert far.use.mean() < 0.2 and torch.equal(far.test, far.use)
    half = museum.half_normalized()
    assert half.silent > 0.8 and half.harm > 0.1
    assert museum.rounded().harm < 0.01
    cut = museum.truncated(128)
    assert torch.equal(cut.test, museum.right) or (cut.test - museum.right).abs().mean() < 0.05
    assert cut.use.mean() < cut.base.mean() and cut.same < 0.99
    close(museum.cut(museum.texts[:8], 512), museum.vectors[1][:8])  # nothing stands behind it


def test_the_answer_stands_behind_the_limit(mini):
    """What opens a document is as long as the limit, on other topics, and always the same."""
    question = load_questions()[0]

    def count(text):
        return len(mini.tokenizer.tokenize(text))

    start = measure.opening(question, 128, count)
    assert count(start) >= 128 and start == measure.opening(question, 128, count)
    own = [q for q in load_questions() if q.topic == question.topic]
    assert not [text for q in own for text in (q.passage, *q.near) if text in start]


def test_table_and_ranking(museum):
    """Every mistake entered stands in the table once, the worst first; each row has all its columns."""
    museum.found.clear()
    for name in ("prefix", "swapped"):
        museum.enter(name)
    museum.threshold(0.85)
    rows = museum.table().split("\n")
    assert museum.ranking()[0].name == "swapped" and len(rows) == 5
    assert {row.count(" | ") for row in rows if "---" not in row} == {7}
    assert rows[2].startswith("| 1 | model swapped under its index | `hits = index")
    assert [damage.score for damage in museum.ranking()] == sorted(d.score for d in museum.found.values())[::-1]
    with pytest.raises(ValueError, match="'nothing' is no mistake of the museum; choose swapped"):
        museum.enter("nothing")


def test_map():
    """Labels do not meet, stay in the picture and name the reader's own mistakes as well."""
    names = [*measure.W["mistakes"], "my own $x_{ mistake"]
    same = [Damage(name, ONE, ONE, ONE) for name in names]
    worst = [Damage(name, ONE, ONE, ONE * 0.01) for name in names]
    for damages in (same, worst, same[:1], []):
        heights = [height for _, height in figures.columns(damages)]
        assert all(high - low > 0.04 for low, high in pairwise(heights))
        assert not heights or max(heights) < 1.08
        figure = figures.map_figure(damages)
        assert png(figure).startswith(b"\x89PNG")
        assert min(text.get_fontsize() for text in figure.axes[0].texts) >= 9


def rooms():
    """The markdown of every room of the page, by its number."""
    page = nbformat.read(PAGE, as_version=4)
    text = "\n\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
    parts = re.split(r"^### Room (\d+) · ", text.partition("## 6 · ")[0], flags=re.MULTILINE)[1:]
    return {int(number): body for number, body in zip(parts[::2], parts[1::2], strict=True)}


def test_every_room_is_whole():
    """What they wrote and what is right, the sign, a link to where it was made in public."""
    assert list(rooms()) == list(range(1, len(measure.W["mistakes"]) + 1))
    wrong = {exhibit["wrong"] for exhibit in measure.W["mistakes"].values()}
    for number, room in rooms().items():
        lines = re.search(r"```diff\n- (.*)\n\+ (.*)\n```", room)
        assert lines and lines[1] in wrong, f"room {number}: {lines and lines[1]!r} is not in the table of words"
        assert re.search(r"\]\(https://github\.com/", room), f"room {number} has no link"
        assert "**Sign:**" in room or number == 16, f"room {number} names no sign"
        wrong.remove(lines[1])
    assert not wrong


def test_rooms_stand_in_the_order_of_the_table():
    """Sorted by silent times harmful, as measured."""
    page = nbformat.read(PAGE, as_version=4)
    tables = [
        o.data["text/markdown"]
        for c in page.cells
        for o in c.get("outputs", [])
        if "text/markdown" in o.get("data", {})
    ]
    wrote = re.findall(r"^\| \d+ \| .*? \| `(.*?)` \|", tables[-1], flags=re.MULTILINE)
    assert wrote == [re.search(r"```diff\n- (.*)", room)[1] for room in rooms().values()]


def test_reading_the_field(mini):
    """What is empty, half a character or too long is told in words."""
    told = widgets.W["panel"]
    assert widgets.read(mini, "  a cat ") == ("a cat", "")
    assert widgets.read(mini, " \n") == ("", told["empty"])
    assert widgets.read(mini, "a\ud83d") == ("", told["broken"])
    text, message = widgets.read(mini, "语言 model " * 2000)
    assert "64 tokens" in message and len(mini.tokenizer(text)["input_ids"]) <= widgets.LONGEST


def test_panel_shows_both_searches(mini, monkeypatch):
    """Each mistake, made in the text alone and on both sides: the right column stays, markup is text."""
    monkeypatch.setattr(widgets, "sample", lambda bge, items, few, count=None: list(items)[:6])
    _, box, controls, shown = widgets.panel(mini).children
    mistake, where = controls.children
    box.value = "<b>老狗</b>"
    seen = set()
    for name in EXHIBITS:
        for side in (0, 1):
            mistake.value, where.value = name, side
            assert shown.value.count("<li>") == 2 * widgets.SHOWN and "<b>老狗" not in shown.value
            seen.add(shown.value)
    assert len(seen) == 2 * len(EXHIBITS)
    assert len({value.partition("with the mistake")[0] for value in seen}) == 1
    box.value = ""
    assert shown.value == f"<p role='status'>{widgets.W['panel']['empty']}</p>"
