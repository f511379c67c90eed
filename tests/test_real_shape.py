"""Everything that can be proven of bge-m3 without its values, on random weights of its exact shape and layout.

    pytest -m real_shape

wants 3 GB of disk (built once, ``python tests/real_shape.py --remove`` gives them back), 16 GB of memory and,
on two cores, half an hour. What a page took is written to ``build/real_shape_pages.json`` for its card.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import real_shape
import torch
from conftest import TEXTS
from test_parity import SABOTAGE

from helpers import BgeM3, TruncationWarning, find, ladder
from helpers.checkpoint import verify
from helpers.checkpoint.load import load_linear
from helpers.checkpoint.recorded import PINNED
from helpers.lexical import lexical_weights
from helpers.parity import tolerance

pytestmark = pytest.mark.real_shape

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "notebooks").glob("*.ipynb"))
SHORT = [text for text in TEXTS if len(text) < 200]
LONGEST = "大型语言模型 reads a very long text. " * 1000  # cut to 8,192 tokens by every implementation
ATOL = 1e-4
LAYERS = int(os.environ.get("REAL_SHAPE_LAYERS", "6"))  # of the pages' model; 24 is the whole, four times as long


@pytest.fixture(scope="module")
def folder():
    """The generated checkpoint."""
    return real_shape.build()


@pytest.fixture(scope="module")
def bge(folder):
    """The generated checkpoint, loaded."""
    return BgeM3.from_checkpoint(folder, device="cpu")


@pytest.fixture(scope="module")
def ours(bge):
    """Vectors of the awkward texts, and of the longest one."""
    with pytest.warns(TruncationWarning, match="1 of 1 texts cut to max_length=8192"):
        longest = bge.encode([LONGEST])
    return np.concatenate([bge.encode(SHORT, progress=False), longest])


def test_layout_is_the_hubs(folder):
    """Another order, type or set of tensors would be another size; torch adds some 400 bytes since 2022."""
    for name, (size, _) in PINNED.items():
        if name.endswith((".bin", ".pt")):
            assert 0 <= (folder / name).stat().st_size - size < 512, name
        elif name != "sentencepiece.bpe.model":  # not needed where tokenizer.json is
            assert (folder / name).stat().st_size == size, name


def test_parameters_and_limit(bge, reference):
    """568 million with the pooler, which no vector passes through; 8,192 tokens."""
    hidden = bge.model.config.hidden_size
    count = sum(parameter.numel() for parameter in bge.model.parameters())
    assert count + hidden * hidden + hidden == reference["config"]["parameters"]
    assert bge.max_length == reference["config"]["max_seq_length"]


def test_random_weights_are_not_taken_for_bge_m3(folder, bge):
    """The shape is right, so ``find`` cannot tell; loaded, nothing recorded may be claimed of it."""
    assert find(folder).kind == "bge-m3"
    assert bge.checkpoint.kind == "other"


def test_recorded_ids(bge, reference):
    """The recorded rows of ids and the mask, by hand, from the same folder as the weights."""
    recorded = reference["walkthrough"]
    walk = bge.walk(recorded["sentences"])
    assert walk.ids.tolist() == recorded["input_ids"]
    assert walk.mask.tolist() == recorded["attention_mask"]
    assert list(walk.hidden_states[-1].shape) == recorded["last_hidden_state_shape"]


def test_walk_is_transformers_at_every_stage(bge):
    """All 24 layers and 16 heads, on awkward texts, padding among them."""
    rungs = ladder(bge, SHORT)
    assert len(rungs) == 3 + 2 * 24 + 2
    assert {r.stage: r.error for r in rungs if not r.error < tolerance(bge.model, r.layers)} == {}


def test_walk_of_8192_tokens(bge):
    """The longest text by hand, every layer against the library; its maps would take 100 GB and are dropped."""
    with pytest.warns(TruncationWarning):
        walk = bge.walk([LONGEST], attentions=False)
    assert walk.ids.shape == (1, 8192)
    rungs = ladder(bge, walk.texts, walk)
    assert len(rungs) == 3 + 24 + 2
    assert {rung.stage: rung.error for rung in rungs if not rung.error < ATOL} == {}


def test_encode_is_sentence_transformers(folder, ours):
    """The way most people run it, from the same folder, 8,192 tokens included."""
    from sentence_transformers import SentenceTransformer

    library = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    assert library.max_seq_length == 8192
    # one batch would pad every text to 8,192 tokens
    theirs = [library.encode(texts, show_progress_bar=False) for texts in (SHORT, [LONGEST])]
    np.testing.assert_allclose(ours, np.concatenate(theirs), 0, ATOL)


def test_encode_is_flagembedding(folder, bge, ours):
    """The reference implementation of the model's authors, dense with 8,192 tokens included, and lexical."""
    from FlagEmbedding import BGEM3FlagModel

    theirs = BGEM3FlagModel(str(folder), use_fp16=False, devices="cpu", normalize_embeddings=True)
    options = {"max_length": 8192, "return_dense": True, "return_sparse": True}
    out, longest = theirs.encode(SHORT, **options), theirs.encode([LONGEST], **options)
    np.testing.assert_allclose(ours, np.concatenate([out["dense_vecs"], longest["dense_vecs"]]), 0, ATOL)
    linear = load_linear(folder, "sparse_linear.pt", 1, 1024)
    for text, expected in zip(SHORT, out["lexical_weights"], strict=True):
        walk = bge.walk([text])
        (found,) = lexical_weights(walk.hidden_states[-1], walk.ids, *linear)
        assert {str(number) for number in found} == set(expected), text
        assert all(abs(found[int(number)] - weight) < ATOL for number, weight in expected.items()), text


