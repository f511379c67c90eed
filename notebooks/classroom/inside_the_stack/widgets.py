"""The switchboard of page 06: any part off, and a search that answers at once.

``Board`` holds what is off and answers in HTML; ``Switchboard`` wires it to a question, a layer and its switches.
"""

from __future__ import annotations

import html
from dataclasses import dataclass, field

import ipywidgets as w

from classroom import retrieval
from classroom.ablations import Off
from classroom.inside_the_stack.measure import Search, paraphrases
from classroom.words import words
from helpers.pipeline import BgeM3

W = words("inside_the_stack")["panel"]
BAR = 30  # characters of a full bar
BEST = 3  # sentences shown


@dataclass
class Board:
    """Switches that are off, layers and heads from 0; ``search`` and ``asked`` keep the intact model's states."""

    bge: BgeM3
    search: Search
    asked: Search
    heads: set[tuple[int, int]] = field(default_factory=set)
    attention: set[int] = field(default_factory=set)
    feed_forward: set[int] = field(default_factory=set)
    layers: set[int] = field(default_factory=set)
    positions: bool = False

    def off(self) -> Off:
        """The board as it stands."""
        return Off(
            tuple(self.heads), tuple(self.attention), tuple(self.feed_forward), tuple(self.layers), self.positions
        )

    def preset(self, number: int) -> None:
        """Set all switches at once: nothing off, attention off, attention off but in the last, feed-forward off."""
        every = range(len(self.bge.model.encoder.layer))
        self.heads, self.layers, self.positions = set(), set(), False
        self.attention = set((range(0), every, every[:-1], range(0))[number])
        self.feed_forward = set(every) if number == 3 else set()

    def told(self, chosen: int) -> str:
        """What the search finds now, and the board with the chosen layer (from 0) marked, as HTML."""
        off = self.off()
        vectors = self.search.vectors(off)  # (n + m, H)
        candidates = vectors[len(self.search.questions) :]  # (m, H)
        mrr = retrieval.mrr(retrieval.ranks(self.search.scores_of(vectors)))
        scores = candidates @ self.asked.vectors(off)[0]  # (m,)
        best = scores.topk(BEST)
        line = W["mrr"].format(count=len(self.search.questions), mrr=mrr, intact=self.search.mrr())
        rows = "".join(
            f"<li>{score:.2f} {html.escape(self.search.candidates[place])}</li>"
            for score, place in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        )
        bar = "█" * round(BAR * mrr) + "·" * (BAR - round(BAR * mrr))
        answers = html.escape(W["answers"].format(count=len(self.search.candidates)))
        return f"<p><b>{line}</b><br><code>{bar}</code></p><p>{answers}</p><ol>{rows}</ol>{self.table(chosen)}"

    def table(self, chosen: int) -> str:
        """The board: a row a layer, ● for a part that works and ○ for one that is off."""
        layers, heads = len(self.bge.model.encoder.layer), self.bge.model.config.num_attention_heads
        named = {W["attention"]: self.attention, W["feed_forward"]: self.feed_forward, W["whole"]: self.layers}
        lines = [f"{'':>5} {W['heads']:<{2 * heads}} {'  '.join(named)}"]
        for layer in range(layers):
            marks = " ".join("○" if (layer, head) in self.heads else "●" for head in range(heads))
            parts = "  ".join(f"{'○' if layer in off else '●':<{len(name)}}" for name, off in named.items())
            lines.append(f"{'▸' if layer == chosen else ' '} {layer + 1:>3} {marks:<{2 * heads}} {parts}".rstrip())
        lines.append(f"{W['positions']} {'○' if self.positions else '●'}    {W['board']}")
        return f"<pre style='line-height:1.25'>{html.escape(chr(10).join(lines))}</pre>"


class Switchboard(w.VBox):
    """The controls of a board: a question, a layer, a box for each of its parts, and the answer."""

    def __init__(self, board: Board) -> None:
        """Wire every control to the board."""
        model = board.bge.model
        self.board, self.quiet = board, False  # quiet: the boxes are being set to what the board says
        wide = w.Layout(width="57em", max_width="100%")
        self.text = w.Text(value=W["default"], description=W["text"], continuous_update=False, layout=wide)
        presets = [(name, number) for number, name in enumerate(W["presets"])]
        self.preset = w.Dropdown(options=presets, description=W["preset"], layout=w.Layout(width="32em"))
        self.layer = w.IntSlider(1, 1, len(model.encoder.layer), description=W["layer"], continuous_update=False)
        self.parts = {name: box(W[name], "10em") for name in ("attention", "feed_forward", "whole", "positions")}
        self.heads = [box(str(number + 1), "3.4em") for number in range(model.config.num_attention_heads)]
        self.message, self.answer = w.Label(), w.HTML()
        self.text.observe(self.ask, names="value")
        self.preset.observe(self.all_at_once, names="value")
        self.layer.observe(self.show, names="value")
        for one in (*self.parts.values(), *self.heads):
            one.observe(self.switch, names="value")
        self.show()
        row = w.HBox([w.Label(W["heads"]), *self.heads], layout=w.Layout(flex_flow="row wrap"))
        parts = w.HBox(list(self.parts.values()), layout=w.Layout(flex_flow="row wrap"))
        super().__init__([self.text, self.preset, self.layer, parts, row, self.message, self.answer])

    def places(self) -> list[tuple[w.Checkbox, set, object]]:
        """Each box of the chosen layer, with the set that holds it when it is off, and as what."""
        at, board = self.layer.value - 1, self.board
        named = {"attention": board.attention, "feed_forward": board.feed_forward, "whole": board.layers}
        heads = [(one, board.heads, (at, number)) for number, one in enumerate(self.heads)]
        return [*((self.parts[name], where, at) for name, where in named.items()), *heads]

    def show(self, _: object = None) -> None:
        """Set the boxes to what the board says of the chosen layer."""
        self.quiet = True
        for one, where, what in self.places():
            one.value = what not in where
        self.parts["positions"].value = not self.board.positions
        self.quiet = False
        self.tell()

    def switch(self, _: object) -> None:
        """Set the board to what the boxes say."""
        if self.quiet:
            return
        for one, where, what in self.places():
            (where.discard if one.value else where.add)(what)
        self.board.positions = not self.parts["positions"].value
        self.tell()

    def tell(self) -> None:
        """The answer as the board stands."""
        self.answer.value = self.board.told(self.layer.value - 1)

    def all_at_once(self, change: dict) -> None:
        """One of the ready-made boards."""
        self.board.preset(change["new"])
        self.show()

    def ask(self, change: dict) -> None:
        """Another question; one that is not valid Unicode is told, and the last answer stays."""
        try:
            self.board.asked = Search(self.board.bge, [change["new"]])
        except ValueError:
            self.message.value = W["broken"]
        else:
            self.message.value = ""
            self.tell()


def box(name: str, width: str) -> w.Checkbox:
    """A switch that is on."""
    return w.Checkbox(value=True, description=name, indent=False, layout=w.Layout(width=width))


def panel(bge: BgeM3) -> Switchboard:
    """A question of the reader's own, a slider for the layer, a box for every part of it; below, what is found."""
    return Switchboard(Board(bge, paraphrases(bge, count=24), Search(bge, [W["default"]])))
