"""What every page keeps: each rule is a function that lists what a page breaks, in words."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from functools import cache

import nbformat

from classroom.words import words

CHINESE = re.compile(r"[\u3400-\u9fff]")
# 0.87, 17, 8,192, 5 %: not the digits of bge-m3, M3 or arXiv's 1706.03762v5
NUMBER = re.compile(r"(?<![\w.,])(?<!\w-)[+-]?\d+(?:,\d{3})*(?:\.\d+)?(?:%|e-?\d+)?(?!\w|[.,]\d)")
COUNT = re.compile(r"\b\d[\d,]* of \d[\d,]*\b")
HEAD = ["use_style()", 'bge = BgeM3.from_checkpoint(device="cpu")', "print(bge)"]
ENDING = ["## What you have now", "## 中文小结"]
ABOUT_THE_CHECKPOINT = {"kind", "trained", "checkpoint", "hidden_size", "num_hidden_layers"}
SHORT = {"# 00": 20, "# 10": 25}  # minutes at most of pages that must be shorter

Page = nbformat.NotebookNode


def code_cells(page: Page) -> list[Page]:
    """The code cells of a page."""
    return [cell for cell in page.cells if cell.cell_type == "code"]


def prose(page: Page) -> str:
    """All markdown of a page but its fenced code and what a reader never sees: tags, addresses of links."""
    source = "\n\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
    source = re.sub(r"^(```|~~~).*?^\1", "", source, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"<[/a-z!][^>\n]*>|(?<=\])\([^)\n]*\)", "", source)


def english_words(text: str) -> int:
    """Words of a text, without its Chinese paragraphs."""
    paragraphs = re.split(r"\n\s*\n", text)
    counts = [len([word for word in paragraph.split() if re.search(r"[A-Za-z0-9]", word)]) for paragraph in paragraphs]
    return sum(n for n, p in zip(counts, paragraphs, strict=True) if len(CHINESE.findall(p)) <= n)


def figures(page: Page) -> int:
    """Pictures that a reader looks at."""
    drawn = sum("image/png" in output.get("data", {}) for cell in code_cells(page) for output in cell.outputs)
    return drawn + sum(cell.source.count("![") for cell in page.cells if cell.cell_type == "markdown")


def minutes(page: Page) -> int:
    """How long a page takes: 200 words a minute, 15 seconds a code cell, 20 a figure."""
    return round(english_words(prose(page)) / 200 + len(code_cells(page)) / 4 + figures(page) / 3)


def lines(cell: Page) -> list[str]:
    """Lines of code: not blank, not a comment alone."""
    return [line for line in cell.source.splitlines() if line.strip() and not line.strip().startswith("#")]


def folded(cell: Page) -> bool:
    """Whether a cell is stored with its outputs hidden."""
    return bool(cell.metadata.get("jupyter", {}).get("outputs_hidden"))


def said(cell: Page) -> str:
    """What the stored outputs of a cell say in words; alternative texts and widgets say nothing."""
    texts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        texts.append(output.get("text", ""))
        if not any(kind.startswith("image/") or "widget" in kind for kind in data):
            texts += [re.sub(r"<[^>]+>", " ", data[kind]) for kind in data if kind.startswith("text/")]
    return plain("\n".join(texts))


def plain(text: str) -> str:
    """A text with one kind of minus and no space before a percent sign, so that numbers can be compared."""
    return re.sub(r"(?<=\d)[ \u00a0\u202f]+%", "%", text.replace("−", "-"))


def first_line(cell: Page) -> str:
    """The line that JupyterLab shows of a folded output: of a figure, that is its alternative text."""
    for output in cell.get("outputs", [])[:1]:
        data = output.get("data", {})
        text = output.get("text") or next(
            (data[k] for k in ("text/html", "text/markdown", "text/plain") if k in data), ""
        )
        return next((line for line in text.split("\n") if line), "")
    return ""


def calls(cell: Page) -> Iterator[ast.Call]:
    """The calls in a code cell."""
    return (node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call))


def name_of(call: ast.Call) -> str:
    """``guess`` of ``guess(…)``, ``panel`` of ``widgets.panel(…)``."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def is_guess(call: ast.Call) -> bool:
    """Whether a call is one of ``guess``."""
    return name_of(call) == "guess"


def guesses(page: Page) -> list[ast.Call]:
    """The calls of ``guess``."""
    return [call for cell in code_cells(page) for call in filter(is_guess, calls(cell))]


