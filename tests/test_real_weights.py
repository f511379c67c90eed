"""A user's own copy of bge-m3 against everything recorded of the real one.

    BGE_M3=<the folder> pytest -m real_weights

ends with "this is the real bge-m3 and your installation computes it right", or names the stage that is not.
``python -m helpers verify`` says the same without pytest. That both can fail: ``test_verify.py`` on every run,
``test_real_shape.py`` on random weights of the real shape.
"""

import os

import pytest

from helpers import BgeM3
from helpers.checkpoint import verify
from helpers.checkpoint.recorded import recorded_figures

pytestmark = pytest.mark.real_weights

CHECKS = [(figure["id"], check) for figure in recorded_figures()["figures"] for check in figure.get("checks", ())]
STAGES = ["configuration", "input ids", "attention mask", "stages by hand"]
STAGES += dict.fromkeys(check["quantity"] for _, check in CHECKS)


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
def findings(bge, reference):
    """What ``verify`` finds, by stage."""
    return {finding.stage: finding for finding in verify.findings(bge, reference)}


@pytest.fixture(scope="module")
def computed(bge, findings):
    """The model's outputs for every text that others recorded something of, and whether vectors are all there is."""
    dense_only = any(finding.right is None for finding in findings.values())
    return verify.compute(bge, [check for _, check in CHECKS], dense_only), dense_only


@pytest.mark.parametrize("stage", STAGES)
def test_stage(findings, stage):
    """One stage or output against the recorded figures."""
    assert stage in findings, f"a stage before it is wrong: {list(map(str, findings.values()))}"
    if findings[stage].right is None:
        pytest.skip(findings[stage].message)
    assert findings[stage].right, findings[stage].message


@pytest.mark.parametrize(("figure", "check"), CHECKS, ids=[f"{name}, {check['quantity']}" for name, check in CHECKS])
def test_recorded_figure(computed, figure, check):
    """Each published figure by itself, within its own tolerance."""
    outputs, dense_only = computed
    if dense_only and check["quantity"] not in ("vectors", "directions", "sums of vectors", "similarities"):
        pytest.skip("sparse_linear.pt or colbert_linear.pt is not here")
    why = check.get("loose", "recorded in float32")
    assert verify.difference(check, outputs) < check["tolerance"], f"{figure}: {why}"


def test_it_is_the_real_one(bge, findings, capsys):
    """The words a person waits for, only if all of it holds."""
    wrong = [finding.stage for finding in findings.values() if finding.right is False]
    assert (bge.checkpoint.kind, wrong) == ("bge-m3", [])
    with capsys.disabled():
        print("\nthis is the real bge-m3 and your installation computes it right")
