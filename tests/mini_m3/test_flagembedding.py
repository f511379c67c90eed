"""FlagEmbedding, the reference implementation of bge-m3's authors, loads mini-m3 and gives our numbers."""

from __future__ import annotations

import pytest
import torch

from classroom.passages import load_questions
from helpers import BgeM3
from helpers.checkpoint.find import MINI

pytestmark = pytest.mark.flagembedding


def test_bge_m3_flag_model_gives_our_three_outputs(mini: BgeM3) -> None:
    """Dense vectors, lexical weights by id, and token vectors of questions and passages in two languages."""
    from FlagEmbedding import BGEM3FlagModel

    rows = load_questions()[::10]
    texts = [text for row in rows for text in (row.question, row.passage)]
    model = BGEM3FlagModel(str(MINI), use_fp16=False, devices="cpu", normalize_embeddings=True)
    theirs = model.encode(texts, max_length=512, return_dense=True, return_sparse=True, return_colbert_vecs=True)
    ours = mini.encode_outputs(texts, progress=False)
    torch.testing.assert_close(torch.as_tensor(theirs["dense_vecs"]), ours.dense, atol=1e-4, rtol=0)
    for found, weights in zip(theirs["lexical_weights"], ours.lexical, strict=True):
        assert {int(key): float(value) for key, value in found.items()} == pytest.approx(weights, abs=1e-4)
    for found, vectors in zip(theirs["colbert_vecs"], ours.multi_vector, strict=True):
        torch.testing.assert_close(torch.as_tensor(found), vectors, atol=1e-4, rtol=0)
