"""The pages keep their contract; and every rule of it bites, seen on a page that breaks it."""

from __future__ import annotations

import copy
from pathlib import Path

import contract
import nbformat
import pytest

PAGES = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


class TestContract:
    """Every rule on every page."""

    @pytest.mark.parametrize("rule", contract.RULES, ids=lambda rule: rule.__name__)
    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
    def test_page_keeps(self, page: Path, rule) -> None:
        """What the page breaks is listed, all at once."""
        problems = list(rule(nbformat.read(page, as_version=4)))
        assert not problems, "\n".join(problems)


def good_page() -> nbformat.NotebookNode:
    """A page that keeps every rule."""
    markdown, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    output = nbformat.v4.new_output
    figure = output("display_data", {"image/png": "", "text/plain": "four words of picture"})
    figure.metadata = {"image/png": {"alt": "four words of picture"}}
    card = "# 04 · Pooling\n\n**Which row?**\n\n| time | 3 minutes |\n|---|---|\n\n**中文导读** 一个向量"
    first = ["import torch", "", 'W = words("pooling")', *contract.HEAD]
    cells = [
        markdown(card),
        code("\n".join(first), outputs=[output("stream", text="mini-m3\n")]),
        code("widgets.panel(bge)"),
    ]
    for number in range(5):
        seen = f"stories:\n1{number} of 19, −0.5{number}, 9{number}%\n"
        cells += [
            markdown(f"## {number}\n\n**Guess:** how many?"),
            code("assert True", outputs=[output("stream", text=seen)], metadata={"jupyter": {"outputs_hidden": True}}),
            markdown(f"**Found:** 1{number} of 19 on mini-m3, or 9{number} %, at -0.5{number}.\n\nIn 1999 it was so."),
        ]
    end = "\n\n".join(
        [contract.ENDING[0], "- a\n- b\n- c\n- d\n- e", "Next: 05.", contract.ENDING[1], "一行代表一句话，长度为一。"]
    )
    cells += [code("show(figure)", outputs=[figure]), markdown("*One row is enough.*"), markdown(end)]
    page = nbformat.v4.new_notebook(cells=cells)
    for number, cell in enumerate(page.cells):
        cell.id = f"c{number}"
    return page


def change(index: int, old: str, new: str):
    """A change of a cell's source."""

    def apply(page: nbformat.NotebookNode) -> None:
        assert old in page.cells[index].source
        page.cells[index].source = page.cells[index].source.replace(old, new)

    return apply


def say(index: int, text: str):
    """A change of what a cell printed."""

    def apply(page: nbformat.NotebookNode) -> None:
        page.cells[index].outputs[0].text = text

    return apply


def set_cell(index: int, **values):
    """A change of whole fields of a cell."""

    def apply(page: nbformat.NotebookNode) -> None:
        page.cells[index].update(copy.deepcopy(values))

    return apply


def many_cells(page: nbformat.NotebookNode) -> None:
    """Forty more code cells."""
    page.cells[3:3] = [nbformat.v4.new_code_cell("x = 1") for _ in range(40)]


def long_cells(page: nbformat.NotebookNode) -> None:
    """Seven lines in every cell, in so many that the median moves."""
    page.cells[3:3] = [nbformat.v4.new_code_cell("x = 1\n" * 7) for _ in range(10)]


def widget_state(page: nbformat.NotebookNode) -> None:
    """As JupyterLab stores it when asked to."""
    page.metadata["widgets"] = {}


