"""Finding a checkpoint (mini, path, BGE_M3, the hub's cache, auto) and loading it."""

import json
import pickle
import re
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import TEXTS
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from tokenizers import AddedToken, SentencePieceUnigramTokenizer
from transformers import PreTrainedTokenizerFast, XLMRobertaModel

from helpers import BgeM3, CheckpointError, find, ladder
from helpers.checkpoint import load as load_module
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
        for which in (f"./{name}", Path(name)):
            found = find(which)
            assert (found.path, found.kind) == (folder.parent / name, "other")
            assert find(found.path) == found
            with monkeypatch.context() as elsewhere:
                elsewhere.chdir(MINI)
                assert found.path.is_dir()


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
    assert find().why == "found complete on this disk"
    assert find("mini").path == MINI


def test_auto_passes_over_half_a_download(hub):
    """It says why, and "real" does not pass over."""
    (hub() / "tokenizer.json").unlink()
    assert find().path == MINI
    assert "the copy found first is unusable" in find().why and "tokenizer.json" in find().why
    with pytest.raises(CheckpointError, match=r"tokenizer\.json is missing"):
        find("real")


def test_environment_variable(hub, folder, monkeypatch):
    """BGE_M3 decides for auto and real, not for a path or for mini; a wrong one is an error, never passed over."""
    hub()
    for typed in (f" {folder} ", f'"{folder}"', f"'{folder}'"):  # in cmd, set BGE_M3="…" keeps the quotes
        monkeypatch.setenv("BGE_M3", typed)
        assert find().path == folder
    assert find().path == find("real").path == folder
    assert find().why == find("real").why == "chosen by the environment variable BGE_M3"
    assert find("mini").path == find(MINI).path == MINI
    monkeypatch.setenv("BGE_M3", "mini")
    assert (find().path, find().why) == (MINI, "chosen by the environment variable BGE_M3")
    assert "c0ffee" in str(find("real").path)
    for empty in ("", "auto", "real"):
        monkeypatch.setenv("BGE_M3", empty)
        assert "c0ffee" in str(find().path)
    monkeypatch.setenv("BGE_M3", str(folder / "nowhere"))
    for which in ("auto", "real"):
        with pytest.raises(CheckpointError, match=r"BGE_M3 is set to .*nowhere does not exist.*; or unset BGE_M3"):
            find(which)


ADDRESSES = ["https://huggingface.co/BAAI/bge-m3", "https://modelscope.cn/models/BAAI/bge-m3/tree/master"]


@pytest.mark.parametrize("name", ["BAAI/bge-m3", "BAAI/bge-m3/", *ADDRESSES])
def test_the_hubs_name_of_the_model(hub, monkeypatch, name):
    """What every other tool takes; a folder of that name is a folder first."""
    with pytest.raises(CheckpointError, match=r"BAAI/bge-m3 was not found in the usual places; check the path"):
        find(name)
    snapshot = hub()
    assert (find(name).path, find(name).why) == (snapshot, "found complete on this disk")
    monkeypatch.setenv("BGE_M3", name)
    assert find().path == find("real").path == snapshot
    local = Path(shutil.copytree(snapshot, Path.cwd() / "BAAI" / "bge-m3"))
    assert find("BAAI/bge-m3").path == local


def test_the_hubs_name_of_a_fine_tuned_model(hub, tiny, tmp_path):
    """Any other model's name means its copy in a cache, and never bge-m3's."""
    hub()
    with pytest.raises(CheckpointError, match=r"some-one/bge-m3_v1\.5 was not found in the usual places"):
        find("some-one/bge-m3_v1.5")
    copy = shutil.copytree(tiny, tmp_path / "hub cache/models--some-one--bge-m3_v1.5/snapshots/abc")
    assert find("some-one/bge-m3_v1.5").path == Path(copy)
    (Path(copy) / "config.json").unlink()
    with pytest.raises(CheckpointError, match=r"the copy found first is unusable: .*config\.json is missing"):
        find("some-one/bge-m3_v1.5")


@pytest.mark.parametrize("part", ["", "hub", "hub/models--BAAI--bge-m3", "hub/models--BAAI--bge-m3/snapshots"])
def test_a_folder_of_the_hubs_cache(tiny, tmp_path, part):
    """People copy the path that they see: the cache, the model in it, its snapshots."""
    snapshot = Path(shutil.copytree(tiny, tmp_path / "hub/models--BAAI--bge-m3/snapshots/c0ffee"))
    assert find(tmp_path / part).path == find(str(tmp_path / part)).path == snapshot
    (snapshot / "tokenizer.json").unlink()
    with pytest.raises(CheckpointError, match=r"c0ffee.tokenizer\.json is missing"):
        find(tmp_path / part)


@pytest.mark.parametrize("multiple", [64, 128, 256])
def test_a_padded_vocabulary_is_used(folder, multiple):
    """Trainers pad the table of word embeddings, so that its size suits the hardware; no id points there."""
    before = BgeM3.from_checkpoint(folder, device="cpu").encode(["Hello 你好"])
    model, tokenizer, _ = load(folder)
    model.resize_token_embeddings(len(tokenizer), pad_to_multiple_of=multiple, mean_resizing=False)
    model.save_pretrained(folder)
    bge = BgeM3.from_checkpoint(folder, device="cpu")
    assert len(bge.tokenizer) < bge.model.config.vocab_size and bge.model.config.vocab_size % multiple == 0
    np.testing.assert_array_equal(bge.encode(["Hello 你好"]), before)
    np.testing.assert_allclose(bge.walk(["Hello 你好"]).vectors, before, atol=1e-6)


