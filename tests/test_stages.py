"""The stages can be lifted out: what their files import, and two of them run alone in an empty folder."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HELPERS = Path(__file__).parents[1] / "helpers"
STAGES = (
    "tokenization", "unigram", "embedding_layers", "encoder", "pooling", "normalization", "lexical", "multi_vector",
)  # fmt: skip


def imports(tree):
    """Top-level names of the modules that a file imports when it runs; ``.`` before those of its own folder."""
    only_for_types = {
        part for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for part in node.body
    }  # fmt: skip
    for node in ast.walk(tree):
        if node not in only_for_types:
            if isinstance(node, ast.Import):
                yield from (name.name.split(".")[0] for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield "." * node.level + (node.module or "").split(".")[0]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_torch_and_its_neighbours_only(stage):
    """No part of the package that finds, loads or draws, and no library but torch."""
    found = set(imports(ast.parse((HELPERS / f"{stage}.py").read_text(encoding="utf-8"))))
    assert found <= {*sys.stdlib_module_names, "torch", *(f".{name}" for name in STAGES)}


def test_the_walk_sees_every_kind_of_import():
    """Also late ones, and those under other conditions."""
    code = (
        "import a.b, c\nfrom d.e import f\nfrom .g import h\ndef i():\n    import j\nif TYPE_CHECKING:\n    import k\n"
    )
    assert set(imports(ast.parse(code + "if x:\n    from l import m\n"))) == {"a", "c", "d", ".g", "j", "l"}


SCRIPT = """
import sys
import torch
from transformers import XLMRobertaConfig, XLMRobertaModel
from lifted.embedding_layers import embed
from lifted.encoder import encode_stack

torch.manual_seed(0)
model = XLMRobertaModel(
    XLMRobertaConfig(vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
).eval()
ids = torch.tensor([[0, 7, 8, 9, 2], [0, 7, 2, 1, 1]])
mask = (ids != 1).long()
with torch.inference_mode():
    ours = encode_stack(embed(ids, model).output, mask, model).hidden_states[-1]
    theirs = model(input_ids=ids, attention_mask=mask).last_hidden_state
torch.testing.assert_close(ours[mask.bool()], theirs[mask.bool()], atol=1e-5, rtol=0)
assert "helpers" not in sys.modules
"""


def test_two_stages_run_alone(tmp_path):
    """The two files that the README says to copy, in somebody's own folder, compute what the library computes."""
    readme = (HELPERS.parent / "README.md").read_text(encoding="utf-8")
    names = re.search(r"Copy `(\w+\.py)` and `(\w+\.py)`", readme).groups()
    assert set(names) == {"encoder.py", "embedding_layers.py"}
    (tmp_path / "lifted").mkdir()
    for name in names:
        shutil.copy(HELPERS / name, tmp_path / "lifted")
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=300
    )
    assert done.returncode == 0, done.stderr
