"""All three outputs from one pass: by plain loops over the walk, as FlagEmbedding's, and without their layers."""

import dataclasses
import importlib.util
import shutil

import pytest
import torch
from conftest import TEXTS
from test_pipeline import near

from helpers import BgeM3, CheckpointError, lexical_score, max_sim, weighted_sum
from helpers.checkpoint.find import MINI
from helpers.normalization import cosine

SHORT = [text for text in TEXTS if len(text) < 200]
PAIRS = [(SHORT[0], SHORT[4]), (SHORT[4], SHORT[0]), (SHORT[1], SHORT[5]), (SHORT[8], SHORT[8])]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """mini-m3 with random layers for the two other outputs, in float16 as bge-m3 keeps them."""
    folder = shutil.copytree(MINI, tmp_path_factory.mktemp("outputs") / "mini")
    chance = torch.Generator().manual_seed(0)
    for name, rows in (("sparse_linear.pt", 1), ("colbert_linear.pt", 384)):
        state = {
            "weight": torch.randn(rows, 384, generator=chance) / 16,
            "bias": torch.randn(rows, generator=chance) / 9,
        }
        torch.save({key: value.half() for key, value in state.items()}, folder / name)
    return folder


@pytest.fixture(scope="module")
def bge(folder):
    """The same, loaded."""
    return BgeM3.from_checkpoint(folder, device="cpu")


@pytest.fixture(scope="module")
def outputs(bge):
    """The outputs of the awkward texts, several batches."""
    return bge.encode_outputs(TEXTS, tokens_per_batch=100, progress=False)


def test_dense_is_encodes(bge, outputs):
    """One pass more or less makes no difference."""
    assert outputs.dense.dtype == torch.float32
    near(outputs.dense, bge.encode(TEXTS))


def test_by_a_plain_loop(bge, folder, outputs):
    """Token by token from the hidden states of the walk, <s> and padding left out."""
    sparse, colbert = (torch.load(folder / f"{name}_linear.pt", weights_only=True) for name in ("sparse", "colbert"))
    walk = bge.walk(TEXTS, attentions=False)
    for row, (weights, vectors) in enumerate(zip(outputs.lexical, outputs.multi_vector, strict=True)):
        real = int(walk.mask[row].sum())
        hidden, ids = walk.hidden_states[-1][row, :real], walk.ids[row, :real].tolist()
        expected = {}
        for number, state in zip(ids, hidden, strict=True):
            weight = max(0.0, float(sparse["weight"].float()[0] @ state + sparse["bias"].float()))
            if number > 3 and weight:
                expected[number] = max(weight, expected.get(number, 0.0))
        assert weights == pytest.approx(expected, abs=1e-5)
        plain = torch.stack([colbert["weight"].float() @ state + colbert["bias"].float() for state in hidden[1:]])
        assert vectors.shape == (real - 1, 384)
        near(vectors, plain / plain.norm(dim=1, keepdim=True))


def test_order_and_limits(bge, outputs):
    """Sorting by length is undone in all three; a cut text has the vectors of what is left of it."""
    again = bge.encode_outputs(TEXTS[::-1], batch_size=3, progress=False)
    near(again.dense, outputs.dense.flip(0))
    assert again.lexical[::-1] == [pytest.approx(weights, abs=1e-5) for weights in outputs.lexical]
    for ours, theirs in zip(again.multi_vector[::-1], outputs.multi_vector, strict=True):
        near(ours, theirs)
    with pytest.warns(match="cut to max_length=8"):
        short = bge.encode_outputs(["语言 model " * 9, ""], max_length=8)
    assert [vectors.shape for vectors in short.multi_vector] == [(7, 384), (1, 384)]
    assert short.lexical[1] == {}


def test_half_precision(bge, outputs):
    """The options of encode; float32 comes back."""
    half = bge.encode_outputs(SHORT, dtype=torch.bfloat16)
    assert half.dense.dtype == half.multi_vector[0].dtype == torch.float32
    near(half.dense, outputs.dense[[TEXTS.index(text) for text in SHORT]], 4e-2)


def test_a_checkpoint_without_the_layers(folder, bge, tmp_path):
    """The error names the file, and the vectors need neither."""
    for name in ("sparse_linear.pt", "colbert_linear.pt"):
        without = shutil.copytree(folder, tmp_path / name)
        (without / name).unlink()
        other = dataclasses.replace(bge, checkpoint=dataclasses.replace(bge.checkpoint, path=without))
        with pytest.raises(CheckpointError, match=name):
            other.encode_outputs(["a"])
        assert other.encode(["a"]).shape == (1, 384)


def test_nan_is_refused(bge):
    """As in encode."""
    spoilt = dataclasses.replace(bge)
    bias = bge.model.encoder.layer[3].output.dense.bias
    kept = bias.data.clone()
    try:
        bias.data.fill_(float("nan"))
        with pytest.raises(ValueError, match="nan or infinity comes out"):
            spoilt.encode_outputs(["a"])
    finally:
        bias.data.copy_(kept)


@pytest.mark.skipif(not importlib.util.find_spec("FlagEmbedding"), reason="compares with FlagEmbedding where it is")
def test_outputs_and_scores_are_flagembeddings(folder, bge):
    """The reference implementation of the model's authors: every output, every score and both sums, to 1e-4."""
    from FlagEmbedding import BGEM3FlagModel

    theirs = BGEM3FlagModel(str(folder), use_fp16=False, devices="cpu", normalize_embeddings=True)
    out = theirs.encode(SHORT, return_dense=True, return_sparse=True, return_colbert_vecs=True)
    ours = bge.encode_outputs(SHORT, progress=False)
    near(ours.dense, out["dense_vecs"], 1e-4)
    for found, expected in zip(ours.lexical, out["lexical_weights"], strict=True):
        assert found == pytest.approx({int(number): float(weight) for number, weight in expected.items()}, abs=1e-4)
    for found, expected in zip(ours.multi_vector, out["colbert_vecs"], strict=True):
        near(found, expected, 1e-4)
    for weights in ((1.0, 1.0, 1.0), (0.4, 0.2, 0.4)):
        for query, passage in PAIRS:  # one pair at a time: in a batch their padding scores 0 where all else is below
            expected = theirs.compute_score([query, passage], weights_for_different_modes=list(weights))
            one, two = SHORT.index(query), SHORT.index(passage)
            dense = cosine(ours.dense[one], ours.dense[two]).item()
            lexical = lexical_score(ours.lexical[one], ours.lexical[two])
            multi = max_sim(ours.multi_vector[one], ours.multi_vector[two])
            assert [dense, lexical, multi] == pytest.approx(
                [expected[n] for n in ("dense", "sparse", "colbert")], abs=1e-4
            )
            both = weighted_sum(dense, lexical, multi, (*weights[:2], 0.0))
            assert both == pytest.approx(expected["sparse+dense"], abs=1e-4)
            assert weighted_sum(dense, lexical, multi, weights) == pytest.approx(
                expected["colbert+sparse+dense"], abs=1e-4
            )
