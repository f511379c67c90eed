"""Every page in a real JupyterLab in headless Chromium: Run All, no error, every control moves its picture.

No answer can be seen before its cell was run, or before a choice was pressed.

Screenshots are kept under ``build/screenshots`` for a person to look at. Skipped only where no Chromium
is installed (Debian: ``apt-get install chromium``; elsewhere any Chrome; ``CHROMIUM`` names another path).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import contract
import nbformat
import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="pip install -r tests/requirements.txt")

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
SCREENSHOTS = ROOT / "build" / "screenshots"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
FLAGS_PRINTED = re.findall(r"--LabApp\S+", (ROOT / "README.md").read_text(encoding="utf-8").partition("```bat")[0])
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed; apt-get install chromium")

PANELS = ".jp-OutputArea-output.lm-Panel:has(> .jupyter-widgets):visible"
CONTROLS = ".noUi-handle, select, input[type=text], textarea, input[type=checkbox], .widget-toggle-buttons button"
# What a panel shows: pictures, tables, words; the controls themselves are left out, readouts included.
SHOWN = """panel => [...panel.querySelectorAll('img, .widget-html-content, .jp-RenderedHTML, .jp-RenderedText')]
    .filter(e => !e.closest('.widget-slider')).map(e => e.src || e.innerHTML).join('|')"""

# Where a run stands: the kernel, and the first lines of the cells that have no number yet.
STATE = """() => { const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel;
    const cells = [...document.querySelectorAll('.jp-CodeCell')];
    const open = cells.filter(e => !/\\[\\d+\\]/.test(e.querySelector('.jp-InputPrompt').textContent));
    return {kernel: kernel?.status, connection: kernel?.connectionStatus,
        unfinished: open.map(e => e.querySelector('.cm-line')?.textContent)}; }"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A JupyterLab over a copy of the notebooks, its folder with a space and Chinese characters in it."""
    folder = tmp_path_factory.mktemp("浏览器 test")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    settings = folder / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    # draw every cell, not only those in view, so that all can be looked at
    (settings / "tracker.jupyterlab-settings").write_text(json.dumps({"windowingMode": "none"}), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
        "--IdentityProvider.token=", f"--ServerApp.root_dir={folder / 'notebooks'}", "--expose-app-in-browser",
        f"--LabApp.user_settings_dir={folder / 'settings'}", f"--LabApp.workspaces_dir={folder / 'workspaces'}",
        *(flag for flag in FLAGS_PRINTED if "default_url" not in flag),
    ]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "2"}
    with (folder / "lab.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=folder)
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=1)
                break
            except OSError:
                assert server.poll() is None, (folder / "lab.log").read_text(encoding="utf-8", errors="replace")
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    """Headless Chromium."""
    with playwright.sync_playwright() as play:
        started = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


def open_page(page: playwright.Page, lab: str, name: str) -> None:
    """Open a notebook as it is stored, and wait for its kernel."""
    page.goto(f"{lab}/lab/workspaces/{Path(name).stem}/tree/{name}", timeout=90_000)  # a busy machine is slow
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=90_000)
    page.wait_for_function("() => window.jupyterapp && window.jupyterapp.shell.currentWidget", timeout=90_000)
    page.evaluate("async () => { await window.jupyterapp.shell.currentWidget.sessionContext.ready; }")


def run_all(page: playwright.Page) -> None:
    """Run every cell, wait until the last is done or one has failed."""
    page.evaluate(
        "() => { window.jupyterapp.commands.execute('notebook:run-all-cells').finally(() => { window.ran = true; }); }"
    )
    try:
        page.wait_for_function("() => window.ran", timeout=400_000)
    except playwright.TimeoutError:
        page.screenshot(path=SCREENSHOTS / f"{Path(page.url).stem}_hung.png")
        raise AssertionError(f"Run All did not end: {page.evaluate(STATE)}") from None


def complaints(page: playwright.Page) -> str:
    """The errors and warnings on the page, as a person reads them there."""
    kinds = [f'[data-mime-type="application/vnd.jupyter.{kind}"]' for kind in ("error", "stderr")]
    return "\n".join(page.locator(", ".join(kinds)).all_inner_texts())


def move(control: playwright.Locator) -> None:
    """Move a control once, as a person would."""
    kind = control.evaluate("e => e.classList.contains('noUi-handle') ? 'slider' : (e.type || e.tagName).toLowerCase()")
    if kind == "slider":
        middle = "['aria-valuemin', 'aria-valuemax'].reduce((sum, name) => sum + e.getAttribute(name) / 2, 0)"
        high = control.evaluate(f"e => +e.getAttribute('aria-valuenow') > {middle}")
        control.focus()
        control.press("Home" if high else "End")
    elif kind in ("select-one", "select"):
        index = control.evaluate("e => e.selectedIndex === 0 ? 1 : 0")
        control.select_option(index=index)
    elif kind in ("text", "textarea"):
        control.fill("苹果 and a long sentence about programming in Python on a rainy day")
        control.press("Enter")
        control.blur()
    elif kind == "checkbox":
        control.click()
    else:
        control.locator("xpath=..").locator("button:not(.mod-active)").first.click()


