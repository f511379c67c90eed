"""Stage 5 against torch's normalize and cosine_similarity, with the cases where formulas go wrong."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from helpers.normalization import check_vectors, cosine, dot, l2_normalize, similarity_matrix

FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
SHAPES = st.lists(st.integers(1, 5), min_size=1, max_size=4)


def draw(*shape, dtype=torch.float64):
    """Seeded random numbers."""
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(0))


@given(SHAPES, st.floats(1e-6, 1e6))
def test_l2_normalize_is_torchs(shape, scale):
    """The wrong dimension, or an eps that is added instead of a floor."""
    x = draw(*shape) * scale
    torch.testing.assert_close(l2_normalize(x), functional.normalize(x, dim=-1), rtol=0, atol=1e-14)
    torch.testing.assert_close(l2_normalize(x).norm(dim=-1), torch.ones(shape[:-1], dtype=torch.float64))


@pytest.mark.parametrize("dtype", FLOATS)
def test_l2_normalize_in_every_precision(dtype):
    """300² overflows float16 and 1e-12 is 0 there: zeros or nan would come out."""
    made = l2_normalize(torch.tensor([[300.0, 400.0], [0.0, 0.0], [1e-3, 0.0], [3.0, 4.0]], dtype=dtype))
    assert made.dtype == dtype
    expected = torch.tensor([[0.6, 0.8], [0, 0], [1, 0], [0.6, 0.8]], dtype=dtype)
    torch.testing.assert_close(made, expected, rtol=0, atol=torch.finfo(dtype).eps)


def test_examples():
    """What the documentation promises."""
    torch.testing.assert_close(l2_normalize(torch.tensor([3.0, 4.0])), torch.tensor([0.6, 0.8]))
    assert cosine(torch.tensor([1.0, 0.0]), torch.tensor([2.0, 0.0])).item() == 1.0


def test_eps_is_a_floor():
    """A vector shorter than eps is divided by eps, as in torch."""
    x = torch.tensor([3e-4, 4e-4])
    torch.testing.assert_close(l2_normalize(x, eps=1e-2), functional.normalize(x, dim=-1, eps=1e-2))
    assert l2_normalize(torch.zeros(2, 3)).tolist() == [[0.0] * 3] * 2


@given(SHAPES)
def test_dot_and_cosine_are_torchs(shape):
    """Paired along the last dimension, for any number of leading ones."""
    a, b = draw(2, *shape)
    torch.testing.assert_close(dot(a, b), torch.linalg.vecdot(a, b))
    torch.testing.assert_close(cosine(a, b), functional.cosine_similarity(a, b, dim=-1))


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 9))
def test_similarity_matrix_is_every_pair(rows, columns, width):
    """Row i, column j is the cosine of a[i] and b[j], not the transpose."""
    a, b = draw(rows, width), draw(columns, width) + 0.1
    matrix = similarity_matrix(a, b)
    assert matrix.shape == (rows, columns)
    torch.testing.assert_close(matrix, functional.cosine_similarity(a[:, None], b[None], dim=-1))


@given(st.integers(2, 9))
def test_distance_and_cosine_of_normalised_vectors(width):
    """‖a − b‖² = 2 − 2·cosine, and dot = cosine, once both have length 1."""
    a, b = l2_normalize(draw(2, 5, width))
    torch.testing.assert_close((a - b).pow(2).sum(dim=-1), 2 - 2 * cosine(a, b))
    torch.testing.assert_close(dot(a, b), cosine(a, b))


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (np.ones(3), "got ndarray; for an array write torch.from_numpy"),
        ([1.0, 2.0], "got list"),
        (torch.tensor([1, 2]), "got a tensor of torch.int64"),
        (torch.tensor([True]), "got a tensor of torch.bool"),
    ],
)
def test_only_floating_point_tensors(bad, told):
    """Integers would be rounded to 0 by the division."""
    calls = (
        l2_normalize,
        check_vectors,
        lambda x: dot(x, x),
        lambda x: cosine(x, x),
        lambda x: similarity_matrix(x, x),
    )
    for call in calls:
        with pytest.raises(TypeError, match=told):
            call(bad)


def test_vectors_of_two_models():
    """384 and 1,024 dimensions cannot be compared, and 1 must not be broadcast."""
    for other in (4, 1):
        for call in (dot, cosine, similarity_matrix):
            with pytest.raises(ValueError, match=r"vectors differ in size: .* were they made by one model\?"):
                call(torch.ones(2, 3), torch.ones(2, other))


def test_similarity_matrix_wants_matrices():
    """A single vector must be said so, not broadcast."""
    with pytest.raises(ValueError, match=r"need matrices \(n, H\) and \(m, H\), got \(3,\) and \(2, 3\)"):
        similarity_matrix(torch.ones(3), torch.ones(2, 3))
