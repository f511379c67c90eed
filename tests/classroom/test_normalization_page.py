"""Page 05's controls over their whole range, and its search laboratory."""

import re

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch.nn.functional import normalize

from classroom.normalization import figures, widgets
from classroom.normalization import search as lab
from classroom.sentences import load_sentences
from classroom.style import use_style

AWKWARD = ["", "   ", "😀", "👩‍💻🇨🇳", "<script>alert(1)</script>", "{x} %s & <b>", "明天会下雨吗？", "\x00\u200b", "a"]


@pytest.fixture(scope="module", autouse=True)
def style():
    """The notebooks' look, Chinese font included."""
    use_style()


@pytest.fixture(scope="module")
def index(mini):
    """The search index over a few sentences of every topic."""
    return lab.build_index(mini, load_sentences()[::7])


@pytest.mark.parametrize("degrees", range(0, 181, 30))
@pytest.mark.parametrize("length", [0.2, 1.0, 2.0])
def test_angle_figure(degrees, length):
    """The numbers written beside the arrows are those of the formula."""
    figure = figures.angle_figure(degrees, length)
    told = figure.axes[1].texts[0].get_text()
    cosine = np.cos(np.radians(degrees))
    for name, value in (("dot a·b", length * cosine), ("cosine", cosine), ("1 − d²/2", cosine)):
        assert abs(float(re.search(rf"{re.escape(name)}\s+(\S+)", told).group(1)) - value) <= 0.0051
    assert widgets.png(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("turn", [0, 35, 180, 350])
def test_projection(turn):
    """In the plane and on the sphere; turning brings other points to the front."""
    points = normalize(torch.randn(8, 3, generator=torch.Generator().manual_seed(0))).numpy()
    for wide in (2, 3):
        figure = figures.projection(points[:, :wide], ["a", "a", "b", "c"], list("1234"), turn)
        assert widgets.png(figure).startswith(b"\x89PNG")
    hollow = [line.get_markerfacecolor() for line in figure.axes[0].lines].count("white")
    opposite = figures.projection(points, ["a", "a", "b", "c"], list("1234"), turn + 180)
    assert 0 < hollow < 8 and opposite.axes[0].lines[0].get_color() == figure.axes[0].lines[0].get_color()


@pytest.mark.parametrize("threshold", [-1.0, 0.0, 0.5, 1.0, 2.0])
def test_threshold_figure(threshold):
    """The title counts both sides, at the ends of the range too."""
    related, unrelated = np.array([0.5, 0.9]), np.array([-0.1, 0.1, 0.2, 0.6])
    title = widgets.threshold_figure(related, unrelated, threshold).axes[0].get_title(loc="left")
    found, wrong = (np.mean(x >= threshold) for x in (related, unrelated))
    assert title == f"finds {found:.0%} of the related pairs, lets in {wrong:.1%} of the unrelated"


@pytest.mark.parametrize("query", [*AWKWARD, "语言 model " * 400, "\ud83d"])
@pytest.mark.parametrize("storage", lab.STORAGES)
def test_search_box_takes_any_text(mini, index, query, storage):
    """Nothing typed raises, and nothing typed reaches the page as HTML."""
    for language in lab.LANGUAGES:
        html = widgets.search_html(mini, index, query, 3, language, storage)
        assert "<script" not in html and "<b>" not in html.replace("<p><b>angle", "").split("<table")[0]
        assert html.count("<tr>") == (4 if query.strip() else 0)
        assert not re.search(r"<td>[^<]*nan[^<]*</td>", html)
    assert ("lost" in html) == (len(query) > 1000)


@pytest.mark.parametrize("k", [1, 5, 20, 10_000])
def test_search_is_exact(index, k):
    """The best k by cosine, in order, of the language asked for; a text finds itself first."""
    every = index.vectors @ index.vectors[3]
    for language in lab.LANGUAGES:
        own = [i for i, name in enumerate(index.languages) if language in ("both", name)]
        hits = lab.search(index, index.vectors[3] * 7, k, language)
        assert len(hits) == min(k, len(own)) and {hit.number for hit in hits} <= set(own)
        torch.testing.assert_close(torch.tensor([h.cosine for h in hits]), every[own].topk(len(hits)).values)
    assert lab.search(index, index.vectors[3], 1)[0].number == 3
    with pytest.raises(ValueError, match="unknown"):
        lab.search(index, index.vectors[3], 1, "Klingon")
    with pytest.raises(ValueError, match="choose float32, float16, int8"):
        lab.search(index, index.vectors[3], 1, storage="int4")


def test_scores_are_explained(index):
    """More cosine is never less probable, and the shares run from none to all of the unrelated pairs."""
    grid = np.linspace(-1, 1, 21)
    chances, shares = [index.probability(x) for x in grid], [index.above(x) for x in grid]
    assert chances == sorted(chances) and shares == sorted(shares)
    assert chances[0] < 0.1 and chances[-1] > 0.9 and shares[0] == 0 and shares[-1] == 1


def test_int8_keeps_within_its_bound():
    """Half a step a number; a zero vector survives; the example in the documentation."""
    vectors = normalize(torch.randn(50, 64, generator=torch.Generator().manual_seed(0)))
    codes, scale = lab.quantize(vectors)
    assert codes.dtype == torch.int8 and codes.int().abs().amax(dim=1).eq(127).all()
    assert ((codes * scale - vectors).abs() <= scale / 2 + 1e-7).all()
    assert lab.stored(torch.zeros(1, 4), "int8").tolist() == [[0.0] * 4]
    assert lab.quantize(torch.tensor([[0.6, -0.8]]))[0].tolist() == [[95, -127]]
    assert [lab.bytes_each(1024, kind) for kind in lab.STORAGES] == [4096, 2048, 1028]


def test_area():
    """Equal scores are a guess."""
    assert lab.area_under_curve(torch.tensor([1.0]), torch.tensor([1.0])) == 0.5


def test_calibration_recovers_a_known_curve():
    """Labels drawn with a slope of 8 and an offset of −4, and scores that a line separates perfectly."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(20_000, generator=generator)
    labels = (torch.rand(20_000, generator=generator) < torch.sigmoid(8 * scores - 4)).float()
    slope, offset = lab.calibrate(scores, labels)
    assert abs(slope - 8) < 0.5 and abs(offset + 4) < 0.3
    slope, offset = lab.calibrate(torch.tensor([0.1, 0.2, 0.8, 0.9]), torch.tensor([0.0, 0.0, 1.0, 1.0]))
    assert 0 < slope < 1000 and abs(slope * 0.5 + offset) < 0.5


def test_panels_answer(mini, index):
    """Every control changes what is shown."""
    for panel in (
        widgets.angle_panel(),
        widgets.threshold_panel({"related": np.ones(3), "unrelated": np.zeros(3)}, 0.4),
    ):
        *sliders, image = panel.children
        for slider in sliders:
            before = image.value
            slider.value = slider.max
            assert image.value != before
    points = normalize(torch.randn(4, 3, generator=torch.Generator().manual_seed(0))).numpy()
    slider, image = widgets.sphere_panel(points, ["a", "b"], ["0", "1"]).children
    before, slider.value = image.value, 200
    assert image.value != before
    query, controls, answer = widgets.panel(mini, index).children
    changes = [(query, "猫 <script>"), *zip(controls.children, (2, "中文", "int8"), strict=True)]
    for control, value in changes:
        before, control.value = answer.value, value
        assert answer.value != before or value == "int8"


def test_figures_of_results():
    """Long, Chinese and empty texts, negative cosines, one bin."""
    assert figures.hits_figure(["猫" * 80, ""], [0.5, -0.2], "q" * 200).axes[0].get_yticks().tolist() == [0, 1]
    assert figures.reliability(np.array([0.5]), np.array([0.4]), np.array([7])).axes
    assert isinstance(figures.storage_figure({"a": 1.0, "b": 0.5}, {"a": 1.0, "b": 0.7}), Figure)
