"""Token vectors and MaxSim: by cases made by hand and by plain loops, and the weighted sum of the three scores."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from helpers.lexical import lexical_score
from helpers.multi_vector import max_sim, token_vectors, weighted_sum


@given(st.integers(0, 999), st.integers(1, 3), st.integers(1, 6))
def test_token_vectors_by_a_plain_loop(seed, texts, length):
    """Every token but <s>, one product of matrix and vector each, brought to length 1."""
    chance = torch.Generator().manual_seed(seed)
    hidden = torch.randn(texts, length, 4, generator=chance)
    weight, bias = torch.randn(4, 4, generator=chance), torch.randn(4, generator=chance)
    found = token_vectors(hidden, weight, bias)
    assert found.shape == (texts, length - 1, 4)
    for row in range(texts):
        for place in range(length - 1):
            plain = torch.stack([sum(weight[n, m] * hidden[row, place + 1, m] for m in range(4)) for n in range(4)])
            torch.testing.assert_close(found[row, place], (plain + bias) / (plain + bias).norm(), atol=1e-5, rtol=0)


@given(st.integers(0, 999), st.integers(1, 5), st.integers(1, 5))
def test_max_sim_by_a_plain_loop(seed, here, there):
    """The best of the other side for each token of the query, and their mean."""
    chance = torch.Generator().manual_seed(seed)
    query, passage = torch.randn(here, 3, generator=chance), torch.randn(there, 3, generator=chance)
    best = [max(float(q @ p / q.norm() / p.norm()) for p in passage) for q in query]
    assert max_sim(query, passage) == pytest.approx(sum(best) / len(best), abs=1e-5)


def test_max_sim_has_a_direction():
    """All of a short query is found in a long passage; the other way round it is not."""
    query, passage = torch.eye(3)[:1], torch.eye(3)
    assert (max_sim(query, passage), max_sim(passage, query)) == (1.0, pytest.approx(1 / 3))
    assert max_sim(passage, passage) == 1.0


def test_weighted_sum():
    """Each weight goes with its own score, and the sum of the weights does not count."""
    assert weighted_sum(0.6, 0.2, 0.8) == pytest.approx(1.6 / 3)
    assert weighted_sum(0.6, 0.2, 0.8, (1, 0, 0)) == pytest.approx(0.6)
    assert weighted_sum(0.6, 0.2, 0.8, (0, 9, 0)) == pytest.approx(0.2)
    assert weighted_sum(0.6, 0.2, 0.8, (2, 1, 0)) == pytest.approx(1.4 / 3)
    scores = torch.tensor([0.6, 0.3]), torch.tensor([0.2, 0.1]), torch.tensor([0.8, 0.4])
    torch.testing.assert_close(weighted_sum(*scores, (0.4, 0.2, 0.4)), torch.tensor([0.6, 0.3]))


@pytest.mark.parametrize("weights", [(), (1, 1), (1, 1, 1, 1), (0, 0, 0), (1, -1, 1), (1, float("nan"), 1)])
def test_weights_that_weigh_nothing(weights):
    """The mean of nothing is nan, and nan ranks anywhere."""
    with pytest.raises(ValueError, match="must be three numbers of at least 0"):
        weighted_sum(0.6, 0.2, 0.8, weights)


def test_lexical_score():
    """Products over the ids of both; nothing in common scores 0; no length divides it."""
    assert lexical_score({5: 0.5, 9: 2.0}, {5: 0.5, 7: 1.0}) == 0.25
    assert lexical_score({5: 0.5}, {7: 1.0}) == lexical_score({}, {5: 1.0}) == 0.0
    assert lexical_score({5: 0.5, 9: 2.0}, {5: 0.5, 9: 2.0}) == 4.25


def test_shapes_that_do_not_fit():
    """Broadcasting would give a plausible number."""
    with pytest.raises(ValueError, match=r"need hidden \(B, T, H\)"):
        token_vectors(torch.ones(1, 2, 4), torch.ones(1, 4), torch.ones(4))
    with pytest.raises(ValueError, match=r"need hidden \(B, T, H\)"):
        token_vectors(torch.ones(2, 4), torch.ones(4, 4), torch.ones(4))
    with pytest.raises(ValueError, match="without token vectors"):
        max_sim(torch.ones(0, 4), torch.ones(1, 4))
    with pytest.raises(ValueError, match="differ in size"):
        max_sim(torch.ones(1, 4), torch.ones(1, 5))
