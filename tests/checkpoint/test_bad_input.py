"""Every way a checkpoint folder, a text or an option can be wrong: what a person sees, and what they should do.

Three tables, each row a case: ``FOLDERS``, ``TEXTS``, ``OPTIONS``. What can go wrong while a model is downloaded
is in ``test_download.py``, what a wrong device says in ``test_pipeline.py``.
"""

import json
import pickle
import re
import shutil
import warnings

import pytest
import torch
from safetensors.torch import load_file, save_file

from helpers import BgeM3, CheckpointError, TruncationWarning
from helpers.__main__ import main
from helpers.checkpoint.integrity import CURE, LFS
from helpers.checkpoint.load import load
from helpers.tokenization import check_texts, tokenize

WEIGHTS, BIN, CONFIG, TOKENIZER = "model.safetensors", "pytorch_model.bin", "config.json", "tokenizer.json"
NO_BIN = f"{BIN} is cut short, damaged or no file of torch"
AGAIN = CURE  # download it again, or use mini-m3
PATH, GIVE = "check the path", "give the folder that holds config.json and the weights"
KIND, COPY, PULL = "give a folder of that kind", "copy the one that belongs to the weights", "run 'git lfs pull'"
POINTER = LFS + b"/spec/v1\noid sha256:0\nsize 1\n"


