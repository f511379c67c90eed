"""Ranks and the figures made from them: by hand, against a plain loop, and what must hold of any scores."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classroom.retrieval import TIE, interval, mrr, ndcg_at, paired_interval, ranks, recall_at

PLACES = st.lists(st.integers(1, 40), min_size=1, max_size=30).map(lambda row: torch.tensor(row, dtype=torch.float64))


@st.composite
def tables(draw):
    """Scores ``(n, m)`` with many ties, multiples of 0.01, and the right answer of each question."""
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 8))
    rows = draw(st.lists(st.lists(st.integers(-3, 3), min_size=m, max_size=m), min_size=n, max_size=n))
    own = draw(st.lists(st.integers(0, m - 1), min_size=n, max_size=n))
    return torch.tensor(rows) * 0.01, torch.tensor(own)


def test_ranks_by_hand():
    """First, second, last; a tie shares the middle; decoys push down; one vector for all is a guess."""
    assert ranks(torch.tensor([[0.9, 0.1, 0.2], [0.8, 0.7, 0.1], [0.5, 0.6, 0.4]])).tolist() == [1, 2, 3]
    assert ranks(torch.tensor([[0.5, 0.5, 0.5, 0.9, 0.1]])).tolist() == [3]  # one above, two tied: places 2 to 4
    assert ranks(torch.tensor([[1.0, 0, 0, 1], [0, 1, 0.5, 0]])).tolist() == [1.5, 1]
    assert ranks(torch.ones(4, 7)).tolist() == [4] * 4
    assert ranks(torch.tensor([[0.3, 0.2, 0.1]]), own=torch.tensor([2])).tolist() == [3]
    assert ranks(torch.tensor([[0.5, 0.5 + TIE / 2], [0.5 + 2 * TIE, 0.5]])).tolist() == [1.5, 2]
    assert ranks(torch.tensor([[0.5, 0.5 + TIE / 2]]), tie=0).tolist() == [2]
    assert ranks(torch.tensor([[1.0, 0.9]], dtype=torch.float16)).dtype == torch.float64


@given(tables())
def test_ranks_are_the_mean_place_over_all_ways_to_break_ties(table):
    """A plain loop: the right answer may come before, among or after those that tie with it."""
    scores, own = table
    for row, answer, rank in zip(scores.tolist(), own.tolist(), ranks(scores, own).tolist(), strict=True):
        better = sum(score > row[answer] + 0.001 for score in row)
        equal = sum(abs(score - row[answer]) < 0.001 for score in row)
        assert rank == sum(range(better + 1, better + equal + 1)) / equal


@given(tables(), st.randoms())
def test_ranks_do_not_depend_on_the_order_of_candidates(table, random):
    """Shuffled with their right answers, or all turned by one positive factor and a sum, they stay."""
    scores, own = table
    order = list(range(scores.shape[1]))
    random.shuffle(order)
    shuffled = torch.tensor([order.index(answer) for answer in own.tolist()])
    assert torch.equal(ranks(scores[:, order], shuffled), ranks(scores, own))
    assert torch.equal(ranks(3 * scores + 0.5, own), ranks(scores, own))


def test_a_question_without_a_right_answer():
    """Fewer candidates than questions, numbers out of range, and no matrix at all."""
    for scores, own in (
        (torch.ones(3, 2), None),
        (torch.ones(1, 2), [2]),
        (torch.ones(1, 2), [-1]),
        (torch.ones(2), None),
    ):
        with pytest.raises(ValueError, match="need"):
            ranks(scores, None if own is None else torch.tensor(own))
    with pytest.raises(ValueError, match="3 questions need a right answer each among 3"):
        ranks(torch.ones(3, 3), torch.tensor([0, 1]))


def test_figures_by_hand():
    """Four questions at places 1, 2, 3 and 11."""
    places = torch.tensor([1.0, 2.0, 3.0, 11.0])
    assert mrr(places) == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 11) / 4)
    assert [recall_at(places, k) for k in (1, 2, 10, 11)] == [0.25, 0.5, 0.75, 1]
    assert ndcg_at(places, 10) == pytest.approx((1 + 1 / math.log2(3) + 1 / 2) / 4)
    assert ndcg_at(places, 1) == recall_at(places, 1) == 0.25
    assert recall_at(torch.tensor([1.5, 1.5]), 1) == 0, "a shared first place is none"
    assert all(isinstance(value, float) for value in (mrr(places), recall_at(places), ndcg_at(places)))


@given(PLACES, st.integers(1, 40))
def test_figures_hold_to_each_other(places, k):
    """All lie in 0 to 1, recall grows with k, and no figure exceeds the recall that it discounts."""
    assert 0 <= ndcg_at(places, k) <= recall_at(places, k) + 1e-12
    assert recall_at(places, k) <= recall_at(places, k + 1) <= 1
    assert 0 < mrr(places) <= 1
    assert (mrr(places) == 1) == bool((places == 1).all())
    assert mrr(places) >= recall_at(places, 1)


def test_interval():
    """No spread, no width; about ± 1.96 standard errors for many values; the same seed, the same answer."""
    assert interval(torch.full((9,), 0.5)) == (0.5, 0.5)
    values = torch.randn(400, generator=torch.Generator().manual_seed(1))
    low, high = interval(values)
    error = values.std().item() / 20
    assert low == pytest.approx(values.mean().item() - 1.96 * error, abs=0.02)
    assert high == pytest.approx(values.mean().item() + 1.96 * error, abs=0.02)
    assert interval(values) == (low, high) != interval(values, seed=1)
    narrow = interval(values, level=0.5)
    assert low < narrow[0] < narrow[1] < high


def test_paired_interval_sees_what_two_intervals_hide():
    """Questions that differ much, and a method that is ahead a little on each: the pairing alone tells."""
    hard = torch.rand(200, generator=torch.Generator().manual_seed(0))
    one, other = hard + 0.02, hard + 0.01 * torch.rand(200, generator=torch.Generator().manual_seed(1))
    low, high = paired_interval(one, other)
    assert 0.01 < low < high < 0.02
    assert interval(one)[0] < interval(other)[1], "the two intervals overlap"
    mirrored = paired_interval(other, one)
    assert mirrored == pytest.approx((-high, -low), abs=1e-4)
    with pytest.raises(ValueError, match="two values a question"):
        paired_interval(one, other[:1])
