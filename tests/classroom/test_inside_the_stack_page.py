"""Page 06: its search with parts off against the library, its measurements on paper, its board and its figures."""

from __future__ import annotations

import warnings

import pytest
import torch
from conftest import FULL, TEXTS
from matplotlib.figure import Figure

from classroom.ablations import Off, switched_off
from classroom.inside_the_stack import figures, measure, widgets
from classroom.passages import load_questions
from classroom.style import png, use_style
from helpers.encoder import attention, linear, merge_heads, split_heads

OFF = {
    "nothing": Off(),
    "two heads": Off(heads=((1, 3), (1, 4))),
    "attention": Off(attention=(0, 2)),
    "feed-forward": Off(feed_forward=(5,)),
    "layers": Off(layers=(1, 4)),
    "positions": Off(positions=True),
    "all kinds": Off(((3, 0),), (1,), (2,), (4, 5), True),
}
LINE = "The old dog sleeps beside the warm stove every night."


@pytest.fixture(scope="module")
def search(mini):
    """Twelve questions and twice as many candidates."""
    return measure.paraphrases(mini, count=12)


def drawn(figure):
    """Draw a figure to the end: missing glyphs show only then."""
    use_style()
    assert isinstance(figure, Figure)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(png(figure)) > 1000
    return figure


@pytest.mark.parametrize("name", OFF)
def test_search_equals_encode_with_the_same_parts_off(mini, search, name):
    """What is not computed again is what did not change."""
    found = search.vectors(OFF[name])
    with switched_off(mini.model, OFF[name]):
        wanted = mini.encode(search.questions + search.candidates, progress=False)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)
    changes = (found - search.vectors()).abs().max()
    assert (changes < 1e-6) == (name == "nothing")


def test_search_after_a_layer(mini, search):
    """The rows of <s> after 0, 3 and 6 layers are those of the walk, in the order of the texts."""
    texts = search.questions + search.candidates
    walk = mini.walk(texts, attentions=False)
    for layer in (0, 3, 6):
        wanted = torch.nn.functional.normalize(walk.hidden_states[layer][:, 0], dim=-1)
        torch.testing.assert_close(search.after(layer), wanted, atol=1e-5, rtol=0)
    assert measure.mrr(search, 6) == search.mrr()


def test_blind_without_attention(mini, search):
    """Nothing reaches <s>: one vector for all, so the middle place of 24 for each question."""
    assert search.places(Off(attention=range(6))).tolist() == [12.5] * 12
    assert measure.lost(search, Off()) == (0, 0, 0)
    losses = measure.part_losses(search, [6])
    assert losses["attention"][0][0] > 0.2
    assert losses["attention"][0] == measure.lost(search, Off(attention=(5,)))
    assert losses["feed_forward"][0] == measure.lost(search, Off(feed_forward=(5,)))


def test_stories_by_hand(monkeypatch):
    """Two stories: which difference belongs to which text."""
    scores = torch.arange(16.0).reshape(4, 4) ** 2  # (n, n)
    stories = object.__new__(measure.Search)
    monkeypatch.setattr(measure.Search, "scores", lambda self, off: scores)
    n, mirror = range(4), (2, 3, 0, 1)
    wanted = [scores[i, i] - scores[i, mirror[i]] for i in n] + [scores[i, i] - scores[mirror[i], i] for i in n]
    assert measure.told_apart(stories).tolist() == [value.item() for value in wanted]


def test_stories_without_positions_are_a_toss(mini):
    """A story and its mirror image get one vector, and every choice is a tie."""
    stories = measure.stories(mini)
    assert measure.right(measure.told_apart(stories, Off(positions=True))) == "68 of 136"
    assert int(measure.right(measure.told_apart(stories)).split()[0]) > 95


def test_shares_on_paper():
    """A text of <s> a b a </s>: who gives what to whom."""
    ids = torch.tensor([0, 7, 8, 7, 2])
    maps = torch.zeros(1, 1, 5, 5)
    maps[0, 0] = torch.tensor(
        [
            [0.1, 0.2, 0.3, 0.2, 0.2],
            [0.5, 0.0, 0.1, 0.3, 0.1],
            [0.2, 0.4, 0.0, 0.1, 0.3],
            [0.0, 0.6, 0.1, 0.1, 0.2],
            [0.1, 0.1, 0.1, 0.6, 0.1],
        ]
    )
    wanted = {"previous": 0.4, "next": 0.15, "same": 0.45, "start": 0.2, "end": 0.2}
    wanted["previous"] = (0.5 + 0.4 + 0.1 + 0.6) / 4
    wanted["next"] = (0.2 + 0.1 + 0.1 + 0.2) / 4
    found = measure.shares(maps, ids)
    assert {name: round(value.item(), 4) for name, value in found.items()} == pytest.approx(wanted)
    assert measure.shares(maps[:, :, :3, :3], ids[[0, 1, 4]])["same"].isnan().all()  # no word comes again


