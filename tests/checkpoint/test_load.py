"""Finding a checkpoint (mini, path, BGE_M3, the hub's cache, auto) and loading it."""

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from helpers import BgeM3, CheckpointError, find
from helpers.checkpoint.find import MINI
from helpers.checkpoint.load import load, load_linear


def test_bin_loads_with_equal_weights(folder):
    """bge-m3 itself comes as pytorch_model.bin."""
    before, _, _ = load(folder)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    after, _, found = load(folder)
    assert found.kind == "other"
    states = before.state_dict(), after.state_dict()
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_path_as_string_or_path_loads_and_encodes(folder, monkeypatch):
    """Spaces, Chinese characters, pathlib and a tilde."""
    one, two = BgeM3.from_checkpoint(folder, device="cpu"), BgeM3.from_checkpoint(str(folder), device="cpu")
    np.testing.assert_array_equal(one.encode(["a b"]), two.encode(["a b"]))
    assert one.max_length == 32
    assert one.checkpoint.bge_m3_ids is None
    assert "other (your own): given as a path" in repr(one)
    assert not one.model.training
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(folder.parent))
    assert find("~/" + folder.name).path == folder


@pytest.mark.parametrize("path", ["~nobody_of_that_name/x", "long" * 2000, "no/such/路径"])
def test_impossible_paths(path):
    """Neither RuntimeError nor OSError."""
    with pytest.raises(CheckpointError, match="check the path"):
        find(path)


def test_damaged_table_of_real_ids(folder):
    """The table is read late, and must be named then."""
    (folder / "bge_m3_ids.json").write_text("[1, 2", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"bge_m3_ids\.json is no JSON"):
        assert find(folder).bge_m3_ids


def test_mini_is_whole_and_knows_itself():
    """The embedded checkpoint: its kind, reason and limit."""
    found = find("mini")
    assert (found.path, found.kind, found.why, found.max_length) == (MINI, "mini-m3", "asked for by name", 512)
    assert str(found) == "mini-m3 (a small stand-in, not bge-m3): asked for by name"


def test_a_folder_named_like_a_keyword(folder, monkeypatch):
    """``./mini`` is a folder, ``mini`` a word; a Path is never a word; the folder stays when the program moves on."""
    monkeypatch.chdir(folder.parent)
    for name in ("mini", "real", "auto"):
        shutil.copytree(folder, name)
        (folder.parent / name / "bge_m3_ids.json").write_text("[1, 2]", encoding="utf-8")
        for which in (f"./{name}", Path(name)):
            found = find(which)
            assert (found.path, found.kind) == (folder.parent / name, "other")
            assert find(found.path) == found
            with monkeypatch.context() as elsewhere:
                elsewhere.chdir(MINI)
                assert found.bge_m3_ids == [1, 2]


@pytest.mark.parametrize("dtype", [torch.int8, torch.complex64, "float32"])
def test_a_type_that_is_none(folder, dtype):
    """The files are not to blame."""
    with pytest.raises(ValueError, match=r"dtype=.+ is none of torch.float16"):
        BgeM3.from_checkpoint(folder, dtype=dtype)


@pytest.fixture
def hub(tiny, tmp_path, monkeypatch):
    """A hub cache of one's own, and a function that puts a checkpoint into it."""
    cache = tmp_path / "hub cache"
    cache.mkdir()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("helpers.checkpoint.find.PROJECT", tmp_path)  # a reader's own copy may lie in the real one
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BGE_M3", raising=False)

    def fill():
        repo = cache / "models--BAAI--bge-m3"
        (repo / "refs").mkdir(parents=True)
        (repo / "refs" / "main").write_text("c0ffee", encoding="utf-8")
        return Path(shutil.copytree(tiny, repo / "snapshots" / "c0ffee"))

    return fill


