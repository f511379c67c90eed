"""Every panel of every page with whatever a reader may type: it answers, and what it shows can be sent to a browser."""

import inspect
from importlib import import_module

import ipywidgets
import pytest

from classroom.style import use_style

PAGES = (
    "from_text_to_vector",
    "tokenization",
    "embedding_layers",
    "encoder",
    "pooling",
    "normalization",
    "scores",
    "inside_the_stack",
    "three_outputs",
    "mistakes",
)
TYPED = ["\ud83d", "a\udc4d\ud83d", "", " \t", "$x$ 🙂 개 <b>&", "\x00\u200b\U000e0001", "语言 model " * 2000]


def panels():
    """Name and function of every panel that needs only a model or a vocabulary."""
    for page in PAGES:
        for name, function in inspect.getmembers(import_module(f"classroom.{page}.widgets"), inspect.isfunction):
            options = inspect.signature(function).parameters.values()
            needed = [option.name for option in options if option.default is option.empty]
            if name.endswith("panel") and needed and {*needed} <= {"bge", "vocabulary"}:
                yield pytest.param(function, needed, id=f"{page} {name}")


def parts(widget):
    """A control and all that it holds."""
    return [widget, *(part for child in getattr(widget, "children", ()) for part in parts(child))]


@pytest.mark.parametrize(("panel", "needed"), list(panels()))
def test_a_panel_answers_whatever_is_typed(mini, panel, needed):
    """No error (ipywidgets would pass it on to here), and no half of a surrogate pair on its way to the browser."""
    use_style()
    inside = parts(panel(*({"bge": mini, "vocabulary": mini.vocabulary}[name] for name in needed)))
    fields = [part for part in inside if isinstance(part, (ipywidgets.Text, ipywidgets.Textarea))]
    answers = [part for part in inside if isinstance(part, (ipywidgets.HTML, ipywidgets.Image))]
    assert fields and answers
    for text in TYPED:
        for field in fields:
            before, field.value = field.value, text
            for answer in answers:
                assert not isinstance(answer.value, str) or answer.value.encode("utf-8") or not text.strip()
            field.value = before


def test_no_panel_is_missed():
    """One for each page at least."""
    assert {param.id.split()[0] for param in panels()} == {*PAGES}
