"""Page 05's measurements against their formulas, its figures, and its panel over whatever may be typed."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from classroom.normalization import figures, measure, widgets
from classroom.style import png, use_style
from helpers.normalization import cosine, l2_normalize

TEXTS = ["什么是大型语言模型？", "What is a large language model?", "", "a " * 200]


@pytest.fixture(scope="module", autouse=True)
def style():
    """The notebooks' look, Chinese font included."""
    use_style()


def directions(count=40, width=12, lean=1.0, seed=0):
    """Unit vectors ``(count, width)`` that lean along the first axis."""
    rows = torch.randn(count, width, generator=torch.Generator().manual_seed(seed))
    rows[:, 0] += lean * width**0.5
    return normalize(rows)


def test_alignment_and_uniformity_by_hand():
    """On four directions of the plane, whatever their lengths."""
    rows = torch.tensor([[2.0, 0.0], [0.0, 0.5], [-1.0, 0.0], [0.0, -3.0]])
    assert measure.alignment(rows, rows * torch.tensor([[5.0], [1.0], [0.1], [2.0]])) == pytest.approx(0, abs=1e-6)
    assert measure.alignment(rows, rows.roll(1, dims=0)) == pytest.approx(2)
    right = math.log((4 * math.exp(-4) + 2 * math.exp(-8)) / 6)  # four pairs at d² = 2, two at d² = 4
    assert measure.uniformity(rows) == pytest.approx(right, rel=1e-4)
    assert measure.uniformity(rows[:1].expand(3, 2)) == pytest.approx(0, abs=1e-6)


def test_training_with_and_without_the_division():
    """Both begin alike and learn; without the division rows grow longer, and directions spread less."""
    one = directions(30, width=64)
    other = one + 0.02 * torch.randn(30, 64, generator=torch.Generator().manual_seed(1))
    weight, divided = measure.train_map(one, other, divide=True, steps=40)
    _, raw = measure.train_map(one, other, divide=False, steps=40)
    assert len(divided) == len(raw) == 41 and weight.shape == (64, measure.WIDTH)
    for what in ("length", "alignment", "uniformity"):
        assert getattr(divided[0], what) == getattr(raw[0], what)
    assert divided[-1].loss < divided[0].loss and raw[-1].loss < raw[0].loss
    assert raw[-1].length > 2 * raw[0].length and raw[-1].loss < 0.1 * raw[0].loss
    assert raw[-1].length > 1.2 * divided[-1].length
    assert divided[-1].uniformity < raw[-1].uniformity
    again, _ = measure.train_map(one, other, divide=True, steps=40)
    assert torch.equal(weight, again)
    start, _ = measure.train_map(one, other, divide=True, steps=0)
    assert math.isclose(measure.uniformity(one.double() @ start), divided[0].uniformity, rel_tol=1e-6)


@pytest.mark.parametrize("degrees", range(0, 181, 30))
@pytest.mark.parametrize("length", [0.0, 0.2, 1.0, 9.0])
def test_angle_figure_writes_what_the_formulas_say(degrees, length):
    """Dot and distance before the division and after it; a cosine beyond 1 by rounding is 1."""
    turn = math.radians(degrees)
    figure = figures.angle_figure(math.cos(turn) * (1 + 1e-7), (2.0, length))
    told = [text.get_text().replace("−", "-") for text in figure.axes[1].texts]
    one, other = np.array([2.0, 0.0]), length * np.array([math.cos(turn), math.sin(turn)])
    unit = 2 * math.sin(turn / 2)
    right = [2, length, one @ other, np.linalg.norm(one - other), math.cos(turn), unit, math.cos(turn)]
    values = [float(text) for text in told if text.lstrip("-").replace(".", "").isdigit()]
    assert values == pytest.approx(right, abs=0.0051)
    assert png(figure).startswith(b"\x89PNG")


