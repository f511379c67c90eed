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
from helpers.checkpoint.integrity import CURE
from helpers.checkpoint.load import load
from helpers.tokenization import check_texts, tokenize

WEIGHTS, BIN, CONFIG, TOKENIZER = "model.safetensors", "pytorch_model.bin", "config.json", "tokenizer.json"
CUT = "is cut short, damaged or a git-LFS pointer"
AGAIN = CURE  # download it again, or use mini-m3
PATH, GIVE = "check the path", "a folder that holds config.json and the weights"
COPY, PULL = "copy the one that belongs to the weights", "run 'git lfs pull'"
UNREAD = "holds weights that cannot be read (damaged, or a pickle of more than tensors"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


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


def as_bin(keep=lambda size: size, zeros=0):
    """The weights as torch saves them: the first ``keep(size)`` bytes, ``zeros`` at the end."""

    def damage(folder):
        torch.save(load_file(folder / WEIGHTS), folder / BIN)
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
    """A tokenizer of another size than the weights, and not one that padding explains."""
    content = json.loads((folder / TOKENIZER).read_text(encoding="utf-8"))
    del content["model"]["vocab"][50:90]
    content["added_tokens"] = [token for token in content["added_tokens"] if token["id"] < 50]
    put(TOKENIZER, content)(folder)


def only_sentencepiece(folder):
    """A folder as older programs write it."""
    (folder / TOKENIZER).rename(folder / "sentencepiece.bpe.model")