def put(name, content):
    """Overwrite a file with bytes, or with anything as JSON."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda folder: (folder / name).write_bytes(raw)


def lose(name):
    """Delete a file."""
    return lambda folder: (folder / name).unlink()


def cut(name, keep):
    """Keep the first bytes of a file: ``keep`` of its length."""
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[: keep(folder / name)])


def setting(**changes):
    """Change config.json; ``None`` removes the key."""

    def damage(folder):
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8")) | changes
        put(CONFIG, {key: value for key, value in config.items() if value is not None})(folder)

    return damage


def tensors(change):
    """Rewrite the weights after ``change`` has had its way with the dict of tensors."""

    def damage(folder):
        state = load_file(folder / WEIGHTS)
        change(state)
        save_file(state, folder / WEIGHTS, metadata={"format": "pt"})

    return damage


def as_bin(keep=lambda size: size, zeros=0, old=False):
    """The weights as a pickle: its first ``keep(size)`` bytes, ``zeros`` at the end, ``old``: torch before 1.6."""

    def damage(folder):
        torch.save(load_file(folder / WEIGHTS), folder / BIN, _use_new_zipfile_serialization=not old)
        (folder / WEIGHTS).unlink()
        raw = (folder / BIN).read_bytes()
        raw = raw[: keep(len(raw))]
        (folder / BIN).write_bytes(raw[: len(raw) - zeros] + bytes(zeros))

    return damage


def other_bin(content):
    """A pickle that holds something else than tensors by name."""

    def damage(folder):
        (folder / WEIGHTS).unlink()
        torch.save(content, folder / BIN)

    return damage


def fewer_pieces(folder):
    """A tokenizer of another size than the weights."""
    content = json.loads((folder / TOKENIZER).read_text(encoding="utf-8"))
    del content["model"]["vocab"][50]
    content["added_tokens"] = [token for token in content["added_tokens"] if token["id"] < 50]
    put(TOKENIZER, content)(folder)


# case: (what is done to a whole folder, what is seen, what to do)
FOLDERS = {
    "missing folder": (shutil.rmtree, "does not exist", PATH),
    "a file": (lambda f: (shutil.rmtree(f), f.write_text("x")), "is a file", GIVE),
    "empty folder": (lambda f: (shutil.rmtree(f), f.mkdir()), f"{CONFIG} is missing", AGAIN),
    "no config": (lose(CONFIG), f"{CONFIG} is missing", AGAIN),
    "config is no JSON": (put(CONFIG, b'{"model_type": '), f"{CONFIG} is no JSON", AGAIN),
    "config is no text": (put(CONFIG, b"\xff\xfe\x80"), f"{CONFIG} is no JSON", AGAIN),
    "config is a list": (put(CONFIG, ["xlm-roberta"]), f"{CONFIG} holds a JSON list, not an object", AGAIN),
    "config is an LFS pointer": (put(CONFIG, POINTER), f"{CONFIG} is a git-LFS pointer", PULL),
    "config is a folder": (
        lambda f: ((f / CONFIG).unlink(), (f / CONFIG).mkdir()),
        "cannot be read",
        PATH + " and your rights to it",
    ),
    "other model": (setting(model_type="bert"), f"{CONFIG} says model_type='bert'", KIND),
    "no model type": (setting(model_type=None), f"{CONFIG} says model_type=None", KIND),
    "no vocab_size": (setting(vocab_size=None), f"{CONFIG} says vocab_size=None, which is no size", AGAIN),
    "no positions": (setting(max_position_embeddings=None), "max_position_embeddings=None, which is no size", AGAIN),
    "size is a word": (setting(hidden_size="big"), "hidden_size='big', which is no size", AGAIN),
    "no layers": (setting(num_hidden_layers=0), "num_hidden_layers=0, which is no size", AGAIN),
    "other padding": (setting(pad_token_id=0), "pad_token_id=0, but these stages need 1", AGAIN),
    "other activation": (setting(hidden_act="relu"), "hidden_act='relu', but these stages need 'gelu'", AGAIN),
    "heads do not divide": (setting(num_attention_heads=3), "cannot be read", AGAIN),
    "other positions": (setting(max_position_embeddings=66), "position_embeddings.weight is [34, 8]", AGAIN),
    "more layers": (setting(num_hidden_layers=2), "lack 16 tensors, encoder.layer.1.", AGAIN),
    "other vocabulary": (setting(vocab_size=401), f"{WEIGHTS} holds 400 word embeddings", AGAIN),
    "no tokenizer": (lose(TOKENIZER), f"{TOKENIZER} is missing", AGAIN),
    "tokenizer cut": (cut(TOKENIZER, lambda p: p.stat().st_size // 2), f"{TOKENIZER} is no JSON", AGAIN),
    "tokenizer is an LFS pointer": (put(TOKENIZER, POINTER), f"{TOKENIZER} is a git-LFS pointer", PULL),
    "tokenizer is a list": (put(TOKENIZER, []), f"{TOKENIZER} holds a JSON list", AGAIN),
    "tokenizer is empty": (put(TOKENIZER, {}), "the tokenizer in", AGAIN),
    "tokenizer_config cut": (put("tokenizer_config.json", b"{"), "the tokenizer in", AGAIN),
    "tokenizer of another size": (fewer_pieces, "tokenizer.json comes from another model", COPY),
    "no weights": (lose(WEIGHTS), f"holds neither {WEIGHTS} nor {BIN}, only a tokenizer", AGAIN),
    "weights in several files": (
        lambda f: (f / WEIGHTS).rename(f / "model-00001-of-00001.safetensors") and put(f"{WEIGHTS}.index.json", {})(f),
        f"{WEIGHTS}.index.json says that the weights are in several files",
        'max_shard_size="20GB"',
    ),
    "weights are an LFS pointer": (put(WEIGHTS, POINTER), f"{WEIGHTS} is a git-LFS pointer, not the weights", PULL),
    "weights cut by a byte": (cut(WEIGHTS, lambda p: -1), f"{WEIGHTS} is cut short or damaged", AGAIN),
    "weights cut by half": (cut(WEIGHTS, lambda p: p.stat().st_size // 2), f"{WEIGHTS} is cut short or damaged", AGAIN),
    "weights empty": (put(WEIGHTS, b""), f"{WEIGHTS} is cut short or damaged (0 bytes)", AGAIN),
    "weights garbage": (put(WEIGHTS, bytes(range(256)) * 9), f"{WEIGHTS} is cut short or damaged", AGAIN),
    "header is a list": (put(WEIGHTS, b"\x02" + bytes(7) + b"[]"), f"{WEIGHTS} is cut short or damaged", AGAIN),
    "a tensor missing": (tensors(lambda s: s.pop("encoder.layer.0.output.dense.bias")), "lack 1 tensors", AGAIN),
    "word table missing": (tensors(lambda s: s.pop("embeddings.word_embeddings.weight")), "lack 1 tensors", AGAIN),
    "bin cut by half": (as_bin(lambda size: size // 2), NO_BIN, AGAIN),
    "bin empty": (as_bin(lambda size: 0), NO_BIN, AGAIN),
    "bin is an LFS pointer": (lambda f: (lose(WEIGHTS)(f), put(BIN, POINTER)(f)), f"{BIN} is a git-LFS pointer", PULL),
    "bin holds a list": (other_bin([1, 2]), "the weights in", AGAIN),
    "bin without tensors": (other_bin({}), "the weights in", AGAIN),
    "bin is a web page": (lambda f: (lose(WEIGHTS)(f), put(BIN, b"<!DOCTYPE html>")(f)), NO_BIN, AGAIN),
    "bin cut by a byte": (as_bin(lambda size: size - 1), NO_BIN, AGAIN),
    "bin's end not yet written": (as_bin(zeros=999), NO_BIN, AGAIN),
    "old bin cut by half": (as_bin(lambda size: size // 2, old=True), "the weights in", AGAIN),
}


@pytest.mark.parametrize("case", FOLDERS)
def test_folders(folder, case, capfd, recwarn):
    """Another error type, a message without file and cure, chatter from a library, or random weights."""
    damage, seen, do = FOLDERS[case]
    damage(folder)
    with pytest.raises(CheckpointError) as caught:
        load(folder)
    message = str(caught.value)
    assert seen in message and do in message
    assert str(folder) in message
    assert "\n" not in message
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_give_no_numbers(folder, value):
    """A vector of nan is like nothing, and a search over it finds nothing without a word."""
    tensors(lambda state: state["encoder.layer.0.output.dense.bias"].fill_(value))(folder)
    bge = BgeM3.from_checkpoint(folder)
    with pytest.raises(ValueError, match=r"nan or infinity comes out: the weights are damaged, .* verify' says where"):
        bge.encode(["a"])
    assert main(["walk", "--json", "--checkpoint", str(folder), "a"]) == 2, "NaN is no JSON"
    with pytest.raises(ValueError, match=r"too large for torch\.float16; try float32"):
        bge.encode(["a"], dtype=torch.float16)


NOT_HERE = "these stages have no such pooling"
POOLINGS = {
    "mean, by a flag": (
        {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True},
        "by mean: write pooling='mean'",
    ),
    "max, by a flag": ({"pooling_mode_max_tokens": True}, "by max: write pooling='max'"),
    "mean, by name": ({"pooling_mode": "mean"}, "by mean: write pooling='mean'"),
    "last, by a flag": ({"pooling_mode_lasttoken": True}, f"by pooling_mode_lasttoken: {NOT_HERE}"),
    "last, by name": ({"pooling_mode": "lasttoken"}, f"by lasttoken: {NOT_HERE}"),
    "two, by flags": (
        {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True},
        f"by cls and mean: {NOT_HERE}",
    ),
    "two, by name": ({"pooling_mode": ["cls", "mean"]}, f"by cls and mean: {NOT_HERE}"),
    "cls, by name": ({"pooling_mode": "cls"}, None),
    "cls, by a flag": ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, None),
    "nothing said": ({}, None),
}


@pytest.mark.parametrize("case", POOLINGS)
def test_a_model_trained_with_another_pooling(folder, case, recwarn):
    """Its vectors by cls would be wrong without a word; the warning names the reader's line."""
    config, how = POOLINGS[case]
    (folder / "1_Pooling").mkdir(exist_ok=True)
    put("1_Pooling/config.json", config)(folder)
    BgeM3.from_checkpoint(folder, device="cpu")
    assert [warning.filename for warning in recwarn] == ([__file__] if how else [])
    assert not how or str(recwarn[0].message).endswith(f"pools {how}")


