"""The guess: no answer anywhere before a click, a whole one after it, for every choice."""

import json

import pytest

from classroom.guess import guess

ASKED = {"question": "How many rows?", "choices": ["one", "<b>all</b>"], "answer": 0, "why": "Only <s> & no other."}


def buttons(widget):
    """The buttons of a guess, one a choice."""
    return widget.children[0].children


def everything(widget):
    """All that goes to the browser or into a stored page: the state of every widget, outputs in every form."""
    family = [widget, *widget.children, *buttons(widget)]
    states = [each.get_state() for each in [*family, *(each.layout for each in family)]]
    return json.dumps([states, widget._repr_mimebundle_(), repr(widget)], default=str, ensure_ascii=False)


def test_nothing_is_told_before_a_click():
    """Neither why nor which; the two choices differ in nothing but their words."""
    widget = guess(**ASKED)
    told = everything(widget)
    assert "Only" not in told and "✓" not in told and "answer" not in told
    states = [dict(button.get_state()) for button in buttons(widget)]
    unlike = {key for key in states[0] if states[0][key] != states[1][key]}
    assert unlike <= {"description", "tooltip", "style"}  # a style is a widget of its own
    assert widget._repr_mimebundle_()["text/plain"] == "one · <b>all</b>"


@pytest.mark.parametrize(("pressed", "says"), [(0, "✓ Right."), (1, "✗ Not this one: the answer is “one”.")])
def test_a_click_is_answered(pressed, says):
    """The verdict in words, the reason, both escaped; the right choice is marked, the wrong guess too."""
    widget = guess(**ASKED)
    buttons(widget)[pressed].click()
    assert says in widget.children[1].value and "Only &lt;s&gt; &amp; no other." in widget.children[1].value
    marks = ["✓ one", "<b>all</b>"] if pressed == 0 else ["✓ one", "✗ <b>all</b>"]
    assert [button.description for button in buttons(widget)] == marks
    buttons(widget)[0].click()  # whoever has looked may press again
    assert "✓ Right." in widget.children[1].value
    assert [button.description for button in buttons(widget)] == ["✓ one", "<b>all</b>"]


def test_a_stored_page_shows_the_question(capsys, monkeypatch):
    """As text of its own, so that viewers without widgets show it; the answer is in neither output."""
    shown = []
    monkeypatch.setattr("classroom.guess.display", lambda what, **options: shown.append(what))
    guess(**ASKED)._ipython_display_()
    assert shown[0].data == "**Guess:** How many rows?"
    assert shown[1].keys() == {"text/plain", "application/vnd.jupyter.widget-view+json"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"answer": 2}, {"answer": -1}, {"answer": "one"}, {"answer": None}, {"choices": ["one"]}, {"choices": []},
        {"choices": ["one", "one"]}, {"choices": ["one", " "]}, {"question": ""}, {"why": ""}, {"why": 3},
    ],
)  # fmt: skip
def test_what_cannot_be_asked(wrong):
    """A mistake of the page's writer is told when the page is run, not when a reader clicks."""
    with pytest.raises(ValueError, match=r"why are texts|two or more|count from 0"):
        guess(**ASKED | wrong)