@pytest.fixture(scope="module")
def quantities(reference):
    """What was recorded of the outputs, in the order in which it is checked."""
    checks = [check for figure in reference["figures"] for check in figure.get("checks", ())]
    return list(dict.fromkeys(check["quantity"] for check in checks))


def test_verify_refuses_it(folder, quantities):
    """The command a person runs: exit code 1, all that can be right is right, the first wrong stage is named."""
    command = [sys.executable, "-m", "helpers", "verify", "--checkpoint", str(folder)]
    env = os.environ | {"PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT, env=env, timeout=600)
    lines = done.stdout.splitlines()
    assert done.returncode == 1, done.stderr
    assert lines[-1].endswith("First wrong stage: vectors.")
    assert [line[6:25].strip() for line in lines if line.startswith("WRONG")] == quantities
    assert sum(line.startswith("ok") for line in lines) == 4


def test_real_weights_refuses_it(folder, quantities):
    """``BGE_M3=<folder> pytest -m real_weights`` passes what does not depend on the values, and fails the rest."""
    command = [sys.executable, "-m", "pytest", "-m", "real_weights", "-rfp", "-p", "no:cacheprovider", "tests"]
    env = os.environ | {"BGE_M3": str(folder), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT, env=env, timeout=600)
    assert done.returncode == 1, done.stdout
    passed, failed = (
        [line.split("::")[1] for line in done.stdout.splitlines() if line.startswith(word)]
        for word in ("PASSED", "FAILED")
    )
    assert "test_it_is_the_real_one" in " ".join(failed)
    assert all(any(line.startswith(f"test_stage[{quantity}]") for line in failed) for quantity in quantities)
    stages = [line for line in passed if line.startswith("test_stage")]
    assert [line.split("[")[1].split("]")[0] for line in stages] == [
        "configuration", "input ids", "attention mask", "stages by hand",
    ]  # fmt: skip
    figures = [line for line in failed if line.startswith("test_recorded_figure")]
    assert len(figures) > 45, "a text without tokens, or one compared loosely, may pass by chance"
    assert "this is the real bge-m3" not in done.stdout.splitlines()


@pytest.mark.parametrize("stage", [stage for stage in SABOTAGE if stage != "input ids"])
def test_verify_names_the_first_wrong_stage(bge, reference, monkeypatch, stage):
    """Stage by stage, at the real shape: what comes before is right, and this is the first that is not."""
    monkeypatch.setattr(*SABOTAGE[stage])
    found = next(finding for finding in verify.findings(bge, reference) if finding.right is False)
    assert found.stage == stage


def test_verify_names_wrong_ids_and_a_wrong_configuration(bge, reference, monkeypatch):
    """The two stages before all others."""
    piece = ("helpers.tokenization.piece_id", lambda piece, vocabulary: vocabulary.ids[piece.replace("。", ".")])
    monkeypatch.setattr(*piece)
    assert next(f.stage for f in verify.findings(bge, reference) if f.right is False) == "input ids"
    changed = reference | {"config": reference["config"] | {"num_hidden_layers": 12}}
    assert next(f.stage for f in verify.findings(bge, changed) if f.right is False) == "configuration"


def peak_of(process: subprocess.Popen, told: dict) -> None:
    """Keep in ``told`` the most memory that any one process below this one holds; mapped weights count."""
    while process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                told["peak_gb"] = max(told["peak_gb"], round(child.memory_info().rss / 1e9, 1))
        time.sleep(0.2)


@pytest.fixture(scope="module")
def own(folder, tmp_path_factory):
    """The checkpoint with its first layers only: of bge-m3's width, vocabulary and limit, and somebody's own."""
    return folder if LAYERS == 24 else real_shape.shallow(folder, LAYERS, tmp_path_factory.mktemp("own"))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_pages_run(own, page):
    """Run All at bge-m3's width: no cell fails, nothing is claimed of the weights; time and memory are noted."""
    told = {"seconds": 0.0, "peak_gb": 0.0}
    command = [sys.executable, str(Path(__file__).parent / "notebooks" / "run_page.py"), str(page)]
    env = os.environ | {"BGE_M3": str(own), "PYTHONIOENCODING": "utf-8"}
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", env=env)
    watch = threading.Thread(target=peak_of, args=(process, told), daemon=True)
    watch.start()
    try:
        out, _ = process.communicate(timeout=1800)
    finally:
        process.kill()
    watch.join()
    told["seconds"] = round(time.monotonic() - start)
    assert process.returncode == 0, out
    assert "other (your own): " in out
    notes = ROOT / "build" / "real_shape_pages.json"
    notes.parent.mkdir(exist_ok=True)
    pages = json.loads(notes.read_text(encoding="utf-8")) if notes.exists() else {}
    notes.write_text(json.dumps(pages | {page.stem: told}, indent=1), encoding="utf-8")
