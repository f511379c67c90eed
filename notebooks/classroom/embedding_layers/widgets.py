"""Live controls of page 02: shuffle a sentence and see its vector move; pick a token and see its neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import ipywidgets
import torch
from matplotlib.figure import Figure
from torch import Tensor

from classroom.embedding_layers.figures import vector_shift
from classroom.style import BLUE, png
from helpers.embedding_layers import layer_norm, position_ids
from helpers.encoder import encode_stack
from helpers.normalization import l2_normalize
from helpers.pipeline import BgeM3
from helpers.tokenization import check_texts

SHUFFLES = 20
WORDS = 64  # pieces of a text that the controls look at


def pieces(bge: BgeM3, text: str) -> list[int]:
    """Ids of a text's pieces, without ``<s>`` and ``</s>``, at most ``WORDS`` of them. ``ValueError`` if it is none."""
    check_texts([text])
    return bge.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"][:WORDS]


def shuffled(ids: list[int], number: int) -> list[int]:
    """The ids in another order, the same for the same ``number``; 0 leaves them as they are."""
    if number == 0:
        return list(ids)
    order = torch.randperm(len(ids), generator=torch.Generator().manual_seed(number))
    return [ids[i] for i in order.tolist()]


@torch.inference_mode()
def vector(bge: BgeM3, ids: Tensor, positions: bool = True) -> Tensor:
    """Unit vectors ``(B, H)`` of unpadded ids ``(B, T)``, with or without position embeddings."""
    layer, norm = bge.model.embeddings, bge.model.embeddings.LayerNorm
    ids = ids.to(bge.model.device)
    summed = layer.word_embeddings.weight[ids] + layer.token_type_embeddings.weight[0]  # (B, T, H)
    if positions:
        summed = summed + layer.position_embeddings.weight[position_ids(ids, bge.model.config.pad_token_id)]
    hidden = layer_norm(summed, norm.weight, norm.bias, norm.eps)  # (B, T, H)
    return l2_normalize(encode_stack(hidden, torch.ones_like(ids), bge.model, attentions=False).hidden_states[-1][:, 0])


@dataclass(frozen=True)
class Shuffle:
    """A shuffled text: its pieces in the new order, and how its vector changed, ``(H,)`` each, with the cosines."""

    tokens: list[str]
    change: dict[bool, Tensor]  # by "with positions?"
    cosine: dict[bool, float]


def shuffle(bge: BgeM3, text: str, number: int) -> Shuffle:
    """Shuffle ``number`` (0 to ``SHUFFLES``) of a text against its original order, ``<s>`` and ``</s>`` in place."""
    plain = pieces(bge, text)
    other = shuffled(plain, number)
    ids = torch.tensor([[0, *plain, 2], [0, *other, 2]])  # (2, T)
    change, cosine = {}, {}
    for positions in (True, False):
        before, after = vector(bge, ids, positions).float().cpu()  # (H,), (H,)
        change[positions], cosine[positions] = after - before, float(before @ after)
    return Shuffle(bge.tokenizer.convert_ids_to_tokens(other), change, cosine)


def shuffle_words(bge: BgeM3, text: str, number: int) -> str:
    """HTML: the pieces in their new order and the two cosines."""
    result = shuffle(bge, text, number)
    words = " ".join(f"<code>{escape(token)}</code>" for token in result.tokens) or "<i>no pieces: type something</i>"
    return (
        f"<p>{words}</p><p>cosine to the original order: with positions <b>{result.cosine[True]:.4f}</b>, "
        f"without <b>{result.cosine[False]:.4f}</b></p>"
    )


def shuffle_figure(bge: BgeM3, text: str, number: int) -> Figure:
    """Every dimension's change when the text is shuffled, with and without position embeddings."""
    result = shuffle(bge, text, number)
    return vector_shift(result.change[True].numpy(), result.change[False].numpy(), number)


def nearest(bge: BgeM3, piece: int, count: int) -> list[tuple[str, float]]:
    """The ``count`` rows of the word table with the greatest cosine to row ``piece``, itself left out.

    A row of zeros (padding, in many checkpoints) has no direction: its cosines are 0.
    """
    table = bge.model.embeddings.word_embeddings.weight.detach()  # (V, H)
    lengths = table.norm(dim=1).clamp_min(1e-12)  # (V,)
    cosine = table @ table[piece] / (lengths * lengths[piece])  # (V,)
    cosine[piece] = -2
    best = cosine.topk(min(count, len(table) - 1))
    return list(zip(bge.tokenizer.convert_ids_to_tokens(best.indices.tolist()), best.values.tolist(), strict=True))


def neighbours(bge: BgeM3, text: str, number: int, count: int) -> str:
    """HTML table: the nearest rows to piece ``number`` (from 1; past the end means the last) of a text."""
    ids = pieces(bge, text)
    if not ids:
        return "<p><i>no pieces: type something</i></p>"
    place = min(max(number, 1), len(ids)) - 1
    chosen = ids[place]
    names = [escape(name) for name in bge.tokenizer.convert_ids_to_tokens(ids)]
    names[place] = f"<mark>{names[place]}</mark>"
    lost = " (nothing in the vocabulary matched, so all such characters share this row)" if chosen == 3 else ""
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{value:.3f}</td><td><span style='display:inline-block;"
        f"height:.8em;background:{BLUE};width:{max(0, round(200 * value))}px'></span></td></tr>"
        for name, value in nearest(bge, chosen, count)
    )
    return f"<p>{' · '.join(names)}{lost}</p><table>{rows}</table>"


def panel(bge: BgeM3) -> ipywidgets.Widget:
    """Both controls, one above the other, answering at every change."""
    text = ipywidgets.Text("The cat chased the mouse.", description="sentence", continuous_update=False)
    number = ipywidgets.IntSlider(1, 0, SHUFFLES, description="shuffle", continuous_update=False)
    words, picture = ipywidgets.HTML(), ipywidgets.Image(format="png")
    source = ipywidgets.Text("cat 猫 music", description="pieces of", continuous_update=False)
    which = ipywidgets.IntSlider(1, 1, 12, description="piece", continuous_update=False)
    count = ipywidgets.IntSlider(8, 1, 20, description="neighbours", continuous_update=False)
    table = ipywidgets.HTML()

    def move(_: object = None) -> None:
        try:
            picture.value = png(shuffle_figure(bge, text.value, number.value))
            words.value = shuffle_words(bge, text.value, number.value)
        except ValueError as error:  # half a surrogate pair is no text
            words.value = escape(str(error))

    def look(_: object = None) -> None:
        try:
            table.value = neighbours(bge, source.value, which.value, count.value)
        except ValueError as error:
            table.value = escape(str(error))

    for control in (text, number):
        control.observe(move, "value")
    for control in (source, which, count):
        control.observe(look, "value")
    move()
    look()
    return ipywidgets.VBox([ipywidgets.HBox([text, number]), words, picture,
                            ipywidgets.HBox([source, which, count]), table])  # fmt: skip
