"""Every way a checkpoint folder can be wrong, and what the message must say."""

import json
import pickle
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from helpers import CheckpointError
from helpers.checkpoint import load
from helpers.integrity import CURE, LFS

WEIGHTS, BIN, CONFIG, TOKENIZER = "model.safetensors", "pytorch_model.bin", "config.json", "tokenizer.json"
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


def as_bin(keep=lambda size: size):
    """The same weights as a pickle, of which the first ``keep(size)`` bytes are kept."""

    def damage(folder):
        torch.save(load_file(folder / WEIGHTS), folder / BIN)
        (folder / WEIGHTS).unlink()
        raw = (folder / BIN).read_bytes()
        (folder / BIN).write_bytes(raw[: keep(len(raw))])

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


WRONG = {
    "missing folder": (shutil.rmtree, "does not exist; check the path"),
    "a file": (lambda f: (shutil.rmtree(f), f.write_text("x")), "is a file; give the folder that holds config.json"),
    "empty folder": (lambda f: (shutil.rmtree(f), f.mkdir()), f"{CONFIG} is missing"),
    "no config": (lose(CONFIG), f"{CONFIG} is missing"),
    "config is no JSON": (put(CONFIG, b'{"model_type": '), f"{CONFIG} is no JSON"),
    "config is no text": (put(CONFIG, b"\xff\xfe\x80"), f"{CONFIG} is no JSON"),
    "config is a list": (put(CONFIG, ["xlm-roberta"]), f"{CONFIG} holds a JSON list, not an object"),
    "config is an LFS pointer": (put(CONFIG, POINTER), f"{CONFIG} is a git-LFS pointer; run 'git lfs pull'"),
    "config is a folder": (lambda f: ((f / CONFIG).unlink(), (f / CONFIG).mkdir()), "cannot be read"),
    "other model": (setting(model_type="bert"), f"{CONFIG} says model_type='bert'"),
    "no model type": (setting(model_type=None), f"{CONFIG} says model_type=None"),
    "no vocab_size": (setting(vocab_size=None), f"{CONFIG} says vocab_size=None, which is no size"),
    "no positions": (setting(max_position_embeddings=None), "max_position_embeddings=None, which is no size"),
    "size is a word": (setting(hidden_size="big"), "hidden_size='big', which is no size"),
    "no layers": (setting(num_hidden_layers=0), "num_hidden_layers=0, which is no size"),
    "other padding": (setting(pad_token_id=0), "pad_token_id=0, but these stages need 1"),
    "other activation": (setting(hidden_act="relu"), "hidden_act='relu', but these stages need 'gelu'"),
    "heads do not divide": (setting(num_attention_heads=3), "cannot be read"),
    "other positions": (setting(max_position_embeddings=66), "position_embeddings.weight is [34, 8], the config"),
    "more layers": (setting(num_hidden_layers=2), "lack 16 tensors, encoder.layer.1."),
    "other vocabulary": (setting(vocab_size=401), f"{WEIGHTS} holds 400 word embeddings but config.json says"),
    "no tokenizer": (lose(TOKENIZER), f"{TOKENIZER} is missing"),
    "tokenizer cut": (cut(TOKENIZER, lambda p: p.stat().st_size // 2), f"{TOKENIZER} is no JSON"),
    "tokenizer is an LFS pointer": (put(TOKENIZER, POINTER), f"{TOKENIZER} is a git-LFS pointer"),
    "tokenizer is a list": (put(TOKENIZER, []), f"{TOKENIZER} holds a JSON list"),
    "tokenizer is empty": (put(TOKENIZER, {}), "the tokenizer in"),
    "tokenizer_config cut": (put("tokenizer_config.json", b"{"), "the tokenizer in"),
    "tokenizer of another size": (fewer_pieces, "tokenizer.json comes from another model: copy the one that belongs"),
    "no weights": (lose(WEIGHTS), f"holds neither {WEIGHTS} nor {BIN}"),
    "weights are an LFS pointer": (put(WEIGHTS, POINTER), f"{WEIGHTS} is a git-LFS pointer, not the weights; run 'git"),
    "weights cut by a byte": (cut(WEIGHTS, lambda p: -1), f"{WEIGHTS} is cut short or damaged"),
    "weights cut by half": (cut(WEIGHTS, lambda p: p.stat().st_size // 2), f"{WEIGHTS} is cut short or damaged"),
    "weights empty": (put(WEIGHTS, b""), f"{WEIGHTS} is cut short or damaged (0 bytes)"),
    "weights garbage": (put(WEIGHTS, bytes(range(256)) * 9), f"{WEIGHTS} is cut short or damaged"),
    "header is a list": (put(WEIGHTS, b"\x02" + bytes(7) + b"[]"), f"{WEIGHTS} is cut short or damaged"),
    "a tensor missing": (tensors(lambda s: s.pop("encoder.layer.0.output.dense.bias")), "lack 1 tensors, encoder.la"),
    "word table missing": (tensors(lambda s: s.pop("embeddings.word_embeddings.weight")), "lack 1 tensors, embeddings"),
    "bin cut by half": (as_bin(lambda size: size // 2), "the weights in"),
    "bin empty": (as_bin(lambda size: 0), "the weights in"),
    "bin is an LFS pointer": (lambda f: (lose(WEIGHTS)(f), put(BIN, POINTER)(f)), f"{BIN} is a git-LFS pointer"),
    "bin holds a list": (other_bin([1, 2]), "the weights in"),
    "bin without tensors": (other_bin({}), "the weights in"),
}


@pytest.mark.parametrize("case", WRONG)
def test_every_way_a_folder_can_be_wrong(folder, case, capfd, recwarn):
    """Another error type, a message without file and cure, chatter from a library, or random weights."""
    damage, told = WRONG[case]
    damage(folder)
    with pytest.raises(CheckpointError) as caught:
        load(folder)
    message = str(caught.value)
    assert told in message
    assert str(folder) in message
    assert CURE in message or any(cure in message for cure in ("give ", "copy ", "check the path"))
    assert "\n" not in message
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


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