# case: (what is done to a whole folder, what is seen, what to do)
FOLDERS = {
    "missing folder": (shutil.rmtree, "does not exist", PATH),
    "a file": (lambda f: (shutil.rmtree(f), f.write_text("x")), "is a file", GIVE),
    "empty folder": (lambda f: (shutil.rmtree(f), f.mkdir()), f"{CONFIG} is missing", AGAIN),
    "no config": (lose(CONFIG), f"{CONFIG} is missing", AGAIN),
    "config is no JSON": (put(CONFIG, b'{"model_type": '), f"{CONFIG} is no JSON", AGAIN),
    "config is no text": (put(CONFIG, b"\xff\xfe\x80"), f"{CONFIG} is no JSON", AGAIN),
    "config is a list": (put(CONFIG, ["xlm-roberta"]), f"{CONFIG} holds a JSON list", AGAIN),
    "config is an LFS pointer": (
        put(CONFIG, POINTER),
        f"{CONFIG} is no JSON (half downloaded, or a git-LFS pointer)",
        PULL,
    ),
    "config is a folder": (
        lambda f: ((f / CONFIG).unlink(), (f / CONFIG).mkdir()),
        "cannot be read",
        PATH + " and your rights to it",
    ),
    "other model": (
        setting(model_type="bert"),
        f"{CONFIG} says model_type='bert', but these stages need 'xlm-roberta'",
        AGAIN,
    ),
    "no vocab_size": (setting(vocab_size=None), "word_embeddings.weight as [400, 8], where its", AGAIN),
    "no positions": (setting(max_position_embeddings=None), "position_embeddings.weight as [34, 8], where its", AGAIN),
    "size is a word": (setting(hidden_size="big"), UNREAD, AGAIN),
    "other padding": (setting(pad_token_id=0), "pad_token_id=0, but these stages need 1", AGAIN),
    "other activation": (setting(hidden_act="relu"), "hidden_act='relu', but these stages need 'gelu'", AGAIN),
    "a decoder": (setting(is_decoder=True), "is_decoder=True, but these stages need False", AGAIN),
    "with cross attention": (setting(add_cross_attention=True), "add_cross_attention=True, but", AGAIN),
    "relative positions": (setting(position_embedding_type="relative_key"), "but these stages need 'absolute'", AGAIN),
    "in 4 bits": (setting(quantization_config={"load_in_4bit": True}), "says quantization_config={'load_in_4", AGAIN),
    "code of its own": (setting(auto_map={"AutoModel": "other.Model"}), "says auto_map={'AutoModel'", AGAIN),
    "other weights": (setting(transformers_weights="x.safetensors"), "says transformers_weights='x.saf", AGAIN),
    "an adapter": (put("adapter_config.json", {"peft_type": "LORA"}), "adapter_config.json is an adapter", "merge it"),
    "an adapter's weights": (put("adapter_model.safetensors", b""), "adapter_model.safetensors is an adapter", "merge"),
    "an adapter alone": (
        lambda f: (lose(CONFIG)(f), lose(WEIGHTS)(f), put("adapter_config.json", {})(f)),
        "adapter_config.json is an adapter",
        "merge it",
    ),
    "heads do not divide": (setting(num_attention_heads=3), UNREAD, AGAIN),
    "other positions": (setting(max_position_embeddings=66), "position_embeddings.weight as [34, 8], where", AGAIN),
    "more layers": (setting(num_hidden_layers=2), "lacks 16 tensors in its weights, encoder.layer.1.", AGAIN),
    "larger vocabulary": (setting(vocab_size=448), "word_embeddings.weight as [400, 8], where its config", AGAIN),
    "no tokenizer": (lose(TOKENIZER), f"{TOKENIZER} is missing", AGAIN),
    "only sentencepiece": (only_sentencepiece, f"{TOKENIZER} is missing, and sentencepiece.bpe.model", "copy that of"),
    "tokenizer cut": (cut(TOKENIZER, lambda p: p.stat().st_size // 2), f"{TOKENIZER} is no JSON", AGAIN),
    "tokenizer is an LFS pointer": (
        put(TOKENIZER, POINTER),
        f"{TOKENIZER} is no JSON (half downloaded, or a git-LFS pointer)",
        PULL,
    ),
    "tokenizer is a list": (put(TOKENIZER, []), f"{TOKENIZER} holds a JSON list", AGAIN),
    "tokenizer is empty": (put(TOKENIZER, {}), f"{TOKENIZER} is not of the kind that these stages describe", AGAIN),
    "tokenizer_config cut": (put("tokenizer_config.json", b"{"), f"{TOKENIZER} is not of the kind", AGAIN),
    "tokenizer of another size": (fewer_pieces, "it comes from another model", COPY),
    "no weights": (lose(WEIGHTS), f"holds neither {WEIGHTS} nor {BIN}, only a tokenizer", AGAIN),
    "weights in several files": (
        lambda f: (f / WEIGHTS).rename(f / "model-00001-of-00001.safetensors") and put(f"{WEIGHTS}.index.json", {})(f),
        "holds its weights in parts",
        'max_shard_size="20GB"',
    ),
    "weights are an LFS pointer": (put(WEIGHTS, POINTER), f"{WEIGHTS} {CUT} (", PULL),
    "weights cut by a byte": (cut(WEIGHTS, lambda p: -1), f"{WEIGHTS} {CUT}", AGAIN),
    "weights cut by half": (cut(WEIGHTS, lambda p: p.stat().st_size // 2), f"{WEIGHTS} {CUT}", AGAIN),
    "weights too long": (lambda f: put(WEIGHTS, (f / WEIGHTS).read_bytes() + b"x")(f), f"{WEIGHTS} {CUT}", AGAIN),
    "weights empty": (put(WEIGHTS, b""), f"{WEIGHTS} {CUT} (0 bytes: ", AGAIN),
    "weights garbage": (put(WEIGHTS, bytes(range(256)) * 9), f"{WEIGHTS} {CUT}", AGAIN),
    "header is a list": (put(WEIGHTS, b"\x02" + bytes(7) + b"[]"), f"{WEIGHTS} {CUT}", AGAIN),
    "a tensor missing": (tensors(lambda s: s.pop("encoder.layer.0.output.dense.bias")), "lacks 1 tensors", AGAIN),
    "word table missing": (tensors(lambda s: s.pop("embeddings.word_embeddings.weight")), "lacks 1 tensors", AGAIN),
    "bin cut by half": (as_bin(lambda size: size // 2), f"{BIN} {CUT}", AGAIN),
    "bin empty": (as_bin(lambda size: 0), f"{BIN} {CUT}", AGAIN),
    "bin is an LFS pointer": (lambda f: (lose(WEIGHTS)(f), put(BIN, POINTER)(f)), f"{BIN} {CUT} (", PULL),
    "bin holds a list": (other_bin([1, 2]), UNREAD, AGAIN),
    "bin without tensors": (other_bin({}), "lacks 21 tensors in its weights", AGAIN),
    "bin is a web page": (lambda f: (lose(WEIGHTS)(f), put(BIN, b"<!DOCTYPE html>")(f)), f"{BIN} {CUT}", AGAIN),
    "bin cut by a byte": (as_bin(lambda size: size - 1), f"{BIN} {CUT}", AGAIN),
    "bin's end not yet written": (as_bin(zeros=999), f"{BIN} {CUT}", AGAIN),
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


BY_ITSELF = "which encode does not do by itself"
MODULES = [["", "models.Transformer"], ["1_Pooling", "models.Pooling"], ["2_Normalize", "models.Normalize"]]


def modules(*rows):
    """modules.json as sentence-transformers writes it."""
    kind = "sentence_transformers."
    return put("modules.json", [{"idx": n, "path": path, "type": kind + name} for n, (path, name) in enumerate(rows)])


def pooling(**config):
    """The configuration of sentence-transformers' pooling."""

    def write(folder):
        (folder / "1_Pooling").mkdir()
        put("1_Pooling/config.json", config)(folder)

    return write


def prompts(**config):
    """What sentence-transformers puts before a text."""
    return put("config_sentence_transformers.json", {"__version__": {"pytorch": "2"}, **config})


# what a folder says beyond its weights, and how the one warning begins or goes on; None: it is computed, or nothing
BEYOND = {
    "mean, by a flag": (pooling(pooling_mode_mean_tokens=True), f"pooling_mode_mean_tokens=True, {BY_ITSELF}"),
    "mean, by name": (pooling(pooling_mode="mean", embedding_dimension=8), f"says pooling_mode='mean', {BY_ITSELF}"),
    "the last token": (pooling(pooling_mode_lasttoken=True), f"pooling_mode_lasttoken=True, {BY_ITSELF}"),
    "two poolings": (pooling(pooling_mode=["cls", "mean"]), f"says pooling_mode=['cls', 'mean'], {BY_ITSELF}"),
    "two poolings, by flags": (pooling(pooling_mode_cls_token=True, pooling_mode_max_tokens=True), "max_tokens=True"),
    "no pooling": (pooling(word_embedding_dimension=8), "says no pooling, so the mean is meant; encode does not by"),
    "no pooling, by flags": (pooling(pooling_mode_cls_token=False, pooling_mode_mean_tokens=False), "says no pooling"),
    "cls, by name": (pooling(pooling_mode="cls", include_prompt=True), None),
    "cls, by a flag": (pooling(pooling_mode_cls_token=True, pooling_mode_mean_tokens=False), None),
    "all modules": (modules(*MODULES), None),
    "modules of version 6": (modules(["", "base.modules.transformer.Transformer"], *MODULES[1:]), None),
    "a dense layer": (
        modules(*MODULES[:2], ["2_Dense", "models.Dense"]),
        "names . (Transformer), 1_Pooling (Pooling), 2_Dense (Dense); encode computes 1_Pooling and 2_Norm",
    ),
    "a layer in between": (
        modules(*MODULES, ["3_LayerNorm", "models.LayerNorm"]),
        "2_Normalize (Normalize), 3_LayerNorm (LayerNorm); encode computes",
    ),
    "a pooling of one's own": (
        put("modules.json", [{"path": path, "type": f"{path or 'my'}.{kind.split('.')[1]}"} for path, kind in MODULES]),
        "names . (my.Transformer), 1_Pooling (1_Pooling.Pooling), 2_Normalize (2_Normalize.Normalize); encode comp",
    ),
    "modules that are none": (put("modules.json", ["a", {}]), "names . (None), . (None); encode computes"),
    "no normalization": (
        modules(*MODULES[:2]),
        "names . (Transformer), 1_Pooling (Pooling); encode computes 1_Pooling and 2_Normalize",
    ),
    "pooling elsewhere": (
        modules(MODULES[0], ["9_Pooling", "models.Pooling"], MODULES[2]),
        "9_Pooling (Pooling), 2_Normalize (Normalize); encode computes 1_Pooling and 2_Normalize",
    ),
    "a prompt": (prompts(prompts={"query": "Represent: ", "document": ""}), "says prompts={'query': 'Represent: ', "),
    "a default prompt": (prompts(default_prompt_name="query"), f"says default_prompt_name='query', {BY_ITSELF}"),
    "fewer dimensions": (prompts(truncate_dim=4), f"says truncate_dim=4, {BY_ITSELF}"),
    "no prompt": (prompts(prompts={"query": "", "document": ""}, default_prompt_name=None), None),
    "lower case": (put("sentence_bert_config.json", {"do_lower_case": True}), f"do_lower_case=True, {BY_ITSELF}"),
    "shorter texts": (
        put("sentence_bert_config.json", {"max_seq_length": 16}),
        "cut to 16 tokens: write max_length=16",
    ),
    "shorter texts, by the tokenizer": (
        lambda f: put("tokenizer_config.json", json.loads((f / "tokenizer_config.json").read_text("utf-8")) | LENGTH)(
            f
        ),
        "cut to 9 tokens: write max_length=9",
    ),
    "shorter texts, by a float": (put("sentence_bert_config.json", {"max_seq_length": 16.0}), "cut to 16.0 tokens"),
    "texts as long": (put("sentence_bert_config.json", {"max_seq_length": 32, "do_lower_case": False}), None),
    "an unknown setting": (setting(matryoshka_dims=[4, 8]), f"{CONFIG} says matryoshka_dims=[4, 8], {BY_ITSELF}"),
    "settings of a trainer": (setting(torch_dtype="float16", output_past=True, id2label={"0": "a"}), None),
    "a reranker's head": (
        tensors(lambda state: state.update({"classifier.dense.weight": torch.ones(1)})),
        "holds 1 tensors in its weights that no stage uses, classifier.dense.weight first",
    ),
    "more layers than the configuration": (
        tensors(lambda state: state.update({"encoder.layer.1.output.dense.bias": torch.ones(8)})),
        "that no stage uses, encoder.layer.1.output.dense.bias first",
    ),
    "no layers": (setting(num_hidden_layers=0), "holds 16 tensors in its weights that no stage uses, encoder.layer.0."),
    "a pooler": (tensors(lambda state: state.update({"pooler.dense.bias": torch.ones(8)})), None),
}
LENGTH = {"model_max_length": 9}


@pytest.mark.parametrize("case", BEYOND)
def test_a_folder_that_says_more_than_the_weights(folder, case, recwarn):
    """Its vectors would be others without a word; the warning names the file, the setting and the reader's line."""
    change, message = BEYOND[case]
    change(folder)
    for read in (load, BgeM3.from_checkpoint):
        recwarn.clear()
        read(folder)
        assert [warning.filename for warning in recwarn] == ([__file__] if message else [])
    assert not message or message in str(recwarn[0].message)
    assert not message or str(folder) in str(recwarn[0].message)


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
    with pytest.raises(
        CheckpointError, match=r"pickle of more than tensors, which is not run|is cut short, damaged"
    ) as caught:
        load(folder)
    assert not mark.exists()
    assert "weights_only" not in str(caught.value)
    assert not recwarn.list