def test_auto_takes_the_mini_without_a_real_model(hub):
    """The first run on a new machine."""
    assert find().path == MINI
    assert find().why == "BAAI/bge-m3 was not found in the usual places"
    with pytest.raises(
        CheckpointError, match=r"set BGE_M3 to a folder that holds it, or run 'python -m helpers download'"
    ):
        find("real")


def test_auto_and_real_take_the_hubs_cache(hub):
    """A download of the real model is used without being told."""
    snapshot = hub()
    assert find().path == find("real").path == snapshot
    assert find().why == "found complete in the hub's cache"
    assert find("mini").path == MINI


def test_auto_passes_over_half_a_download(hub):
    """It says why, and "real" does not pass over."""
    (hub() / "tokenizer.json").unlink()
    assert find().path == MINI
    assert "the copy in the hub's cache is unusable" in find().why and "tokenizer.json" in find().why
    with pytest.raises(CheckpointError, match=r"tokenizer\.json is missing"):
        find("real")


def test_environment_variable(hub, folder, monkeypatch):
    """BGE_M3 decides for auto and real, not for a path or for mini; a wrong one is an error, never passed over."""
    hub()
    for typed in (f" {folder} ", f'"{folder}"', f"'{folder}'"):  # in cmd, set BGE_M3="…" keeps the quotes
        monkeypatch.setenv("BGE_M3", typed)
        assert find().path == folder
    assert find().path == find("real").path == folder
    assert find().why == "chosen by the environment variable BGE_M3"
    assert find("real").why == "the environment variable BGE_M3 points there"
    assert find("mini").path == find(MINI).path == MINI
    monkeypatch.setenv("BGE_M3", "mini")
    assert find().path == MINI
    assert "c0ffee" in str(find("real").path)
    for empty in ("", "auto", "real"):
        monkeypatch.setenv("BGE_M3", empty)
        assert "c0ffee" in str(find().path)
    monkeypatch.setenv("BGE_M3", str(folder / "nowhere"))
    told = r"BGE_M3 is set to a folder that cannot be used: .*nowhere does not exist.*; or unset BGE_M3"
    for which in ("auto", "real"):
        with pytest.raises(CheckpointError, match=told):
            find(which)


def save(path, **state):
    """A linear layer as FlagEmbedding keeps it."""
    torch.save(state, path)
    return path


def test_a_linear_layer_in_half_precision_is_read_as_float32(tmp_path):
    """bge-m3 keeps both layers in float16."""
    save(tmp_path / "sparse_linear.pt", weight=torch.ones(1, 4).half(), bias=torch.zeros(1).half())
    weight, bias = load_linear(tmp_path, "sparse_linear.pt", 1, 4)
    assert (weight.dtype, bias.dtype) == (torch.float32, torch.float32)
    assert (weight.tolist(), bias.tolist()) == ([[1.0] * 4], [0.0])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:100]), "cannot be read"),
        (lambda path: path.write_bytes(b""), "cannot be read"),
        (lambda path: path.write_bytes(pickle.dumps(print, protocol=2)), "cannot be read"),
        (lambda path: save(path, weight=torch.ones(4, 4)), "cannot be read"),
        (lambda path: save(path, weight=torch.ones(4, 5), bias=torch.ones(4)), "belongs to another model"),
        (lambda path: save(path, weight=torch.ones(4, 4), bias=torch.ones(2)), "belongs to another model"),
        (lambda path: save(path, weight=torch.ones(1, 4), bias=torch.ones(1)), "belongs to another model"),
    ],
)
def test_a_linear_layer_that_is_wrong(tmp_path, spoil, message):
    """One error that names the file and says what to do."""
    path = save(tmp_path / "colbert_linear.pt", weight=torch.ones(4, 4), bias=torch.zeros(4))
    assert load_linear(tmp_path, path.name, 4, 4)[0].shape == (4, 4)
    spoil(path)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_linear(tmp_path, path.name, 4, 4)
    assert str(path) in str(caught.value) and "python -m helpers download" in str(caught.value)
