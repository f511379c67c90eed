"""Stage 4: the three poolings on every shape of mask, their examples, and what they refuse."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from helpers.pooling import POOLINGS, check_pooling, cls_pooling, max_pooling, mean_pooling, pool

HIDDEN, MASK = torch.tensor([[[1.0], [3.0], [99.0]]]), torch.tensor([[1, 1, 0]])


@st.composite
def batches(draw):
    """A hidden state and a mask whose rows have at least one real token, the first among them."""
    batch, length, width = draw(st.integers(1, 4)), draw(st.integers(1, 7)), draw(st.integers(1, 5))
    torch.manual_seed(draw(st.integers(0, 99)))
    mask = torch.randint(2, (batch, length))
    mask[:, 0] = 1
    return torch.randn(batch, length, width, dtype=torch.float64), mask


@given(batches())
def test_poolings_see_real_tokens_only(made):
    """Row by row, over nothing but the real tokens: what a loop would do."""
    hidden, mask = made
    rows = [h[m.bool()] for h, m in zip(hidden, mask, strict=True)]
    assert torch.equal(pool(hidden, mask), torch.stack([row[0] for row in rows]))
    assert torch.equal(pool(hidden, mask, "max"), torch.stack([row.max(dim=0).values for row in rows]))
    torch.testing.assert_close(pool(hidden, mask, "mean"), torch.stack([row.mean(dim=0) for row in rows]))


@given(batches(), st.integers(1, 5), st.sampled_from([float("inf"), float("nan"), 1e300]))
def test_padding_changes_nothing(made, extra, junk):
    """More padding, with anything in it: 0 · nan must not get in."""
    hidden, mask = made
    wide = torch.cat([hidden, torch.full((len(hidden), extra, hidden.shape[-1]), junk, dtype=hidden.dtype)], dim=1)
    longer = torch.cat([mask, torch.zeros(len(mask), extra, dtype=mask.dtype)], dim=1)
    for how in POOLINGS:
        torch.testing.assert_close(pool(wide, longer, how), pool(hidden, mask, how))


def test_examples_and_kinds_of_mask():
    """What the documentation promises, for every type a mask comes in."""
    for mask in (MASK, MASK.bool(), MASK.float(), MASK.to(torch.uint8)):
        assert cls_pooling(HIDDEN, mask).tolist() == [[1.0]]
        assert mean_pooling(HIDDEN, mask).tolist() == [[2.0]]
        assert max_pooling(HIDDEN, mask).tolist() == [[3.0]]


def test_max_of_negative_values():
    """Padding set to 0 instead of −∞ would win here."""
    assert max_pooling(-HIDDEN, MASK).tolist() == [[-1.0]]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_mean_of_a_long_text_in_half_precision(dtype):
    """The sum over 8,192 tokens overflows float16, and 8,191 is no bfloat16 number."""
    mean = mean_pooling(torch.full((1, 8191, 2), 12.0, dtype=dtype), torch.ones(1, 8191, dtype=torch.long))
    assert mean.dtype == dtype
    assert mean.tolist() == [[12.0, 12.0]]


def test_default_is_cls():
    """bge-m3 was trained with it."""
    assert POOLINGS[0] == "cls"
    assert torch.equal(pool(HIDDEN, MASK), cls_pooling(HIDDEN, MASK))


@pytest.mark.parametrize("name", ["CLS", "", "sum", None])
def test_unknown_pooling(name):
    """The message lists the choices."""
    for call in (check_pooling, lambda how: pool(HIDDEN, MASK, how)):
        with pytest.raises(ValueError, match=r"is unknown; choose (one of )?cls, mean, max"):
            call(name)


@pytest.mark.parametrize("how", POOLINGS)
def test_shapes_that_do_not_fit(how):
    """Broadcasting would hide a mask of another batch."""
    for hidden, mask in [(HIDDEN, MASK[0]), (HIDDEN[0], MASK), (HIDDEN, MASK[:, :2]), (HIDDEN, MASK.expand(2, 3))]:
        with pytest.raises(ValueError, match=r"need hidden \(B, T, H\) and mask \(B, T\), got \("):
            pool(hidden, mask, how)


@pytest.mark.parametrize("how", POOLINGS)
def test_row_without_a_token(how):
    """Its mean would be nan, its maximum −∞."""
    with pytest.raises(ValueError, match="a row of the mask is all 0"):
        pool(HIDDEN.expand(2, 3, 1), torch.tensor([[1, 1, 0], [0, 0, 0]]), how)


def test_cls_refuses_left_padding():
    """With padding on the left, position 0 is not <s>."""
    left = torch.tensor([[0, 1, 1]])
    with pytest.raises(ValueError, match="starts with padding, so its first token is not <s>; pad on the right"):
        pool(HIDDEN, left, "cls")
    assert pool(HIDDEN, left, "mean").tolist() == [[51.0]]
