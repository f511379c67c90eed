"""The live controls of page 05: an angle to turn, a sphere to turn, a threshold to move, and a search box.

Each callback is a plain function from values to a figure or HTML; the panels at the end only wire them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets
import numpy as np
import torch
from matplotlib.figure import Figure

from classroom.normalization.figures import angle_figure, distributions, projection
from classroom.normalization.search import LANGUAGES, STORAGES, Index, build_index, bytes_each, search
from classroom.sentences import load_sentences
from classroom.style import png
from helpers.pipeline import BgeM3

ROW = "<tr><td style='text-align:right'>{rank}</td><td style='text-align:left'>{text}</td>"
CELLS = (
    "<td>{cosine:+.3f}</td><td>{angle:.0f}°</td><td>{distance:.2f}</td><td>{above:.1%}</td><td>{chance:.0%}</td></tr>"
)
HEAD = "<tr><th></th><th>sentence</th><th>cosine</th><th>angle</th><th>d</th><th>above</th><th>P</th></tr>"
KEY = (
    "<p><b>angle</b> between the vectors; <b>d</b> distance, cosine = 1 − d²/2; <b>above</b>: share of the course's "
    "unrelated pairs that score lower; <b>P</b>: calibrated chance that the pair "
    "is related, if half of all pairs were.</p>"
)


def search_html(bge: BgeM3, index: Index, query: str, k: int, language: str, storage: str) -> str:
    """The ``k`` nearest sentences to a typed query as an HTML table, every score explained.

    Any text will do; only an empty one is answered with a request to type something.
    """
    if not query.strip():
        return "<p>Type a question or a phrase, in English or Chinese.</p>"
    text = query.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is no text
    ids = bge.tokenizer(text, truncation=True, max_length=bge.max_length, verbose=False)["input_ids"]
    cut = len(bge.tokenizer(text, verbose=False)["input_ids"]) - len(ids)
    with torch.inference_mode():
        hidden = bge.model(input_ids=torch.tensor([ids], device=bge.model.device)).last_hidden_state  # (1, T, H)
    rows = []
    for rank, hit in enumerate(search(index, hidden[0, 0].cpu(), k, language, storage), 1):
        cosine = max(-1.0, min(1.0, hit.cosine))  # rounding may lead past 1, where arccos is nan
        values = dict(rank=rank, text=escape(index.texts[hit.number]), cosine=hit.cosine)
        values |= dict(angle=np.degrees(np.arccos(cosine)), distance=np.sqrt(2 - 2 * cosine))
        values |= dict(above=index.above(hit.cosine), chance=index.probability(hit.cosine))
        rows.append((ROW + CELLS).format(**values))
    told = f"<p>{escape(text[:80])}{'…' if len(text) > 80 else ''}</p>"
    lost = f"<p>⚠ the query lost {cut:,} tokens: it is longer than the model reads.</p>" if cut else ""
    width = index.vectors.shape[1]
    kept = f"<p>Index kept as {storage}: {bytes_each(width, storage):,} bytes a vector.</p>"
    return f"{told}{lost}<table>{HEAD}{''.join(rows)}</table>{kept}{KEY}"


def threshold_figure(related: np.ndarray, unrelated: np.ndarray, threshold: float) -> Figure:
    """Both distributions with a movable threshold; the title counts what it lets in and what it keeps out."""
    found, wrong = float(np.mean(related >= threshold)), float(np.mean(unrelated >= threshold))
    title = f"finds {found:.0%} of the related pairs, lets in {wrong:.1%} of the unrelated"
    return distributions({"related": related, "unrelated": unrelated}, title, threshold)


def live_image(draw: Callable[..., Figure], **sliders: Any) -> widgets.Widget:
    """Controls above an image that ``draw(**values)`` fills anew whenever one of them moves."""
    image = widgets.Image(format="png", layout=widgets.Layout(max_width="720px"))

    def refresh(_: Any = None) -> None:
        image.value = png(draw(**{name: control.value for name, control in sliders.items()}), dpi=90)

    for control in sliders.values():
        control.observe(refresh, names="value")
    refresh()
    return widgets.VBox([*sliders.values(), image])


def angle_panel() -> widgets.Widget:
    """Two sliders, angle and length, over ``angle_figure``."""
    degrees = widgets.IntSlider(60, 0, 180, 5, description="angle °")
    return live_image(
        angle_figure, degrees=degrees, length=widgets.FloatSlider(1.5, min=0.2, max=2.0, description="length")
    )


def sphere_panel(points: np.ndarray, groups: Sequence[str], labels: Sequence[str]) -> widgets.Widget:
    """A slider that turns the sphere of ``projection``."""
    turn = widgets.IntSlider(35, 0, 350, 10, description="turn °", continuous_update=False)
    return live_image(lambda turn: projection(points, groups, labels, turn), turn=turn)


def threshold_panel(scores: Mapping[str, np.ndarray], start: float) -> widgets.Widget:
    """A slider over ``threshold_figure``; ``scores`` has the keys ``related`` and ``unrelated``."""
    slider = widgets.FloatSlider(round(start, 2), min=0.0, max=1.0, step=0.02, description="threshold")
    return live_image(lambda threshold: threshold_figure(**scores, threshold=threshold), threshold=slider)


def panel(bge: BgeM3, index: Index | None = None) -> widgets.Widget:
    """The search box over the course's sentences: query, number of results, language and storage."""
    index = index or build_index(bge, load_sentences())
    query = widgets.Text("Will it rain tomorrow?", description="search", layout=widgets.Layout(width="560px"))
    controls = {
        "query": query,
        "k": widgets.IntSlider(5, 1, 20, description="results"),
        "language": widgets.Dropdown(options=LANGUAGES, description="language"),
        "storage": widgets.Dropdown(options=STORAGES, description="storage"),
    }
    answer = widgets.HTML()

    def refresh(_: Any = None) -> None:
        answer.value = search_html(bge, index, **{name: control.value for name, control in controls.items()})

    for control in controls.values():
        control.observe(refresh, names="value")
    refresh()
    return widgets.VBox([query, widgets.HBox(list(controls.values())[1:]), answer])