def test_habits_average_over_texts(mini):
    """Words that come again are only in some texts; the others do not count as none."""
    walks = [mini.walk([text]) for text in ("red dog, red cat", "狗咬人")]
    tables = measure.habits(walks)
    alone = measure.habits(walks[:1])
    torch.testing.assert_close(tables["same"], alone["same"])
    other = measure.habits(walks[1:])
    torch.testing.assert_close(tables["next"], (alone["next"] + other["next"]) / 2)
    assert measure.strongest(torch.tensor([[0.1, 0.9], [0.5, 0.2]]), 2) == [(1, 2), (2, 1)]


def test_other_heads(mini):
    """As many of the same layers, none twice, none of the named."""
    named = [(2, 7), (2, 10), (4, 8)]
    for draw in measure.other_heads(mini, named[:2], named):
        assert len(set(draw)) == 2 and {layer for layer, _ in draw} == {2}
        assert not set(draw) & set(named)
    assert measure.other_heads(mini, named, named) == measure.other_heads(mini, named, named)


def test_handed_over_is_what_a_head_adds(mini):
    """Give each token all of its own attention: what the head adds is then as long as said."""
    layer, walk = mini.model.encoder.layer[2], mini.walk([LINE])
    hidden, own, out = walk.hidden_states[2], layer.attention.self, layer.attention.output.dense
    with torch.no_grad():
        lengths = measure.handed_over(hidden, layer)  # (1, A, T)
        values = split_heads(linear(hidden, own.value), 12)  # (1, A, T, D)
        for head in (0, 11):
            alone = torch.zeros_like(values)
            alone[:, head] = values[:, head]
            added = linear(merge_heads(alone), out) - out.bias  # (1, T, H)
            torch.testing.assert_close(lengths[:, head], added.norm(dim=-1), atol=1e-4, rtol=1e-4)
    shares = measure.arriving(walk, mini.model)
    assert shares.shape == (6, 1, 12, *walk.attentions[0].shape[2:])
    torch.testing.assert_close(shares.sum(dim=-1), torch.ones(shares.shape[:-1]))
    by_hand = walk.attentions[2][0, 3, 4] * lengths[0, 3]
    torch.testing.assert_close(shares[2, 0, 3, 4], by_hand / by_hand.sum())


def test_writers_sum_to_the_row(mini):
    """The parts add up to every hidden state; the shares to 1; no layer writes before its turn."""
    parts, shares = measure.writers(mini, LINE)
    walk = mini.walk([LINE])
    for number, (part, state) in enumerate(zip(parts, walk.hidden_states, strict=True)):
        torch.testing.assert_close(part.sum(dim=0), state[0], atol=2e-5, rtol=0)
        assert not part[number + 1 : -1].any()
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(7, shares.shape[2]), atol=1e-4, rtol=0)
    assert shares[0, 0].allclose(torch.ones(()))


def test_what_attention_adds(mini):
    """Residual taken away, LayerNorm undone: the library's own sum."""
    layer, walk = mini.model.encoder.layer[0], mini.walk([LINE])
    with torch.no_grad():
        added = measure.added_by(layer, walk.hidden_states[0][0], walk.mask)
        norm = layer.attention.output.LayerNorm
        wanted = layer.attention(walk.hidden_states[0])[0]
        torch.testing.assert_close(norm(walk.hidden_states[0] + added), wanted, atol=1e-5, rtol=0)
        q, k, v = (split_heads(linear(walk.hidden_states[0], p), 12) for p in _projections(layer))
        context = merge_heads(attention(q, k, v, walk.mask)[0])
        torch.testing.assert_close(added, linear(context, layer.attention.output.dense)[0], atol=1e-5, rtol=0)


def _projections(layer):
    return layer.attention.self.query, layer.attention.self.key, layer.attention.self.value


def test_passages_come_first_then_their_near_misses(mini):
    """Passage i answers question i; two passages a question."""
    found = measure.passages(mini)
    asked = {question.question: question for question in load_questions()}
    n = len(found.questions)
    assert n == 24 and len(found.candidates) == 2 * n
    assert {asked[text].kind for text in found.questions} == {"name", "paraphrase", "plain", "cross"}
    for number, text in enumerate(found.questions):
        assert asked[text].passage == found.candidates[number]
        assert asked[text].near[0] == found.candidates[n + number]


def test_nearest(mini):
    """Before the first layer every <s> is alike; behind the last a sentence finds itself."""
    found = measure.nearest(mini, LINE)
    assert len(found) == 7 and found[0][0] == "…" and found[-1][0] == LINE
    assert found[-1][1] == pytest.approx(1, abs=1e-5) and found[0][2] > 0.9999 > 0.6 > found[-1][2]