WRAP, CONVERT, DECODE = (
    "for a single text write [text]",
    "convert it or drop it first",
    "decode its bytes as UTF-8 first",
)
# case: (what is given, the kind of error, what is seen, what to do)
TEXTS = {
    "one string": ("one string", TypeError, "texts must be a list of strings, not str", WRAP),
    "bytes": (b"bytes", TypeError, "texts must be a list of strings, not bytes", WRAP),
    "None": (None, TypeError, "texts must be a list of strings, not NoneType", WRAP),
    "a number": (7, TypeError, "texts must be a list of strings, not int", WRAP),
    "nothing": ([], ValueError, "texts is empty", "give at least one string"),
    "a generator of nothing": (iter([]), ValueError, "texts is empty", "give at least one string"),
    "None among them": (["a", None], TypeError, "texts[1] is NoneType, not str", CONVERT),
    "nan from a table": (["a", float("nan")], TypeError, "texts[1] is float, not str", CONVERT),
    "bytes among them": ([b"a"], TypeError, "texts[0] is bytes, not str", CONVERT),
    "a list of lists": ([["a"]], TypeError, "texts[0] is list, not str", CONVERT),
    "half a surrogate pair": (["a", "b", "\ud83d"], ValueError, "texts[2] holds half a surrogate pair", DECODE),
}


