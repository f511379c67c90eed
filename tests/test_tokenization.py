"""Stage 1, the ids: padding, truncation, pairs, bad input, and the recorded ids of the real model."""

import collections
import copy
import email
import json
import os
import types
import warnings

import numpy as np
import pytest
import torch
from conftest import FULL, TEXTS
from hypothesis import given
from hypothesis import strategies as st

from helpers.checkpoint.find import MINI
from helpers.tokenization import (
    Batch,
    TruncationWarning,
    check_max_length,
    check_texts,
    cut,
    own_copy,
    pad,
    piece_id,
    tokenize,
    tokenize_pair,
)  # fmt: skip


@pytest.fixture(scope="module")
def real_ids():
    """For each of mini-m3's ids bge-m3's own."""
    return json.loads((MINI / "bge_m3_ids.json").read_text(encoding="utf-8"))


def library(mini, texts, **options):
    """The library's own padded batch."""
    return mini.tokenizer(texts, padding=True, return_tensors="pt", **options)


def test_batch_is_the_librarys(mini):
    """Wrong padding side, id, dtype or mask."""
    batch, expected = tokenize(TEXTS, mini.vocabulary, 512), library(mini, TEXTS)
    assert set(expected) == {"input_ids", "attention_mask"}  # XLM-R has no token_type_ids
    assert isinstance(batch, Batch)
    assert batch.ids.dtype == batch.mask.dtype == torch.int64
    assert torch.equal(batch.ids, expected["input_ids"])
    assert torch.equal(batch.mask, expected["attention_mask"])
    assert [len(row) for row in batch.tokens] == batch.mask.sum(dim=1).tolist()
    assert all(row[0] == "<s>" and row[-1] == "</s>" for row in batch.tokens)


@pytest.mark.parametrize("limit", [3, 4, 8, 100, 511])
def test_truncation_is_the_librarys(mini, limit):
    """The end must go, the closing </s> must stay, and tokens must be cut with their ids."""
    with pytest.warns(TruncationWarning):
        batch = tokenize(TEXTS, mini.vocabulary, limit)
    expected = library(mini, TEXTS, truncation=True, max_length=limit)
    assert torch.equal(batch.ids, expected["input_ids"])
    assert torch.equal(batch.mask, expected["attention_mask"])
    assert [len(row) for row in batch.tokens] == batch.mask.sum(dim=1).tolist()
    assert all(row[-1] == "</s>" for row in batch.tokens)


def test_exact_limit_does_not_warn(mini):
    """An off-by-one would cut a text that fits."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tokenize([FULL], mini.vocabulary, 512).ids.shape == (1, 512)
    with pytest.warns(TruncationWarning, match="lost 1 of 513 tokens"):
        assert tokenize([FULL.rstrip() + "."], mini.vocabulary, 512).ids.shape == (1, 512)


def test_truncation_warning_names_texts_and_loss(mini):
    """One warning for all texts; who lost how much must be readable from it."""
    with pytest.warns(TruncationWarning) as caught:
        tokenize(["short", *[f"{word} " * 20 for word in ("你好", "b", "c", "d", "e", "f", "g")]], mini.vocabulary, 11)
    (warning,) = caught
    message = str(warning.message)
    assert message.startswith("7 of 8 texts cut to max_length=11: [1] '你好 你好 ")
    assert "[2] 'b b b" in message and "lost 11 of 22 tokens (50%)" in message
    assert "[0]" not in message
    assert message.endswith("; and 2 more")


@given(st.lists(st.lists(st.integers(4, 99), max_size=9).map(lambda row: [0, *row, 2]), min_size=1, max_size=6))
def test_pad_keeps_rows_and_marks_them(rows):
    """Every row comes back from its mask; everything else is <pad>."""
    ids, mask = pad(rows)
    assert ids.shape == mask.shape == (len(rows), max(map(len, rows)))
    assert [i[m.bool()].tolist() for i, m in zip(ids, mask, strict=True)] == rows
    assert (ids[mask == 0] == 1).all()


def test_pad_and_cut_examples():
    """What the documentation promises."""
    ids, mask = pad([[0, 9, 2], [0, 2]])
    assert ids.tolist() == [[0, 9, 2], [0, 2, 1]]
    assert mask.tolist() == [[1, 1, 1], [1, 1, 0]]
    with pytest.warns(TruncationWarning):
        assert cut([[0, 7, 8, 9, 2], [0, 2]], 3, ["long", ""]) == [[0, 7, 2], [0, 2]]


class Table:
    """Iterates over its columns' names, as pandas' DataFrame does."""

    shape = (2, 2)

    def __iter__(self):
        return iter(("text", "label"))


class Column:
    """A column of a table: one dimension, an index, and the texts when iterated over, as pandas' Series."""

    shape = (2,)

    def keys(self):
        """The index."""
        return range(2)

    def __iter__(self):
        return iter(("a", ""))


class Bag(collections.abc.Collection):
    """Holds texts in no order, as a set does, without being one."""

    def __iter__(self):
        return iter(("a", "b"))

    def __len__(self):
        return 2

    def __contains__(self, text):
        return text in ("a", "b")


