"""The pages themselves: what nbval does not look at. Outputs are compared by nbval, cell by cell."""

from __future__ import annotations

import ast
import configparser
import re
import statistics
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "notebooks").glob("*.ipynb"))
MARKERS = {"# NBVAL_IGNORE_OUTPUT", "# NBVAL_SKIP", "# NBVAL_CHECK_OUTPUT", "# NBVAL_RAISES_EXCEPTION"}


@pytest.fixture(params=PAGES, ids=lambda path: path.stem)
def page(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    """One notebook, parsed."""
    return nbformat.read(request.param, as_version=4)


def code(page: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Its code cells."""
    return [cell for cell in page.cells if cell.cell_type == "code"]


def lines(cell: nbformat.NotebookNode) -> list[str]:
    """Lines of code: not blank, not a comment alone."""
    return [line for line in cell.source.splitlines() if line.strip() and not line.strip().startswith("#")]


def markdown(page: nbformat.NotebookNode) -> str:
    """All prose of a page."""
    return "\n\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")


def texts(page: nbformat.NotebookNode) -> str:
    """Everything a stored output says in words."""
    said = []
    for cell in code(page):
        for output in cell.outputs:
            said.append(output.get("text", ""))
            said += [value for kind, value in output.get("data", {}).items() if kind.startswith("text/")]
    return "\n".join(said)


def test_there_are_pages() -> None:
    """An empty folder would pass every test below."""
    assert PAGES and PAGES[0].name == "00_from_text_to_vector.ipynb"


def test_valid_and_executed_in_order_from_a_fresh_kernel(page: nbformat.NotebookNode) -> None:
    """nbval never compares a cell without a count, so every cell must have its own, 1 to n."""
    nbformat.validate(page)
    assert all(cell.source.strip() for cell in page.cells), "an empty cell"
    assert [cell.execution_count for cell in code(page)] == list(range(1, len(code(page)) + 1))


def test_outputs_hold_no_error_warning_or_machine_path(page: nbformat.NotebookNode) -> None:
    """What a reader must never see."""
    outputs = [output for cell in code(page) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output.text for output in outputs if output.get("name") == "stderr"]
    said = texts(page) + markdown(page) + "\n".join(cell.source for cell in code(page))
    assert not re.search(r"Warning:|Traceback|/(?:home|root|tmp|Users)/|[A-Z]:\\\\?Users|site-packages", said)


def test_images_have_alternative_text_and_exist(page: nbformat.NotebookNode) -> None:
    """Markdown images: words in the brackets and a file that is there. Figures: the words `show` stores."""
    for alt, target in re.findall(r"!\[(.*?)\]\((.*?)\)", markdown(page)):
        assert len(alt.split()) >= 4, f"{target}: {alt!r} says too little"
        assert target.startswith("http") or (ROOT / "notebooks" / target).exists(), target
    assert not re.search(r"<img(?![^>]*\balt=\"[^\"]+\")", markdown(page))
    for cell in code(page):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                assert len(output.metadata["image/png"]["alt"].split()) >= 4
                assert output.data["text/plain"] == output.metadata["image/png"]["alt"]


def test_markers_are_ones_nbval_reads(page: nbformat.NotebookNode) -> None:
    """A marker counts only as a whole comment line; magics and shell commands pass whatever they do."""
    for cell in code(page):
        for line in cell.source.splitlines():
            if "NBVAL" in line:
                assert line in MARKERS, f"nbval does not read {line!r}"
            assert not line.lstrip().startswith(("!", "%")), f"no magics: {line!r}"
        assert not re.search(r"NBVAL_(SKIP|RAISES)", cell.source), "run every cell; catch what is expected"


def test_cells_are_small(page: nbformat.NotebookNode) -> None:
    """One idea a cell: none over 25 lines, half of them at most 6."""
    sizes = [len(lines(cell)) for cell in code(page)]
    assert max(sizes) <= 25
    assert statistics.median(sizes) <= 6


def test_prose_leads(page: nbformat.NotebookNode) -> None:
    """A title first, one `#` heading, prose before code, and as many folds closed as opened."""
    assert page.cells[0].cell_type == "markdown" and page.cells[0].source.startswith("# ")
    prose = markdown(page)
    fenced = re.sub(r"```.*?```", "", prose, flags=re.DOTALL)
    assert len(re.findall(r"^# ", fenced, flags=re.MULTILINE)) == 1
    assert prose.count("<details>") == prose.count("</details>") >= 3
    assert "@@" not in prose
    runs = "".join("c" if cell.cell_type == "code" else "m" for cell in page.cells)
    assert "c" * 6 not in runs, "six code cells in a row without a word"


def test_every_name_is_used(page: nbformat.NotebookNode) -> None:
    """A name imported on a page and never used again is a leftover."""
    source = "\n".join(cell.source for cell in code(page))
    tree = ast.parse(source)
    imported = {
        a.asname or a.name.split(".")[0]
        for n in ast.walk(tree)
        if isinstance(n, (ast.Import, ast.ImportFrom))
        for a in n.names
    }
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert imported <= used, imported - used


# A clock as bad as a busy machine's: between two looks pass a microsecond to ten seconds, at random.
BAD_CLOCK = """import random
import time

draw, now = random.Random(1), [0.0]


def tick():
    now[0] += 10 ** draw.uniform(-6, 1)
    return now[0]


time.perf_counter = tick
"""


TIMING = [path for path in PAGES if re.search(r"perf_counter|measure\.seconds", path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("path", TIMING, ids=lambda path: path.stem)
def test_no_check_depends_on_the_clock(path: Path) -> None:
    """A busy machine makes times meaningless; a page that measures them must run to its end all the same."""
    page = nbformat.read(path, as_version=4)
    page.cells.insert(0, nbformat.v4.new_code_cell(BAD_CLOCK))
    NotebookClient(page, timeout=300, resources={"metadata": {"path": str(path.parent)}}).execute()


def test_size_is_within_reason(request: pytest.FixtureRequest) -> None:
    """Outputs of a page under 1.5 MB."""
    for path in PAGES:
        assert path.stat().st_size < 1_500_000, path.name


def test_links_between_pages_and_files_hold(page: nbformat.NotebookNode) -> None:
    """A relative link leads to a file of the repository."""
    for target in re.findall(r"\]\((?!http|#)([^)#]+)", markdown(page)):
        assert (ROOT / "notebooks" / target).exists(), target


def test_sanitizer_rules_are_whole() -> None:
    """A `replace:` without text would drop its rule silently; rules hide addresses and timings only."""
    rules = configparser.RawConfigParser()
    rules.read(ROOT / "tests" / "sanitize.cfg", encoding="utf-8")
    assert set(rules.sections()) == {"addresses", "seconds", "why"}
    for name in rules.sections():
        assert rules.get(name, "replace").strip()
        assert not re.search(rules.get(name, "regex"), "cosine 0.93, id 171815, (3, 15, 256)")
    assert re.sub(rules.get("addresses", "regex"), "A", "<object at 0x7f3a2b1c>") == "<object at A>"