def test_nothing_lies_over_the_first_page(lab: str, browser: playwright.Browser) -> None:
    """At its first start JupyterLab asks whether to fetch news, over the page; the README's command does not let it."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    try:
        open_page(page, lab, PAGES[0])
        page.wait_for_timeout(4000)  # the question comes a moment after the page
        assert page.locator(".Toastify__toast, .jp-Dialog").all_inner_texts() == []
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / "first_start.png")
        page.evaluate("async () => { await window.jupyterapp.shell.currentWidget.sessionContext.shutdown(); }")
    finally:
        page.close()


def answer_lines(cell: nbformat.NotebookNode) -> list[str]:
    """What a folded output prints below the line that JupyterLab shows all the same."""
    shown = contract.first_line(cell)
    printed = [line.strip() for output in cell.outputs for line in output.get("text", "").split("\n")]
    return [line for line in printed if line and line != shown.strip()]


def seen(cell: playwright.Locator) -> str:
    """The words of a cell's outputs that can be seen, one a line, as far as they are words and not pictures."""
    return "\n".join(cell.locator(".jp-Cell-outputWrapper").all_inner_texts())


@pytest.mark.parametrize("name", PAGES)
def test_page_as_a_reader_meets_it(name: str, lab: str, browser: playwright.Browser) -> None:
    """Stored: no answer to be seen. Run: no error or warning, folded outputs open. Pressed and moved: all answers."""
    stored = nbformat.read(ROOT / "notebooks" / name, as_version=4)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    try:
        open_page(page, lab, name)
        see_no_answers(page, stored)
        run_all(page)
        assert not complaints(page), complaints(page)
        assert page.evaluate(STATE)["unfinished"] == [], "cells without a number although nothing failed"
        assert page.locator(".jp-OutputArea-output").count() > 5
        page.screenshot(path=SCREENSHOTS / f"{Path(name).stem}.png")
        press_choices(page, stored)
        panels = page.locator(PANELS)
        for number in range(panels.count()):
            move_controls(page, panels.nth(number), f"{Path(name).stem}_panel{number}")
        assert page.locator(PANELS).locator(CONTROLS).count() >= 1, "every lesson has a live control"
        page.evaluate("async () => { await window.jupyterapp.shell.currentWidget.sessionContext.shutdown(); }")
    finally:
        page.close()


def see_no_answers(page: playwright.Page, stored: nbformat.NotebookNode) -> None:
    """The page as it is stored: folded outputs are shut, and nothing says what a guess asks for."""
    cells = contract.code_cells(stored)
    folded = [number for number, cell in enumerate(cells) if contract.folded(cell)]
    whys = [one["why"] for one in contract.page_guesses(stored).values()]
    shown = page.locator(".jp-CodeCell")
    assert shown.count() == len(cells) and (folded or whys)
    for number in folded:
        assert not shown.nth(number).locator(".jp-OutputArea-output:visible").count(), f"cell {number} is open"
        assert not [line for line in answer_lines(cells[number]) if line in seen(shown.nth(number))]
    assert not [why for why in whys if why in page.locator("body").inner_text()]
    if folded:
        shown.nth(folded[0]).scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / f"{Path(page.url).stem}_stored.png")


def press_choices(page: playwright.Page, stored: nbformat.NotebookNode) -> None:
    """The page after Run All: folded outputs are open; a choice pressed with a key shows its answer, not before."""
    cells = contract.code_cells(stored)
    whys = [one["why"] for one in contract.page_guesses(stored).values()]
    shown = page.locator(".jp-CodeCell")
    for number, cell in enumerate(cells):
        if contract.folded(cell):
            assert shown.nth(number).locator(".jp-OutputArea-output:visible").count(), f"cell {number} stays folded"
        if not any(map(contract.is_guess, contract.calls(cell))):
            continue
        buttons = shown.nth(number).locator("button.widget-button")
        buttons.first.wait_for(timeout=30_000)
        assert not [why for why in whys if why in seen(shown.nth(number))]
        buttons.first.focus()
        buttons.first.press("Enter")
        shown.nth(number).locator("[role=status]").first.wait_for(timeout=30_000)
        assert [why for why in whys if why in seen(shown.nth(number))]


def move_controls(page: playwright.Page, panel: playwright.Locator, name: str) -> None:
    """Each control of a panel moved once changes what the panel shows."""
    panel.scroll_into_view_if_needed()
    panel.screenshot(path=SCREENSHOTS / f"{name}.png")
    for index in range(panel.locator(CONTROLS).count()):
        control = panel.locator(CONTROLS).nth(index)
        if not control.is_visible() or control.is_disabled():
            continue
        before = panel.evaluate(SHOWN)
        move(control)
        for _ in range(100):
            if panel.evaluate(SHOWN) != before:
                break
            page.wait_for_timeout(200)
        else:
            raise AssertionError(f"{name}: control {index} moved, the picture did not")
    panel.screenshot(path=SCREENSHOTS / f"{name}_moved.png")
