"""Live controls of page 04: a similarity matrix by pooling and layer, and what max picks in any text.

``matrix_figure`` and ``picks_html`` are plain functions; ``panel`` wires them to dropdowns, a slider and a box.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from weakref import WeakKeyDictionary

import ipywidgets as w
import numpy as np
import torch
from matplotlib.figure import Figure

from classroom.figures import heatmap
from classroom.pooling.measure import all_vectors
from classroom.sentences import Sentence, load_sentences
from classroom.style import BLUE, png
from helpers.pipeline import BgeM3
from helpers.pooling import POOLINGS, check_pooling
from helpers.tokenization import check_texts

SHOWN = 5  # sentences a matrix
LONGEST = 48  # tokens of a typed text
MEMORY: WeakKeyDictionary[torch.nn.Module, dict[tuple[str, ...], torch.Tensor]] = WeakKeyDictionary()


def layer_name(layer: int) -> str:
    """``0`` → ``"embeddings"``, ``3`` → ``"layer 3"``."""
    return f"layer {layer}" if layer else "embeddings"


def check_layer(layer: int, layers: int) -> int:
    """``ValueError`` unless ``layer`` is from 0 (the embeddings) to ``layers``."""
    if not 0 <= layer <= layers:
        raise ValueError(f"layer={layer} is out of range; this checkpoint has 0 (embeddings) to {layers}")
    return layer


def of_topic(sentences: Sequence[Sentence], topic: str, count: int = SHOWN) -> list[Sentence]:
    """The first few sentences of a topic. Raises ``ValueError`` for a topic there is not."""
    found = [sentence for sentence in sentences if sentence.topic == topic]
    if not found:
        raise ValueError(f"topic={topic!r} is unknown; choose {', '.join(sorted({s.topic for s in sentences}))}")
    return found[:count]


def matrix_figure(bge: BgeM3, sentences: Sequence[Sentence], pooling: str, layer: int) -> Figure:
    """Cosines of Chinese sentences (rows) and their English translations (columns), for one pooling of one layer.

    The title says how many rows have their largest cosine at their own translation.
    """
    kind = POOLINGS.index(check_pooling(pooling))
    check_layer(layer, bge.model.config.num_hidden_layers)
    chinese, english = (tuple(getattr(s, side) for s in sentences) for side in ("chinese", "english"))
    scores = vectors_of(bge, chinese)[kind, layer] @ vectors_of(bge, english)[kind, layer].T  # (n, n)
    others = scores[~torch.eye(len(sentences), dtype=torch.bool)]
    # an own cosine that merely ties with another finds nothing
    beaten = (scores.diagonal()[:, None] - scores > 1e-5).sum(dim=1)  # (n,)
    found = int((beaten == len(sentences) - 1).sum())
    aside = f"others {others.mean():.2f}" if len(others) else "no others"
    means = f"own {scores.diagonal().mean():.2f}, {aside}"
    title = f"{pooling} of {layer_name(layer)}: {found} of {len(sentences)} found ({means})"
    return heatmap(scores.numpy(), chinese, english, title, low=0, high=1)


def vectors_of(bge: BgeM3, texts: tuple[str, ...]) -> torch.Tensor:
    """``all_vectors`` with a memory, ``(3, L + 1, n, H)``, so that moving a slider costs nothing."""
    known = MEMORY.setdefault(bge.model, {})
    if texts not in known:
        known[texts] = all_vectors(bge, texts)
    return known[texts]


@torch.inference_mode()
def max_shares(bge: BgeM3, text: str, layer: int) -> tuple[list[str], np.ndarray]:
    """Tokens of a text (48 at most) and the share of dimensions each wins under max pooling; ``T``, ``(T,)``."""
    layer = check_layer(layer, bge.model.config.num_hidden_layers)
    batch = bge.tokenizer(
        check_texts([text]), truncation=True, max_length=min(LONGEST, bge.max_length), return_tensors="pt"
    ).to(bge.model.device)
    hidden = bge.model(**batch, output_hidden_states=True).hidden_states[layer][0]  # (T, H)
    wins = hidden.argmax(dim=0).bincount(minlength=len(hidden))  # (T,)
    tokens = bge.tokenizer.convert_ids_to_tokens(batch["input_ids"][0].tolist())
    return tokens, (wins / hidden.shape[1]).cpu().numpy()


def picks_html(bge: BgeM3, text: str, layer: int) -> str:
    """A table of tokens with a bar each: the share of dimensions the token wins under max pooling.

    Whatever was typed is escaped; text that is no text (half a surrogate pair) is answered with the reason.
    """
    try:
        tokens, shares = max_shares(bge, text, layer)
    except ValueError as error:
        return f"<p>{escape(str(error))}</p>"
    rows = "".join(
        f"<tr><td style='text-align:right'><code>{escape(token)}</code></td><td style='width:22em'>"
        f"<div style='background:{BLUE};height:0.9em;width:{share / shares.max():.1%}'></div></td>"
        f"<td>{share:.0%}</td></tr>"
        for token, share in zip(tokens, shares, strict=True)
    )
    cut = f" (the first {LONGEST} tokens only)" if len(tokens) == LONGEST else ""
    return f"<p>max pooling of {layer_name(layer)}: {len(tokens)} tokens{cut}</p><table>{rows}</table>"


def panel(bge: BgeM3) -> w.Widget:
    """Pooling, layer and topic over a similarity matrix; below it a box for any text and what max picks in it."""
    sentences, layers = load_sentences(), bge.model.config.num_hidden_layers
    topics = list(dict.fromkeys(sentence.topic for sentence in sentences))
    pooling = w.Dropdown(options=POOLINGS, value="cls", description="pooling")
    topic = w.Dropdown(options=topics, value=topics[0], description="topic")
    layer = w.IntSlider(value=layers, min=0, max=layers, description="layer", continuous_update=False)
    text = w.Text(value="苹果发布了新手机 and people queued.", description="text", layout=w.Layout(width="40em"),
                  continuous_update=False)  # fmt: skip
    picture, picks = w.Image(format="png", layout=w.Layout(max_width="100%", object_fit="contain")), w.HTML()

    def draw(_: object = None) -> None:
        picture.value = png(matrix_figure(bge, of_topic(sentences, topic.value), pooling.value, layer.value))

    def list_picks(_: object = None) -> None:
        picks.value = picks_html(bge, text.value, layer.value)

    for control, answers in ((pooling, [draw]), (topic, [draw]), (layer, [draw, list_picks]), (text, [list_picks])):
        for answer in answers:
            control.observe(answer, names="value")
    draw()
    list_picks()
    return w.VBox([w.HBox([pooling, layer, topic]), picture, text, picks])