@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("call", ["check_texts", "tokenize", "walk", "encode"])
def test_texts(mini, case, call):
    """Each wrong text has its own sentence, by whichever door it comes in."""
    given, error, seen, do = TEXTS[case]
    given = iter([]) if case == "a generator of nothing" else given  # each call uses one up
    doors = {
        "check_texts": check_texts, "walk": mini.walk, "encode": mini.encode,
        "tokenize": lambda texts: tokenize(texts, mini.vocabulary, 512),
    }  # fmt: skip
    with pytest.raises(error) as caught:
        doors[call](given)
    assert seen in str(caught.value) and do in str(caught.value)


# case: (the option, the kind of error, what is seen and what to do)
OPTIONS = {
    "max_length a float": ({"max_length": 8.0}, TypeError, "max_length must be an int or None, not float"),
    "max_length true": ({"max_length": True}, TypeError, "max_length must be an int or None, not bool"),
    "max_length a word": ({"max_length": "8"}, TypeError, "max_length must be an int or None, not str"),
    "max_length too long": ({"max_length": 513}, ValueError, "this checkpoint takes 3 to 512 tokens"),
    "max_length too short": ({"max_length": 2}, ValueError, "this checkpoint takes 3 to 512 tokens"),
    "max_length negative": ({"max_length": -1}, ValueError, "this checkpoint takes 3 to 512 tokens"),
    "batch_size 0": ({"batch_size": 0}, ValueError, "batch_size=0 must be a whole number of at least 1"),
    "batch_size true": ({"batch_size": True}, ValueError, "batch_size=True must be a whole number of at least 1"),
    "batch_size a float": ({"batch_size": 1.5}, ValueError, "batch_size=1.5 must be a whole number of at least 1"),
    "dtype a word": ({"dtype": "float16"}, ValueError, "dtype='float16' is none of torch.float16, torch.bfloat16"),
    "dtype of integers": ({"dtype": torch.int64}, ValueError, "dtype=torch.int64 is none of"),
    "pooling unknown": ({"pooling": "first"}, ValueError, "pooling='first' is unknown; choose cls, mean, max"),
    "pooling empty": ({"pooling": ""}, ValueError, "pooling='' is unknown; choose cls, mean, max"),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_options(mini, case):
    """Before any work: the long text must not even be measured."""
    options, error, told = OPTIONS[case]
    with warnings.catch_warnings():
        warnings.simplefilter("error", TruncationWarning)
        with pytest.raises(error, match=re.escape(told)):
            mini.encode(["long " * 600], **options)


class Evil:
    """Runs code when unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return open, (str(self.mark), "w")


@pytest.mark.parametrize("write", [lambda x, p: p.write_bytes(pickle.dumps(x)), lambda x, p: torch.save({"a": x}, p)])
def test_a_malicious_pickle_is_not_run(folder, write, recwarn):
    """The oldest attack on shared weights; nor may the message advise to run it."""
    mark = folder / "it ran"
    (folder / WEIGHTS).unlink()
    write(Evil(mark), folder / BIN)
    with pytest.raises(CheckpointError, match="a pickle that holds more than tensors and is not run here") as caught:
        load(folder)
    assert not mark.exists()
    assert "weights_only" not in str(caught.value)
    assert not recwarn.list
