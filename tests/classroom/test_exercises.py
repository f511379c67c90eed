"""Every page's exercises, one harness: the folded solution passes, the stub is "not yet", wrong answers get a hint.

An exercise is a cell of the page that ends in ``exercises.NAME(function)``; its solution is the block of
code in a ``<details>`` that defines that function. Wrong answers, at least two an exercise, are in ``wrong_PAGE.py``
beside this file.
"""

import re
from functools import cache
from importlib import import_module
from pathlib import Path

import nbformat
import pytest
import torch

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
PAGES = {
    "from_text_to_vector": "00_from_text_to_vector",
    "tokenization": "01_tokenization",
    "embedding_layers": "02_embedding_layers",
    "encoder": "03_encoder_stack",
    "pooling": "04_pooling",
    "normalization": "05_normalization",
    "scores": "07_scores",
    "inside_the_stack": "06_inside_the_stack",
    "three_outputs": "08_three_outputs",
    "mistakes": "10_mistakes",
}


@cache
def cells(page, kind):
    """The sources of a page's cells of one kind."""
    read = nbformat.read(NOTEBOOKS / f"{PAGES[page]}.ipynb", as_version=4)
    return [cell.source for cell in read.cells if cell.cell_type == kind]


@cache
def stubs(page):
    """The cells that pose an exercise, by the name of its check, each with the name of the reader's function."""
    found = [(source, re.search(r"exercises\.(\w+)\((\w+)\)$", source)) for source in cells(page, "code")]
    return {match[1]: (match[2], source) for source, match in found if match}


@cache
def solved(page):
    """The functions of the page's folded solutions, by name."""
    folded = re.findall(r"<details>(.*?)</details>", "\n".join(cells(page, "markdown")), re.DOTALL)
    blocks = re.findall(r"```python\n(.*?)```", "\n".join(folded), re.DOTALL)
    names = {"torch": torch}
    for block in blocks:
        if any(f"def {function}(" in block for function, _ in stubs(page).values()):
            exec(block, names)
    return names


def check(page, name):
    """The check of an exercise."""
    return getattr(import_module(f"classroom.{page}.exercises"), name)


def wrong(page):
    """The wrong answers of a page, by exercise and by what is wrong with them."""
    return import_module(f"wrong_{page}").wrong(solved(page))


EXERCISES = [(page, name) for page in PAGES for name in stubs(page)]
WRONG = [(page, name, what) for page in PAGES for name, answers in wrong(page).items() for what in answers]


def test_every_exercise_is_whole():
    """Each page poses some, and each has a folded solution and at least two wrong answers."""
    for page in PAGES:
        assert len(stubs(page)) >= 3
        assert {function for function, _ in stubs(page).values()} <= solved(page).keys()
        assert wrong(page).keys() == stubs(page).keys()
        assert min(map(len, wrong(page).values())) >= 2


@pytest.mark.parametrize(("page", "name"), EXERCISES)
def test_solution_passes(page, name, capsys):
    """A check that its own solution fails would send readers in circles; it moves no later number of the page."""
    function, _ = stubs(page)[name]
    before = torch.get_rng_state()
    assert check(page, name)(solved(page)[function]) is True
    assert capsys.readouterr().out.startswith("✓ right, in all ")
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(("page", "name"), EXERCISES)
def test_stub_is_told_not_yet(page, name, capsys):
    """The stub as it stands on the page neither passes nor stops it."""
    source = stubs(page)[name][1]
    exec(source, {"torch": torch, "exercises": import_module(f"classroom.{page}.exercises")})
    assert capsys.readouterr().out.startswith("… not yet")


@pytest.mark.parametrize(("page", "name"), EXERCISES)
def test_an_exception_gets_a_hint(page, name, capsys):
    """No traceback for the reader."""
    assert check(page, name)(lambda *arguments: 1 / 0) is False
    told = capsys.readouterr().out
    assert told.startswith("✗") and "ZeroDivisionError" in told and "Hint: " in told


@pytest.mark.parametrize(("page", "name", "what"), WRONG)
def test_wrong_answer_is_caught(page, name, what, capsys):
    """Each plausible mistake is met by a case, and answered with a hint."""
    assert check(page, name)(wrong(page)[name][what]) is False
    told = capsys.readouterr().out
    assert told.startswith("✗") and "Hint: " in told


def test_wrong_layers_are_made_from_a_right_one():
    """Nothing spoilt, nothing wrong: so each wrong answer of page 03 fails for its own reason."""
    for name, function in import_module("wrong_encoder").RIGHT.items():
        assert check("encoder", name)(function)
