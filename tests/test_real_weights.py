"""A user's own copy of bge-m3 against everything recorded of the real one.

    BGE_M3=<the folder> pytest -m real_weights

ends with "this is the real bge-m3 and your installation computes it right", or names the stage that is not.
``python -m helpers verify`` says the same without pytest. That both can fail: ``test_verify.py`` on every run,
``test_real_shape.py`` on random weights of the real shape.
"""

import os

import pytest
import torch

from helpers import BgeM3
from helpers.checkpoint import verify
from helpers.checkpoint.recorded import recorded_figures

pytestmark = pytest.mark.real_weights

STAGES = (
    "configuration", "input ids", "attention mask", "stages by hand", "hidden states", "vectors", "similarities",
    "lexical weights",
)  # fmt: skip


@pytest.fixture(scope="module")
def bge():
    """The copy that BGE_M3 named when pytest was started."""
    given = os.environ["BGE_M3_GIVEN"]
    if given.strip() in ("", "auto", "mini", "real"):
        pytest.fail("set BGE_M3 to the folder that holds bge-m3; 'python -m helpers where --checkpoint real' finds it")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BGE_M3", given)
        return BgeM3.from_checkpoint("real", device="cpu")


@pytest.fixture(scope="module")
def findings(bge):
    """What ``verify`` finds, by stage; of stages that differ from the library's the first."""
    return {finding.stage: finding for finding in reversed(list(verify.findings(bge, recorded_figures())))}


@pytest.mark.parametrize("stage", STAGES)
def test_stage(findings, stage):
    """One stage against the recorded figures."""
    assert stage in findings, f"computed by hand it differs from the library: {list(map(str, findings.values()))}"
    if findings[stage].right is None:
        pytest.skip(findings[stage].told)
    assert findings[stage].right, findings[stage].told


def test_encode_gives_the_recorded_numbers(bge, reference):
    """The fast way, too."""
    recorded = reference["walkthrough"]
    vectors = bge.encode(recorded["sentences"], progress=False)
    for row, head in recorded["embedding_head"].items():
        torch.testing.assert_close(vectors[int(row), : len(head)], torch.tensor(head), atol=1e-4, rtol=0)


def test_it_is_the_real_one(bge, findings, capsys):
    """The words a person waits for, only if all of it holds."""
    wrong = [finding.stage for finding in findings.values() if finding.right is False]
    assert (bge.checkpoint.kind, wrong) == ("bge-m3", [])
    with capsys.disabled():
        print("\nthis is the real bge-m3 and your installation computes it right")
