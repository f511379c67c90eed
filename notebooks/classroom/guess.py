"""Guess, then look: a question whose answer is nowhere on the page until the reader has clicked.

The answer stays in Python until then. A page keeps it out of its code as well, in its room's table of words
(``classroom.words``); the number of an answer counts from 0:

    guess(**W["guess_rows"])

    [guess_rows]
    question = "How many rows does pooling keep?"
    choices = ["one", "all of them"]
    answer = 0
    why = "Only the row of <s> goes on."
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets as w
from IPython.display import Markdown, display

from classroom.words import words

BUTTON = w.Layout(width="auto", min_width="6em", max_width="100%")


class Guess(w.VBox):
    """A row of buttons, one a choice, and a line for the answer, empty until one of them is pressed.

    What is stored with a page is the question and the choices, readable wherever no kernel runs.
    """

    def __init__(self, question: str, choices: Sequence[str], answer: int, why: str) -> None:
        """See ``guess``."""
        self._question = question
        self._told = words()["guess"]
        self._solution = answer, why  # no traits: they would be sent to the browser and stored
        self._buttons = [w.Button(description=choice, tooltip=choice, layout=BUTTON) for choice in choices]
        self._verdict = w.HTML()
        for button in self._buttons:
            button.on_click(self._answer)
        row = w.HBox(self._buttons, layout=w.Layout(flex_flow="row wrap"))
        super().__init__([row, self._verdict])

    def _answer(self, pressed: w.Button) -> None:
        """Say whether the guess was right, what is, and why; mark both buttons in words, not by colour alone."""
        answer, why = self._solution
        right = self._buttons[answer]
        for button in self._buttons:
            button.description = button.tooltip  # the choice alone, whatever an earlier press has added
            button.button_style = "success" if button is right else ""
        right.description = f"✓ {right.tooltip}"
        if pressed is not right:
            pressed.description = f"✗ {pressed.tooltip}"
        verdict = self._told["right" if pressed is right else "wrong"].format(answer=right.tooltip)
        self._verdict.value = f"<p role='status'><b>{escape(verdict)}</b> {escape(why)}</p>"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        """The widget, and for readers without one the choices."""
        bundle = super()._repr_mimebundle_(**options) or {}
        return bundle | {"text/plain": " · ".join(button.tooltip for button in self._buttons)}

    def _ipython_display_(self) -> None:
        """The question as text, which every viewer of a stored page shows, then the buttons."""
        display(Markdown(f"**{self._told['label']}** {self._question}"))
        display(self._repr_mimebundle_(), raw=True)


def guess(question: str, choices: Sequence[str], answer: int, why: str) -> Guess:
    """Ask a question; after a click on one of the choices say whether it was right, and ``why`` in one sentence.

    ``question`` may hold Markdown; choices and ``why`` are plain text; ``answer`` is the index of the right choice.
    Raises ``ValueError`` for fewer than two choices, choices that repeat, an empty text, or an answer that is none.

    >>> guess("How long is the arrow?", ["1", "384"], answer=0, why="It was divided by its length.").children[1].value
    ''
    """
    texts = [question, *choices, why]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise ValueError("question, choices and why are texts, none of them empty")
    if len(set(choices)) < max(2, len(choices)):
        raise ValueError(f"choices={list(choices)} must be two or more, all different")
    if not isinstance(answer, int) or not 0 <= answer < len(choices):
        raise ValueError(f"answer={answer!r} is none of the {len(choices)} choices; count from 0")
    return Guess(question, choices, answer, why)