@pytest.mark.parametrize("word", measure.SENSES)
def test_senses(mini, word):
    """The word and its control stand at one place in all twelve sentences, so they start as one vector."""
    first, second, control = measure.SENSES[word]
    assert len(first) == len(second) == 6 and len({*first, *second}) == 12
    rows = mini.walk([*first, *second], attentions=False).tokens
    for token in measure.tokens(word, control):
        assert len({row.index(token) for row in rows}) == 1
        bare, spread = measure.apart(mini, first, second, token)
        assert bare.shape == spread.shape == (7,) and abs(bare[0]) < 1e-6
    assert measure.apart(mini, second, first, token)[0].tolist() == pytest.approx(bare.tolist())
    with pytest.raises(ValueError, match="no token 'zebra'"):
        measure.apart(mini, first, second, "zebra")


def test_operations_are_what_torch_counts(mini):
    """Also where the two kinds are equal."""
    for tokens in (1, 16, 2304):
        linear_part, square = measure.operations(384, 1536, tokens)
        assert measure.counted(mini.model.encoder.layer[0], 384, tokens) == linear_part + square
    assert linear_part == square
    assert min(measure.seconds(mini.model.encoder.layer[0], 384, 8, repeats=1)) > 0


def test_padding_rows_spoil_an_average(mini):
    """Without padding both averages agree."""
    walk = mini.walk(["red dog"])
    table = measure.habits([walk])["next"]
    torch.testing.assert_close(measure.habits_of_batch(walk), table)
    both = mini.walk(["red dog", LINE])
    assert (measure.habits_of_batch(both) - measure.habits([walk, mini.walk([LINE])])["next"]).abs().max() > 0.05


def test_board_says_what_is_off(mini, search):
    """The board's circles and its MRR are those of the switches."""
    board = widgets.Board(mini, search, measure.Search(mini, ["a question"]))
    before = board.told(0)
    assert before.count("○") == 1  # in the legend alone
    board.heads.add((2, 1))
    board.feed_forward.add(0)
    assert board.off() == Off(((2, 1),), (), (0,), (), False)
    assert board.told(0).count("○") == 3
    assert f"MRR {search.mrr(board.off()):.2f} (intact {search.mrr():.2f})" in board.told(0)
    board.preset(2)
    assert board.off() == Off((), tuple(range(5)))
    board.layers.add(5)
    assert board.table(5).count("○") == 1 + 5 + 1
    board.preset(0)
    assert board.told(0) == before


def test_panel_moves(mini):
    """Every box, the slider, the ready-made boards and the question change the answer; boxes follow the layer."""
    panel = widgets.panel(mini)
    seen = [panel.answer.value]
    controls = [(one, False) for one in (*panel.parts.values(), panel.heads[0], panel.heads[-1])]
    for control, value in [*controls, (panel.layer, 6), (panel.text, "Is it raining?"), (panel.preset, 1)]:
        control.value = value
        assert panel.answer.value != seen[-1], control
        seen.append(panel.answer.value)
    panel.preset.value = 0
    assert all(one.value for one in (*panel.parts.values(), *panel.heads))
    panel.heads[2].value = False
    panel.layer.value = 1
    assert panel.heads[2].value and panel.board.heads == {(5, 2)}
    panel.layer.value = 6
    assert not panel.heads[2].value


@pytest.mark.parametrize("text", [*TEXTS, "<script>alert(1)</script>", "half \ud800", FULL * 2])
def test_any_question(mini, search, text):
    """An answer, or for what is not text a plain message and the answer before."""
    board = widgets.Board(mini, search, measure.Search(mini, ["before"]))
    panel = widgets.Switchboard(board)
    before = panel.answer.value
    panel.text.value = text
    if "\ud800" in text:
        assert panel.message.value == widgets.W["broken"] and panel.answer.value == before
    else:
        assert panel.message.value == "" and "nan" not in panel.answer.value and "<script" not in panel.answer.value


def test_figures(mini):
    """They draw at mini-m3's size and at bge-m3's."""
    for layers, heads in ((6, 12), (24, 16)):
        tables = {name: torch.rand(layers, heads) for name in ("previous", "next", "same", "start", "end")}
        drawn(figures.habit_grid(tables))
        chosen = list(range(1, 7)) if layers == 6 else [1, 6, 10, 15, 19, 24]
        rows = [(0.1, 0.05, 0.2)] * 6
        drawn(figures.part_costs({"attention": rows, "feed_forward": rows}, chosen))
        shares = torch.rand(layers + 1, layers + 2, 5)
        drawn(figures.written(shares / shares.sum(dim=1, keepdim=True), [0, *chosen]))
    walk = mini.walk(["$a$ 打 🐛"])
    weights = walk.attentions[0][0, 0]
    maps = drawn(figures.two_maps(weights, weights, walk.tokens[0], 1, 1))
    assert {image.get_clim() for axes in maps.axes[:2] for image in axes.images} == {(0, 1)}
    drawn(figures.word_curves({"打": ("他在", torch.rand(7), torch.rand(7)), "a": ("$", torch.rand(7), torch.rand(7))}))
    drawn(figures.cost_shares())