def section(page: Page, heading: str) -> str:
    """The markdown between a heading of second rank and the next one."""
    text = "\n\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
    return re.split(r"^## ", text.partition(f"{heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0].strip()


def missing(text: str, seen: str) -> list[str]:
    """The numbers and counts ("17 of 19") of a text that another one has not, or has only written otherwise."""
    text = plain(re.sub(r"<[/a-z][^>\n]*>|(?<=\])\([^)\n]*\)|[*_`]", "", text))
    numbers = {number.lstrip("+") for number in NUMBER.findall(plain(seen))}
    lacking = [number for number in NUMBER.findall(text) if number.lstrip("+") not in numbers]
    return lacking + [count for count in COUNT.findall(text) if not re.search(rf"(?<![\d.,]){count}\b", plain(seen))]


def length(page: Page) -> Iterator[str]:
    """At most 2,300 words and 45 code cells; the time on the card is the one counted, 30 minutes at most."""
    count, cells, time = english_words(prose(page)), len(code_cells(page)), minutes(page)
    if count > 2300:
        yield f"{count} words, 2,300 at most"
    if cells > 45:
        yield f"{cells} code cells, 45 at most"
    most = SHORT.get(page.cells[0].source[:4], 30)
    if time > most:
        yield f"{time} minutes, {most} at most"
    stated = re.search(r"(\d+)\W*minutes", page.cells[0].source)
    if not stated or int(stated[1]) != time:
        yield f"the card should say {time} minutes ({count} words, {cells} cells, {figures(page)} figures)"


def cell_sizes(page: Page) -> Iterator[str]:
    """No code cell over 25 lines, half of them at most 6."""
    sizes = {cell.id: len(lines(cell)) for cell in code_cells(page)}
    yield from (f"cell {cell}: {size} lines, 25 at most" for cell, size in sizes.items() if size > 25)
    if statistics.median(sizes.values()) > 6:
        yield f"the median cell has {statistics.median(sizes.values())} lines, 6 at most"


def guessing(page: Page) -> Iterator[str]:
    """Five to seven guesses; a written one is answered by a folded cell, and nothing else is folded."""
    asked = 0
    waiting = False
    for cell in page.cells:
        if cell.cell_type == "markdown":
            if waiting:
                yield f"cell {cell.id}: the guess before it has no folded cell to answer it"
            count = cell.source.count("**Guess:**")
            asked, waiting = asked + count, count > 0
            if count > 1:
                yield f"cell {cell.id}: {count} guesses at once"
        elif folded(cell):
            if not waiting:
                yield f"cell {cell.id}: folded, but no **Guess:** stands right before it"
            waiting = False
        elif waiting:
            yield f"cell {cell.id}: answers a guess and is not folded"
            waiting = False
    total = asked + len(guesses(page))
    if not 5 <= total <= 7:
        yield f"{total} guesses, 5 to 7 wanted"


@cache
def guesses_of(room: str) -> dict[str, dict]:
    """The guesses in a room's table of words."""
    return {key: value for key, value in words(room).items() if isinstance(value, dict) and "why" in value}


def page_guesses(page: Page) -> dict[str, dict]:
    """The guesses that a page takes from its room's table, by name."""
    written = [re.fullmatch(r"guess\(\*\*W\['(\w+)'\]\)", ast.unparse(call)) for call in guesses(page)]
    room = re.search(r"^W = words\(\"(\w+)\"\)", "\n".join(cell.source for cell in code_cells(page)), re.MULTILINE)
    names = {match[1] for match in written if match and room}
    return {name: one for name, one in (guesses_of(room[1]) if names else {}).items() if name in names}


def answers(page: Page) -> Iterator[str]:
    """No answer can be read on the page as stored: not in a folded cell's first line, nor in code, nor in a widget."""
    for cell in filter(folded, code_cells(page)):
        shown = first_line(cell)
        if not shown or NUMBER.search(shown) or "image/png" in cell.outputs[0].get("data", {}):
            yield f"cell {cell.id}: folded, and JupyterLab still shows {shown!r}; print a heading first"
    if "widgets" in page.metadata:
        yield "the state of the widgets is stored"
    table = page_guesses(page)
    if len(table) != len(guesses(page)):
        yield 'a guess with its answer in the code: write guess(**W["name"]), see classroom.guess'
    stored = "\n".join(said(cell) for cell in code_cells(page))
    for name, one in table.items():
        if one["why"] in str(page.cells):
            yield f"the answer of {name!r} is stored with the page"
        if lacking := missing(one["why"], stored):
            yield f"{name!r}: {', '.join(lacking)} in its answer, not in an output of the page"


def found(page: Page) -> Iterator[str]:
    """Three findings or more, and every number in one stands in an output above it, written the same way."""
    above, count = "", 0
    for cell in page.cells:
        if cell.cell_type == "code":
            above += "\n" + said(cell)
            continue
        for finding in re.findall(r"\*\*Found:\*\*(.*?)(?:\n\s*\n|\Z)", cell.source, flags=re.DOTALL):
            count += 1
            if lacking := missing(finding, above):
                yield f"cell {cell.id}: {', '.join(lacking)} in Found, not in an output above"
    if count < 3:
        yield f"{count} sentences **Found:**, 3 at least"


def machinery(page: Page) -> Iterator[str]:
    """No markers, no condition on the checkpoint, at most one assert a section."""
    heading, asserts = "the top", 0
    for cell in page.cells:
        if cell.cell_type == "markdown":
            if new := re.findall(r"^## (.*)", cell.source, flags=re.MULTILINE):
                heading, asserts = new[-1], 0
            continue
        for marker in ("NBVAL", "# fmt", "noqa", "type: ignore", "strict=True"):
            if marker in cell.source:
                yield f"cell {cell.id}: {marker}"
        for node in ast.walk(ast.parse(cell.source)):
            asserts += isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and name_of(node) == "assert_close")
            if isinstance(node, (ast.If, ast.IfExp, ast.While, ast.Assert)):
                names = {getattr(part, "attr", getattr(part, "id", "")) for part in ast.walk(node.test)}
                if names & ABOUT_THE_CHECKPOINT:
                    yield f"cell {cell.id}: a condition on the checkpoint, {ast.unparse(node.test)}"
        if asserts > 1:
            yield f"cell {cell.id}: {asserts} asserts in section {heading!r}, one at most"


def pictures(page: Page) -> Iterator[str]:
    """Every figure has alternative text, and the markdown after it opens with a caption, in italics."""
    for index, cell in enumerate(page.cells):
        if cell.cell_type == "markdown":
            texts = [alt for alt, _ in re.findall(r"!\[(.*?)\]\((.*?)\)", cell.source)]
            yield from (f"cell {cell.id}: ![{alt}] says too little" for alt in texts if len(alt.split()) < 4)
            continue
        drawn = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        for output in drawn:
            alt = output.metadata.get("image/png", {}).get("alt", "")
            if len(alt.split()) < 4:
                yield f"cell {cell.id}: a figure without alternative text"
        after = page.cells[index + 1] if index + 1 < len(page.cells) else {"cell_type": "none"}
        if drawn and not (
            after["cell_type"] == "markdown" and re.match(r"\*[^*\s][^*]+\*\s*(?:\n|$)", after["source"])
        ):
            yield f"cell {cell.id}: no caption (*…*) opens the markdown after its figure"


def opening(page: Page) -> Iterator[str]:
    """Title, question in bold, card, 中文导读; then the first code cell of every page, and early a live panel."""
    first, code = page.cells[0], code_cells(page)
    if first.cell_type != "markdown" or not re.match(r"# \d\d · \S", first.source):
        yield "the first cell should open with # NN · Title"
    if not re.search(r"^\*\*[^*]+\?\*\*", first.source, flags=re.MULTILINE):
        yield "the page's question should stand in bold in its first cell"
    if "中文导读" not in first.source or "|---" not in first.source:
        yield "the first cell lacks the card (a table) or the 中文导读"
    if lines(code[0])[-3:] != HEAD or not code[0].source.startswith("import torch\n"):
        yield f"the first code cell should import torch first and end in {HEAD}"
    places = [n for n, cell in enumerate(page.cells) if cell.cell_type == "code" and "panel(" in cell.source]
    if not places or places[0] > len(page.cells) / 3:
        yield "no live panel in the first third"


def ending(page: Page) -> Iterator[str]:
    """What you have now in five lines, then 中文小结, at least comparably long."""
    headings = re.findall(
        r"^## .*", "\n\n".join(c.source for c in page.cells if c.cell_type == "markdown"), re.MULTILINE
    )
    if headings[-2:] != ENDING:
        yield f"the page should end in {ENDING}, not in {headings[-2:]}"
        return
    english, chinese = (section(page, heading) for heading in ENDING)
    items = re.findall(r"^(?:[-*]|\d\.) ", english, flags=re.MULTILINE)
    if len(items) != 5:
        yield f"What you have now has {len(items)} items, 5 wanted"
    count, characters = english_words(english), len(CHINESE.findall(chinese))
    if characters < 1.2 * count:
        yield f"中文小结 has {characters} characters for {count} English words, {1.2 * count:.0f} at least"


RULES = (length, cell_sizes, guessing, answers, found, machinery, pictures, opening, ending)
