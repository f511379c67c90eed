"""``verify`` must pass a model that gives the recorded figures and name the first stage of one that does not.

The real weights are not at hand here, so mini-m3 with a lexical layer stands for them: figures are recorded
from it with the library alone, and then one stage at a time is spoilt. ``test_real_weights.py`` runs the
same check on the real figures.
"""

import copy
import shutil

import pytest
import torch
from test_parity import SABOTAGE

from helpers import BgeM3
from helpers.checkpoint import verify
from helpers.checkpoint.find import MINI, find
from helpers.checkpoint.load import load_linear
from helpers.checkpoint.manifest import PINNED

H = find(MINI).config["hidden_size"]


@pytest.fixture(scope="module")
def bge(tmp_path_factory):
    """mini-m3 in a folder of its own, with a lexical layer of random numbers."""
    folder = tmp_path_factory.mktemp("whole") / "mini"
    shutil.copytree(MINI, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    torch.manual_seed(0)
    torch.save({"weight": torch.randn(1, H) / H**0.5, "bias": torch.zeros(1)}, folder / "sparse_linear.pt")
    return BgeM3.from_checkpoint(folder, device="cpu")


@pytest.fixture(scope="module")
def recorded(bge, reference):
    """The figures of that checkpoint in the form of the recorded ones, computed by the library."""
    made = copy.deepcopy(reference)
    walk = made["walkthrough"]
    batch = bge.tokenizer(walk["sentences"], padding=True, return_tensors="pt")
    with torch.inference_mode():
        hidden = bge.model(**batch).last_hidden_state
    walk["input_ids"], walk["attention_mask"] = batch["input_ids"].tolist(), batch["attention_mask"].tolist()
    walk["last_hidden_state_shape"] = list(hidden.shape)
    vectors = torch.nn.functional.normalize(hidden[:, 0], dim=1)
    walk["embedding_head"] = {"0": vectors[0, :10].tolist(), "1": vectors[1, :5].tolist()}
    planets = made["published_similarities"]
    scores = bge.encode([planets["query"], *planets["documents"]], dtype=torch.bfloat16)
    planets["cosine"] = (scores[1:] @ scores[0]).tolist()
    made["config"] = {key: bge.checkpoint.config.get(key, value) for key, value in made["config"].items()}
    weight, bias = load_linear(bge.checkpoint.path, "sparse_linear.pt", 1, H)
    for text in made["lexical_weights"]["texts"]:
        (ids,) = bge.tokenizer([text])["input_ids"]
        with torch.inference_mode():
            scores = bge.model(torch.tensor([ids])).last_hidden_state[0] @ weight[0] + bias
        found = {}
        for number, score in zip(ids, scores.tolist(), strict=True):
            if number > 3 and score > 0:
                found[str(number)] = max(found.get(str(number), 0.0), score)
        made["lexical_weights"]["texts"][text] = found
    return made


def wrong(bge, recorded):
    """The stages found wrong, in order."""
    return [finding.stage for finding in verify.findings(bge, recorded) if finding.right is False]


def test_the_recorded_model_passes(bge, recorded):
    """A check that refuses the right model is no check."""
    found = list(verify.findings(bge, recorded))
    assert [finding.stage for finding in found if finding.right is not True] == []
    assert [finding.stage for finding in found] == [
        "configuration", "input ids", "attention mask", "stages by hand", "hidden states", "vectors",
        "similarities", "lexical weights",
    ]  # fmt: skip


def test_figures_of_another_model_are_refused(bge, recorded, reference):
    """mini-m3 must not pass for bge-m3."""
    assert wrong(bge, reference)[:2] == ["configuration", "input ids"]
    assert wrong(bge, recorded | {"config": reference["config"]}) == ["configuration"]


BROKEN = SABOTAGE | {
    "input ids": ("helpers.tokenization.piece_id", lambda piece, vocabulary: vocabulary.ids[piece.replace("。", ".")]),
}
del BROKEN["vectors"]


@pytest.mark.parametrize("stage", BROKEN)
def test_a_stage_computed_wrong_is_the_first_named(bge, recorded, monkeypatch, stage):
    """Blaming a later stage sends a person the wrong way."""
    monkeypatch.setattr(*BROKEN[stage])
    assert wrong(bge, recorded)[0] == stage


def test_weights_spoilt_by_a_little_are_found_at_the_vectors(bge, recorded):
    """By hand and by the library agree on wrong weights; only recorded numbers tell. So do fine-tuned ones."""
    spoilt = copy.deepcopy(bge.model)
    with torch.no_grad():
        spoilt.encoder.layer[2].attention.self.value.weight.mul_(1.02)
    found = wrong(BgeM3(spoilt, bge.tokenizer, bge.vocabulary, bge.checkpoint), recorded)
    assert found[0] == "vectors" and "lexical weights" in found


@pytest.mark.parametrize("index", range(4))
def test_a_similarity_off_by_two_per_cent(bge, recorded, index):
    """Each published number counts."""
    recorded = copy.deepcopy(recorded)
    recorded["published_similarities"]["cosine"][index] *= 1.02
    assert wrong(bge, recorded) == ["similarities"]


@pytest.mark.parametrize("way", ["other weights", "a token more", "no layer"])
def test_lexical_layer(bge, recorded, tmp_path, way):
    """Another layer, another set of tokens; a folder without the layer is told and not refused."""
    recorded = copy.deepcopy(recorded)
    folder = shutil.copytree(bge.checkpoint.path, tmp_path / "copy")
    if way == "other weights":
        torch.save({"weight": torch.ones(1, H), "bias": torch.zeros(1)}, folder / "sparse_linear.pt")
    elif way == "a token more":
        recorded["lexical_weights"]["texts"]["What is BGE M3?"]["5"] = 0.01
    else:
        (folder / "sparse_linear.pt").unlink()
    other = BgeM3(bge.model, bge.tokenizer, bge.vocabulary, find(folder))
    found = [finding for finding in verify.findings(other, recorded) if finding.right is not True]
    assert [(f.stage, f.right) for f in found] == [("lexical weights", None if way == "no layer" else False)]
    assert "sparse_linear.pt" in found[0].told or way != "no layer"


def test_files(bge, tmp_path):
    """Sums are compared with the pinned revision's, and what differs is named."""
    (tmp_path / "config.json").write_bytes(b"{}")
    found = verify.files(tmp_path)
    assert (found.right, found.told) == (None, f"0 of {len(PINNED)} as in the pinned revision; others: config.json")


def test_files_looks_at_the_weights_that_are_loaded(tmp_path, monkeypatch):
    """Where there is a model.safetensors too, it is the one that is loaded, and no sum of it was recorded."""
    source = tmp_path / "pytorch_model.bin"
    torch.save({"a": torch.arange(1000.0)}, source)
    monkeypatch.setattr(verify, "PINNED", {source.name: (source.stat().st_size, verify.sha256(source))})
    assert verify.files(tmp_path).right
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    found = verify.files(tmp_path)
    assert (found.right, found.told) == (None, "0 of 1 as in the pinned revision; others: model.safetensors")


def test_the_verdict(bge, recorded, monkeypatch, tmp_path, capsys):
    """What a person reads, and the exit code."""
    monkeypatch.setattr(verify, "recorded_figures", lambda: recorded)
    assert verify.main(find(bge.checkpoint.path)) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[-1] == "This is the real bge-m3, and your installation computes it right."
    assert "WRONG" not in told
    recorded = copy.deepcopy(recorded)
    recorded["walkthrough"]["embedding_head"]["1"][4] += 2e-4
    assert verify.main(find(bge.checkpoint.path)) == 1
    assert capsys.readouterr().out.splitlines()[-1].endswith("First wrong stage: vectors.")
