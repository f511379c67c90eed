"""``verify`` must pass a model that gives the recorded figures and name the first stage of one that does not.

The real weights are not at hand here, so mini-m3 with two linear layers stands for them: figures are recorded
from it with the library and plain loops alone, and then one thing at a time is spoilt. ``test_real_weights.py``
runs the same check on the real figures.
"""

import copy
import hashlib
import shutil

import pytest
import torch
from test_parity import SABOTAGE

from helpers import BgeM3
from helpers.__main__ import main
from helpers.checkpoint import verify
from helpers.checkpoint.find import MINI, find
from helpers.checkpoint.load import load_linear
from helpers.checkpoint.recorded import PINNED, recorded_figures

QUANTITIES = [
    "vectors", "similarities", "lexical weights", "lexical scores", "multi-vector scores", "weighted sums",
    "directions", "sums of vectors",
]  # fmt: skip
H = find("mini").config["hidden_size"]
CHECKS = [check for figure in recorded_figures()["figures"] for check in figure.get("checks", ())]


@pytest.fixture(scope="module")
def bge(tmp_path_factory):
    """mini-m3 in a folder of its own, with linear layers of random numbers."""
    folder = tmp_path_factory.mktemp("whole") / "mini"
    shutil.copytree(MINI, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__", "training"))
    torch.manual_seed(0)
    torch.save({"weight": torch.randn(1, H) / 16, "bias": torch.zeros(1)}, folder / "sparse_linear.pt")
    torch.save({"weight": torch.randn(H, H) / 16, "bias": torch.randn(H)}, folder / "colbert_linear.pt")
    return BgeM3.from_checkpoint(folder, device="cpu")


@pytest.fixture(scope="module")
def outputs(bge):
    """The three outputs of a text by the library and plain loops: vector, lexical weights, token vectors."""
    sparse = load_linear(bge.checkpoint.path, "sparse_linear.pt", 1, H)
    colbert = load_linear(bge.checkpoint.path, "colbert_linear.pt", H, H)
    known = {}

    def compute(text):
        if text not in known:
            (ids,) = bge.tokenizer([text])["input_ids"]
            with torch.inference_mode():
                hidden = bge.model(torch.tensor([ids])).last_hidden_state[0]  # (T, H)
            weights = {}
            for number, state in zip(ids, hidden, strict=True):
                weight = float(sparse[0][0] @ state + sparse[1])
                if number > 3 and weight > weights.get(number, 0):
                    weights[number] = weight
            vectors = [colbert[0] @ state + colbert[1] for state in hidden[1:]]
            known[text] = hidden[0] / hidden[0].norm(), weights, [vector / vector.norm() for vector in vectors]
        return known[text]

    return compute


def expected(check, outputs, inputs):
    """The numbers that this model gives for one of a check's inputs."""
    (dense, weights, vectors), *more = map(outputs, inputs)
    if check["quantity"] == "lexical weights":
        return {str(number): weight for number, weight in weights.items()}
    if check["quantity"] == "vectors":
        return [dense[place].item() for place in check["places"]]
    if check["quantity"] == "directions":
        return (17 * dense).tolist()
    if check["quantity"] == "sums of vectors":
        return sum(dense.tolist())
    ((other, other_weights, other_vectors),) = more
    scores = (
        float(dense @ other),
        sum(weight * other_weights.get(number, 0) for number, weight in weights.items()),
        sum(max(float(one @ two) for two in other_vectors) for one in vectors) / len(vectors),
    )
    return sum(w * score for w, score in zip(check["weights"], scores, strict=True)) / sum(check["weights"])


@pytest.fixture(scope="module")
def recorded(bge, reference, outputs):
    """The figures of that checkpoint in the form of the recorded ones."""
    made = copy.deepcopy(reference)
    walk = made["walkthrough"]
    batch = bge.tokenizer(walk["sentences"], padding=True)
    walk["input_ids"], walk["attention_mask"] = batch["input_ids"], batch["attention_mask"]
    made["config"] = {key: bge.checkpoint.config.get(key, value) for key, value in made["config"].items()}
    for figure in made["figures"]:
        for check in figure.get("checks", ()):
            check["expected"] = [expected(check, outputs, inputs) for inputs in check["inputs"]]
    return made


@pytest.fixture(scope="module")
def computed(bge):
    """What ``verify`` compares with the figures."""
    return verify.compute(bge, CHECKS)


def wrong(bge, recorded):
    """The stages found wrong, in order."""
    return [finding.stage for finding in verify.findings(bge, recorded) if finding.right is False]


def test_the_recorded_model_passes(bge, recorded):
    """A check that refuses the right model is no check."""
    found = list(verify.findings(bge, recorded))
    assert [finding.stage for finding in found if finding.right is not True] == []
    stages = [finding.stage for finding in found]
    assert stages == ["configuration", "input ids", "attention mask", "stages by hand", *QUANTITIES]


def test_figures_of_another_model_are_refused(bge, recorded, reference):
    """mini-m3 must not pass for bge-m3. A single sum of a vector may lie within its tolerance by chance."""
    found = wrong(bge, reference)
    assert found[:2] == ["configuration", "input ids"] and {*QUANTITIES} - {"sums of vectors"} <= {*found}
    assert wrong(bge, recorded | {"config": reference["config"]}) == ["configuration"]


BROKEN = SABOTAGE | {
    "input ids": ("helpers.tokenization.piece_id", lambda piece, vocabulary: vocabulary.ids[piece.replace("。", ".")]),
}


@pytest.mark.parametrize("stage", BROKEN)
def test_a_stage_computed_wrong_is_the_first_named(bge, recorded, monkeypatch, stage):
    """Blaming a later stage sends a person the wrong way."""
    monkeypatch.setattr(*BROKEN[stage])
    assert wrong(bge, recorded)[0] == stage


def test_weights_spoilt_by_a_little_are_found_at_the_outputs(bge, recorded):
    """By hand and by the library agree on wrong weights; only recorded numbers tell. So do fine-tuned ones."""
    spoilt = copy.deepcopy(bge.model)
    with torch.no_grad():
        spoilt.encoder.layer[-1].output.dense.weight.mul_(1.05)
    found = wrong(BgeM3(spoilt, bge.tokenizer, bge.checkpoint), recorded)
    assert found[0] == "vectors" and {"similarities", "lexical weights", "multi-vector scores"} <= set(found)


@pytest.mark.parametrize("number", range(len(CHECKS)))
def test_each_recorded_number_counts(recorded, computed, number):
    """Moved by less than the tolerance it passes, by more it does not, nan never."""
    check = [check for figure in recorded["figures"] for check in figure.get("checks", ())][number]
    assert verify.difference(check, computed) < 1e-5
    if check["quantity"] == "directions":
        return
    for row, value in enumerate(check["expected"]):
        places = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else [None]
        for place in places:
            for by, passes in ((0.9, True), (-1.1, False), (float("nan"), False)):
                moved = copy.deepcopy(check)
                if place is None:
                    moved["expected"][row] += by * check["tolerance"]
                else:
                    moved["expected"][row][place] += by * check["tolerance"]
                assert (verify.difference(moved, computed) < check["tolerance"]) is passes


def test_a_weight_too_many_or_too_few(recorded, computed):
    """A token that should have no weight, or has none where one was recorded."""
    check = next(check for check in recorded["figures"][2]["checks"] if check["quantity"] == "lexical weights")
    more, fewer = copy.deepcopy(check), copy.deepcopy(check)
    more["expected"][0]["46999"] = 0.01
    heaviest = max(fewer["expected"][0], key=fewer["expected"][0].get)
    del fewer["expected"][0][heaviest]
    assert verify.difference(more, computed) == pytest.approx(0.01)
    assert verify.difference(fewer, computed) == pytest.approx(check["expected"][0][heaviest], abs=1e-5)


def test_another_direction(recorded, computed):
    """The one full vector is compared by its direction, whatever its length."""
    (check,) = (check for figure in recorded["figures"] for check in figure.get("checks", ()) if "loose" in check and
                check["quantity"] == "directions")  # fmt: skip
    vector = torch.tensor(check["expected"][0])
    turned = vector + 0.2 * vector.norm() * torch.nn.functional.normalize(torch.randn(H), dim=0)
    for row, passes in ((5 * vector, True), (turned, False), (-vector, False)):
        assert (verify.difference(check | {"expected": [row.tolist()]}, computed) < check["tolerance"]) is passes


@pytest.mark.parametrize("name", ["sparse_linear.pt", "colbert_linear.pt"])
def test_a_folder_without_a_linear_layer(bge, recorded, tmp_path, name):
    """What cannot be computed is said and not refused; the dense vectors are checked all the same."""
    folder = shutil.copytree(bge.checkpoint.path, tmp_path / "copy")
    (folder / name).unlink()
    found = list(verify.findings(BgeM3(bge.model, bge.tokenizer, find(folder)), recorded))
    unknown = ["lexical weights", "lexical scores", "multi-vector scores", "weighted sums"]
    assert [finding.stage for finding in found if finding.right is None] == unknown
    assert all(finding.message == f"not checked: {name} is not here" for finding in found if finding.right is None)
    assert not [finding.stage for finding in found if finding.right is False]


@pytest.mark.parametrize(("name", "rows"), [("sparse_linear.pt", 1), ("colbert_linear.pt", H)])
def test_another_linear_layer(bge, recorded, tmp_path, name, rows):
    """The dense vectors are right, what comes of the layer is not."""
    folder = shutil.copytree(bge.checkpoint.path, tmp_path / "copy")
    torch.save({"weight": torch.ones(rows, H), "bias": torch.zeros(rows)}, folder / name)
    found = wrong(BgeM3(bge.model, bge.tokenizer, find(folder)), recorded)
    changed = ["lexical weights", "lexical scores"] if rows == 1 else ["multi-vector scores"]
    assert found == [*changed, "weighted sums"]


def test_files(tmp_path):
    """Sums are compared with the pinned revision's, and what differs or is missing is named."""
    (tmp_path / "config.json").write_bytes(b"{}")
    found = verify.files(tmp_path)
    assert found.right is None and found.message.startswith(f"0 of {len(PINNED)} as in the pinned revision, not ")
    assert all(f"not {name}" in found.message for name in PINNED)


def test_files_looks_at_the_weights_that_are_loaded(tmp_path, monkeypatch):
    """Where there is a model.safetensors too, it is the one that is loaded, and no sum of it was recorded."""
    source = tmp_path / "pytorch_model.bin"
    torch.save({"a": torch.arange(1000.0)}, source)
    content = source.read_bytes()
    monkeypatch.setattr(verify, "PINNED", {source.name: (len(content), hashlib.sha256(content).hexdigest())})
    assert verify.files(tmp_path).right
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    found = verify.files(tmp_path)
    assert (found.right, found.message) == (None, "0 of 1 as in the pinned revision, not model.safetensors")


def test_the_verdict(bge, recorded, monkeypatch, capsys):
    """What a person reads, and the exit code."""
    command = ["verify", "--checkpoint", str(bge.checkpoint.path)]
    monkeypatch.setattr("helpers.checkpoint.recorded.recorded_figures", lambda: recorded)
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[-1].startswith("This is the real bge-m3, and your installation computes it right")
    assert "WRONG" not in printed
    recorded = copy.deepcopy(recorded)
    recorded["figures"][0]["checks"][1]["expected"][0][4] += 2e-4
    monkeypatch.setattr("helpers.checkpoint.recorded.recorded_figures", lambda: recorded)
    assert main(command) == 1
    assert capsys.readouterr().out.splitlines()[-1].endswith("First wrong stage: vectors.")