FOLDED = {"jupyter": {"outputs_hidden": True}}
BREAKS = [
    (contract.length, change(3, "how many?", "word " * 2301), "words"),
    (contract.length, change(3, "how many?", "word " * 6000), "minutes, 30 at most"),
    (contract.length, lambda page: [change(0, "# 04", "# 10")(page), change(3, "how", "x " * 5100)(page)], "25 at"),
    (contract.length, change(0, "3 minutes", "2 minutes"), "card should say 3"),
    (contract.length, many_cells, "code cells"),
    (contract.cell_sizes, change(4, "assert True", "x = 1\n" * 26), "26 lines"),
    (contract.cell_sizes, long_cells, "median"),
    (contract.guessing, change(3, "**Guess:**", "What:"), "no \\*\\*Guess"),
    (contract.guessing, change(3, "**Guess:**", "**Guess:** one **Guess:**"), "2 guesses at once"),
    (contract.guessing, set_cell(4, metadata={}), "is not folded"),
    (contract.guessing, change(5, "**Found:**", "**Guess:**"), "no folded cell to answer"),
    (contract.guessing, change(2, "widgets.panel(bge)", "guess(1)\n" * 3), "8 guesses"),
    (contract.answers, say(4, "10 of 19\n"), "still shows '10"),
    (contract.answers, set_cell(22 - 4, metadata=FOLDED), "print a heading"),
    (contract.answers, widget_state, "state of the widgets"),
    (contract.answers, change(2, "widgets.panel(bge)", 'guess("q", ["a"], answer=0, why="")'), "answer in the code"),
    (contract.answers, change(2, "widgets.panel(bge)", 'guess(**W["nothing"])'), "answer in the code"),
    (contract.answers, change(2, "widgets.panel(bge)", 'guess(**W["told"])  # Because of the rows.'), "is stored with"),
    (contract.answers, change(2, "widgets.panel(bge)", 'guess(**W["stale"])'), "77% in its answer"),
    (contract.found, change(5, "10 of 19", "11 of 19"), "11"),
    (contract.found, change(5, "10 of 19", "19 of 10"), "19 of 10"),
    (contract.found, change(5, "90 %", "90.0 %"), "90.0%"),
    (contract.found, change(5, "-0.50", "0.50"), "0.50"),
    (contract.found, change(8, "11 of 19", "12 of 19"), "12"),  # printed below, not above
    (contract.found, lambda page: [change(n, "**Found:**", "So:")(page) for n in (5, 8, 11)], "2 sentences"),
    (contract.machinery, change(4, "assert True", "assert True\nassert True"), "2 asserts"),
    (contract.machinery, change(4, "assert True", "# NBVAL_IGNORE_OUTPUT\nx = 1"), "NBVAL"),
    (contract.machinery, change(4, "assert True", "if bge.checkpoint.kind == 'mini-m3':\n    x = 1"), "condition"),
    (contract.machinery, change(4, "assert True", "assert x or not checkpoint.trained"), "condition"),
    (contract.pictures, change(19, "*One row is enough.*", "One row is enough."), "no caption"),
    (contract.pictures, change(3, "how many?", "![short](images/road.svg)"), "says too little"),
    (contract.pictures, lambda page: page.cells[18].outputs[0].metadata.clear(), "without alternative text"),
    (contract.opening, change(0, "**Which row?**", "Which row?"), "question"),
    (contract.opening, change(0, "中文导读", "导读"), "中文导读"),
    (contract.opening, change(0, "# 04 · ", "# "), "NN"),
    (contract.opening, change(1, "print(bge)", "bge"), "first code cell"),
    (contract.opening, change(2, "widgets.panel(bge)", "x = 1"), "no live panel"),
    (contract.ending, change(20, "\n- e", ""), "4 items"),
    (contract.ending, change(20, "## 中文小结", "## 小结"), "should end"),
    (contract.ending, change(20, "一行代表一句话，长度为一。", "小结。"), "characters"),
]  # fmt: skip


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guesses of a room that no page has."""
    whys = {"told": "Because of the rows.", "stale": "It was 77 %.", "right": "It was 90 %."}
    monkeypatch.setattr(contract, "guesses_of", lambda room: {name: {"why": why} for name, why in whys.items()})


@pytest.mark.parametrize("rule", contract.RULES, ids=lambda rule: rule.__name__)
def test_a_good_page_breaks_no_rule(rule, table: None) -> None:
    """Else the next test would prove nothing."""
    assert list(rule(good_page())) == []


@pytest.mark.parametrize(("rule", "spoil", "told"), BREAKS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_broken_rule_is_told(rule, spoil, told: str, table: None) -> None:
    """One thing wrong with the good page, and the rule about it says so."""
    page = good_page()
    spoil(page)
    with pytest.raises(AssertionError, match=told):
        assert not (problems := list(rule(page))), "\n".join(problems)


def test_a_guess_that_keeps_its_answer(table: None) -> None:
    """It counts, and breaks no rule."""
    page = good_page()
    page.cells[2].source += '\nguess(**W["right"])'
    assert not [*contract.answers(page), *contract.guessing(page)]
    assert contract.page_guesses(page) == {"right": {"why": "It was 90 %."}}


def test_counts() -> None:
    """Words without code, tags, addresses and Chinese; seconds to minutes."""
    markdown, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    text = "Two **words** <b>more</b> [link here](https://a.b/c d) 三\n\n```python\nno = 1\n```"
    text += "\n\n这是中文段落 with English\n\n~~~\nno\n~~~"
    page = nbformat.v4.new_notebook(cells=[markdown(text), code("x"), code("x"), markdown("word " * 195)])
    assert contract.english_words(contract.prose(page)) == 200
    assert contract.minutes(page) == 2  # 1 + 0.5, rounded to even
    assert contract.missing("1,234 texts, −0.5 and 5 % of bge-m3", "1,234 -0.5 5%") == []
    assert contract.missing("0.9", "0.91 10.9 0.9.1") == ["0.9"]