UNORDERED = {
    "a set": {"a", "b"},
    "a frozen set": frozenset("ab"),
    "a dict": {"text": ["a"], "label": ["b"]},
    "a dict of texts": {"a": 1},
    "a Counter": collections.Counter(["a"]),
    "the environment": os.environ,
    "a mapping view": types.MappingProxyType({"text": "a"}),
    "an e-mail": email.message_from_string("Subject: a\n\nb"),
    "a table": Table(),
    "an array of two dimensions": np.array([["a", "b"]]),
    "an array of none": np.array("a"),
    "one word of an array": np.array(["a"])[0],
    "keys": {"text": ["a"]}.keys(),
    "a bag": Bag(),
    "a class": list,
}


@pytest.mark.parametrize("case", UNORDERED)
def test_containers_that_iterate_over_names_or_without_an_order(mini, case):
    """Vectors of the words "text" and "label", or in an order that is nobody's; the message says what to pass."""
    texts = UNORDERED[case]
    for call in (check_texts, mini.walk, mini.encode, lambda texts: tokenize(texts, mini.vocabulary, 512)):
        with pytest.raises(TypeError, match=r'must be a list of strings, not \w+; .* df\["text"\]\.tolist'):
            call(texts)


def test_good_texts_become_a_list():
    """Whatever gives strings one after another is welcome, and order is kept."""
    both = ["a", ""]
    kinds = [
        both,
        tuple(both),
        iter(both),
        np.array(both),
        Column(),
        collections.deque(both),
        dict(enumerate(both)).values(),
    ]
    for texts in kinds:
        assert check_texts(texts) == both


@pytest.mark.parametrize("bad", [True, 8.0, "8", np.float64(8), np.True_])
def test_max_length_of_another_type(bad):
    """True would silently mean 1."""
    with pytest.raises(TypeError, match="max_length must be an int or None"):
        check_max_length(bad, 512)


@pytest.mark.parametrize("bad", [-1, 0, 2, 513])
def test_max_length_out_of_range(bad):
    """Beyond the limit the position table ends; below 3 no piece is left."""
    with pytest.raises(ValueError, match=f"max_length={bad} is out of range; this checkpoint takes 3 to 512"):
        check_max_length(bad, 512)


def test_max_length_in_range():
    """The borders belong to the range, and None is the limit."""
    assert [check_max_length(length, 512) for length in (3, 512, None, np.int64(8))] == [3, 512, 512, 8]


@pytest.mark.parametrize(("first", "second"), [("你好", "Hello"), ("", ""), ("a", ""), ("I <mask> it", "＜ｓ＞ x")])
def test_pairs_are_the_librarys(mini, first, second):
    """XLM-R separates a pair by two </s>, not one."""
    (expected,) = mini.tokenizer([(first, second)])["input_ids"]
    assert tokenize_pair(first, second, mini.vocabulary) == expected


def test_pairs_are_checked(mini):
    """A pair takes two strings, nothing else."""
    with pytest.raises(TypeError, match=r"texts\[1\] is NoneType"):
        tokenize_pair("a", None, mini.vocabulary)


def test_piece_ids(mini):
    """Special tokens, ordinary pieces, and <unk> for the rest."""
    assert [piece_id(p, mini.vocabulary) for p in ("<s>", "<pad>", "</s>", "no such piece")] == [0, 1, 2, 3]
    assert piece_id("▁model", mini.vocabulary) == mini.tokenizer.convert_tokens_to_ids("▁model")


def test_recorded_ids_of_the_real_model(mini, real_ids, reference):
    """The trimmed vocabulary must cut the walk-through's sentences exactly as bge-m3 does."""
    real, recorded = torch.tensor(real_ids), reference["walkthrough"]
    batch = tokenize(recorded["sentences"], mini.vocabulary, 512)
    assert real[batch.ids].tolist() == recorded["input_ids"]
    assert batch.mask.tolist() == recorded["attention_mask"]


def test_recorded_lexical_ids_of_the_real_model(mini, real_ids, reference):
    """bge-m3's recorded lexical weights name tokens of their own text only."""
    real = torch.tensor(real_ids)
    for text, weights in reference["lexical_weights"]["texts"].items():
        ids = real[tokenize([text], mini.vocabulary, 512).ids[0]].tolist()
        assert set(map(int, weights)) <= set(ids[1:-1]), text


def test_table_of_real_ids(mini, real_ids, reference):
    """One real id for each mini id, in the real order, special tokens where bge-m3 has them."""
    assert len(real_ids) == mini.model.config.vocab_size
    assert real_ids == sorted(set(real_ids))
    assert real_ids[:4] == [0, 1, 2, 3] and real_ids[-1] == reference["config"]["vocab_size"] - 1  # <mask> comes last


def test_own_copy(mini):
    """The same ids from the same vocabulary, tokens added by hand too; padding and truncation stay on their side."""
    tokenizer = copy.deepcopy(mini.tokenizer)
    tokenizer.add_tokens(["COVID-19", "foobar"])
    texts = [*TEXTS, "foobar is COVID-19 foobarfoobar"]
    own = own_copy(tokenizer)
    assert own(texts)["input_ids"] == tokenizer(texts)["input_ids"]
    assert own.backend_tokenizer.to_str() == tokenizer.backend_tokenizer.to_str()
    one, other = own.backend_tokenizer, tokenizer.backend_tokenizer
    own(["a b", "c"], padding=True, truncation=True, max_length=3)
    assert (one.truncation["max_length"], one.padding is None) == (3, False)
    assert (other.truncation, other.padding) == (None, None)
    tokenizer(["a b", "c"], padding="max_length", truncation=True, max_length=4)
    assert (one.truncation["max_length"], other.truncation["max_length"]) == (3, 4)