def test_places_on_the_globe():
    """On its surface, the angle to the mean's direction true, and the same seen from the front and above."""
    rows = directions(lean=2.0)
    up = l2_normalize(rows.mean(dim=0))
    flat = rows - (rows @ up)[:, None] * up
    points = figures.globe_places(rows, up, torch.linalg.svd(flat, full_matrices=False).Vh[:2])
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(points[:, 2], (rows @ up).numpy(), atol=1e-6)
    x, y, near = figures.seen(points)
    np.testing.assert_allclose(x**2 + y**2 + near**2, 1, atol=1e-5)  # seen from elsewhere, nothing is bent
    assert (near > 0).any() and (near < 0).any()
    front = figures.seen(np.array([[0.0, -1.0, 0.0], [0.0, 0.0, 1.0]]))
    assert front[2].min() > 0 and front[1][1] > 0 > front[1][0]  # the front is below the middle, the pole above


def test_sphere_figure_tells_the_mean():
    """Its length in words, and its angle before and after centring."""
    rows = directions(lean=2.0)
    figure = figures.sphere_figure(rows)
    left, right = ([text.get_text() for text in axes.texts] for axes in figure.axes)
    mean = rows.mean(dim=0)
    angle = torch.rad2deg(torch.arccos(rows @ l2_normalize(mean))).mean()
    assert any(f"{mean.norm():.2f}" in text for text in left) and any(f"{angle:.0f}°" in text for text in left)
    angle = torch.rad2deg(torch.arccos(l2_normalize(rows - mean) @ l2_normalize(mean))).mean()
    assert any(f"{angle:.0f}°" in text for text in right)


def test_other_figures():
    """Drawn, every label 9 points or more, no two labels of the reports on each other."""
    _, history = measure.train_map(directions(), directions(seed=3), divide=True, steps=4)
    places = {name: torch.tensor(place) for name, place in {"A": [2.0, 0.2], "B": [4.0, 2.0], "C": [0.9, 0.3]}.items()}
    winners = {"cosine": "A", "dot": "B", "distance": "C"}
    made = [
        figures.reports_figure(0.75),
        figures.winners_figure(torch.tensor([1.0, 0.0]), places, winners),
        figures.training_figure(history, history),
        figures.sphere_figure(directions()),
    ]
    for figure in made:
        assert png(figure).startswith(b"\x89PNG")
        assert min((text.get_fontsize() for axes in figure.axes for text in axes.texts), default=9) >= 9
    for figure in made[:2]:
        boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text()]
        assert not [1 for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


def test_pair_of_typed_texts(mini):
    """Rows as the model gives them; what is empty, broken or too long is told in words."""
    rows, told = widgets.pair_of(mini, *TEXTS[:2])
    torch.testing.assert_close(rows, mini.encode(TEXTS[:2], normalize=False, progress=False), atol=1e-4, rtol=1e-4)
    assert told == ""
    assert widgets.pair_of(mini, "a", "  ") == (None, widgets.W["empty"])
    assert widgets.pair_of(mini, "a", "\ud83d") == (None, widgets.W["broken"])
    rows, told = widgets.pair_of(mini, "a", "语言 model " * 2000)
    assert rows.isfinite().all() and str(widgets.LONGEST) in told


def test_panel_answers(mini):
    """Each control changes the picture; a wrong text takes it away and says why; a right one brings it back."""
    _, one, other, stretch, message, picture = widgets.panel(mini).children
    for control, value in ((one, "我喜欢猫"), (other, "<b>cats</b> $x$"), (stretch, 2.0)):
        before, control.value = bytes(picture.value), value
        assert bytes(picture.value) != before and not message.value
    other.value = " "
    assert message.value == widgets.W["empty"] and bytes(picture.value) == b""
    stretch.value = 0.5
    assert bytes(picture.value) == b""
    other.value = "dogs"
    assert bytes(picture.value).startswith(b"\x89PNG") and not message.value


def test_the_identity_of_the_cone():
    """The squared length of the mean of unit vectors is the mean of all their cosines, as the page says."""
    rows = directions().double()
    torch.testing.assert_close(rows.mean(dim=0).pow(2).sum(), cosine(rows[:, None], rows[None]).mean())
