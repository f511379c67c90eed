"""Every page on weights of one's own, as sentence-transformers saves them: no cell fails, and nothing is claimed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sentence_transformers import SentenceTransformer

from helpers.checkpoint.find import MINI

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """Runs this Python with ``BGE_M3`` set to mini-m3 as somebody saved it again: without its table of bge-m3's ids."""
    folder = tmp_path_factory.mktemp("fine tuned")
    SentenceTransformer(str(MINI), device="cpu").save_pretrained(str(folder))
    path = os.pathsep.join([str(ROOT), str(ROOT / "notebooks")])
    env = os.environ | {"BGE_M3": str(folder), "PYTHONIOENCODING": "utf-8", "PYTHONPATH": path}

    def run(*line):
        return subprocess.run([sys.executable, *line], cwd=ROOT, env=env, capture_output=True, encoding="utf-8")

    return run


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_runs(reader, page):
    """Pages 00 and 01 stopped with a bare AssertionError."""
    done = reader("tests/notebooks/run_page.py", str(page))
    if page.stem == "08_three_outputs":  # saved again, the folder lacks the layers of the two other outputs
        assert done.returncode and "sparse_linear.pt is missing" in done.stdout + done.stderr
        return
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.slow
def test_verify_claims_nothing(reader):
    """Stages are right, the numbers are not bge-m3's; what could not be computed is not called wrong."""
    done = reader("-m", "helpers", "verify")
    assert done.returncode == 1 and "This is not the real bge-m3" in done.stdout
    assert "ok    stages by hand" in done.stdout and "  -   lexical weights" in done.stdout