@pytest.mark.parametrize("number", ["4.57.1", "4.51.0.dev0", "3.5"])
def test_an_older_transformers(monkeypatch, number):
    """Its tokenizer cuts otherwise, and its readers blame the files; so it is named before anything else happens."""
    monkeypatch.setattr(load_module, "version", lambda name: number)
    with pytest.raises(ImportError, match=rf"helpers needs transformers 5, this is {re.escape(number)}: pip install"):
        BgeM3.from_checkpoint("mini")


def test_a_fine_tuned_folder(mini, tmp_path):
    """As sentence-transformers saves one: it loads and runs in silence, and nothing is claimed of it."""
    SentenceTransformer(str(MINI), device="cpu").save_pretrained(str(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bge = BgeM3.from_checkpoint(tmp_path, device="cpu")
    assert bge.checkpoint.kind == "other"
    np.testing.assert_allclose(bge.encode(TEXTS[:5]), mini.encode(TEXTS[:5]), atol=1e-5)
    assert max(rung.error for rung in ladder(bge, TEXTS[:2])) < 1e-5


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


def added(*tokens, **options):
    """Tokens that a trainer adds to the vocabulary, with a row for each."""

    def change(folder):
        model, tokenizer, _ = load(folder)
        tokenizer.add_tokens(list(tokens), **options)
        tokenizer.save_pretrained(folder)
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
        model.save_pretrained(folder)

    return change


def settings(name, **changes):
    """Changes in one of the tokenizer's JSON files."""

    def change(folder):
        content = json.loads((folder / name).read_text(encoding="utf-8"))
        (folder / name).write_text(json.dumps(content | changes), encoding="utf-8")

    return change


def trained_anew(folder):
    """A tokenizer of the same algorithm from the tokenizers library, as people train one on their own texts."""
    fresh = SentencePieceUnigramTokenizer()
    fresh.train_from_iterator(
        TEXTS, vocab_size=400, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], unk_token="<unk>"
    )
    PreTrainedTokenizerFast(tokenizer_object=fresh._tokenizer, unk_token="<unk>").save_pretrained(folder)
    model, report = XLMRobertaModel.from_pretrained(folder, add_pooling_layer=False, output_loading_info=True)
    assert not report["missing_keys"]
    model.resize_token_embeddings(fresh.get_vocab_size(), mean_resizing=False)
    model.save_pretrained(folder)


GENERIC = {"tokenizer_class": "PreTrainedTokenizerFast"}
NEVER = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": True}
# a change of a whole folder's tokenizer, and whether it may be used: then both cuts must be equal on any text
TOKENIZERS = {
    "saved again": (lambda folder: load(folder)[1].save_pretrained(folder), True),
    "two words, one twice a piece": (added("COVID-19", "foobar"), False),
    "one word within another": (added("foo", "foobar"), False),
    "a word that must stand alone": (added(AddedToken("abc", single_word=True)), False),
    "special tokens": (added("<query>", "[DOC]", special_tokens=True), True),
    "the generic class": (settings("tokenizer_config.json", **GENERIC), False),
    "no <s> and </s>": (
        lambda f: (settings("tokenizer_config.json", **GENERIC)(f), settings("tokenizer.json", post_processor=None)(f)),
        False,
    ),
    "no mark at the start of a word": (
        lambda f: (settings("tokenizer_config.json", **GENERIC)(f), settings("tokenizer.json", pre_tokenizer=NEVER)(f)),
        False,
    ),
    "no cleaning": (settings("tokenizer.json", normalizer=None), False),
    "lower case": (settings("tokenizer.json", normalizer={"type": "Lowercase"}), False),
    "trained anew": (trained_anew, False),
    "code of its own, which is not run": (
        settings("tokenizer_config.json", auto_map={"AutoTokenizer": ["other.Tokenizer", None]}),
        True,
    ),
    "cut on the left": (settings("tokenizer_config.json", truncation_side="left"), False),
    "filled up with another token": (settings("tokenizer_config.json", pad_token="</s>"), False),
    "padding on the left": (settings("tokenizer_config.json", padding_side="left"), True),
    "a limit of its own": (
        settings("tokenizer.json", truncation=dict(direction="Right", max_length=8, strategy="LongestFirst", stride=0)),
        True,
    ),
}


@pytest.mark.parametrize("case", TOKENIZERS)
def test_tokenizers_near_xlm_r(folder, case):
    """By hand and by the library the same cut, or no model at all: half a tokenizer gives other vectors in silence."""
    change, usable = TOKENIZERS[case]
    change(folder)
    if not usable:
        with pytest.raises(CheckpointError, match=r"tokenizer\.json (cuts|is not of the kind|knows)") as caught:
            BgeM3.from_checkpoint(folder, device="cpu")
        assert "\n" not in str(caught.value)
        return
    bge = BgeM3.from_checkpoint(folder, device="cpu")
    texts = [text[:40] for text in TEXTS] + ["x<query>y <query> ＜query＞ [DOC]"]
    np.testing.assert_allclose(bge.walk(texts).vectors, bge.encode(texts), atol=1e-5)
    assert max(rung.error for rung in ladder(bge, texts)) < 1e-5
