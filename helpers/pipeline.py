"""The stages in a row: ``BgeM3.walk`` by hand with every tensor kept, ``BgeM3.encode`` fast, for real work.

Both give the same vectors. ``walk`` runs the five stages of this package and returns all that happens on the way;
``encode`` packs many texts into one row (``helpers.packing``). ``encode_outputs`` gives the model's two other
outputs too, lexical weights and token vectors, from one pass.

    bge = BgeM3.from_checkpoint()
    vectors = bge.encode(["什么是大型语言模型？", "What is a large language model?"])
"""

from __future__ import annotations

import copy
import os
import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from tqdm.auto import tqdm

from helpers.checkpoint.find import Checkpoint
from helpers.checkpoint.load import load, load_linear
from helpers.devices import batch_limits, check_dtype, check_finite, choose_device
from helpers.embedding_layers import embed
from helpers.encoder import encode_stack
from helpers.lexical import lexical_weights
from helpers.multi_vector import token_vectors
from helpers.normalization import l2_normalize
from helpers.packing import batches, packed_states
from helpers.pooling import check_pooling, pool
from helpers.tokenization import check_max_length, check_texts, cut, own_copy, tokenize
from helpers.unigram import Vocabulary

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, XLMRobertaModel


CHUNK = 256  # texts tokenized at a time: the tokenizer's own records take a hundred bytes a token


@dataclass(frozen=True)
class Walk:
    """Every intermediate value of one walk. B texts, T tokens, H hidden size, A heads, L layers."""

    texts: list[str]
    tokens: list[list[str]]
    ids: Tensor  # (B, T)
    mask: Tensor  # (B, T)
    position_ids: Tensor  # (B, T)
    word: Tensor  # (B, T, H)
    position: Tensor  # (B, T, H)
    token_type: Tensor  # (B, T, H)
    hidden_states: tuple[Tensor, ...]  # L + 1 of (B, T, H); [0] is the sum of the three after LayerNorm
    attentions: tuple[Tensor, ...]  # L of (B, A, T, T)
    pooled: Tensor  # (B, H)
    vectors: Tensor  # (B, H), length 1

    def shapes(self) -> dict[str, list[int]]:
        """The shape of every tensor by name; of a tuple, its length first."""
        values = {name: getattr(self, name) for name in list(self.__dataclass_fields__)[2:]}
        return {n: [len(v), *v[0].shape] if type(v) is tuple else list(v.shape) for n, v in values.items() if len(v)}


@dataclass(frozen=True)
class Outputs:
    """bge-m3's three outputs for n texts, in input order; ``helpers.multi_vector`` says how each is compared."""

    dense: Tensor  # (n, H), length 1
    lexical: list[dict[int, float]]  # n times the weight of each input id
    multi_vector: list[Tensor]  # n of (T − 1, H), length 1: a vector for each token of the text but <s>


@dataclass(frozen=True, eq=False)
class BgeM3:
    """A loaded checkpoint: the library's model and tokenizer, and which one it is."""

    model: XLMRobertaModel
    tokenizer: PreTrainedTokenizerBase
    checkpoint: Checkpoint
    _own_tokenizer: PreTrainedTokenizerBase = field(init=False, repr=False)  # ``tokenizer`` may be in use elsewhere

    def __post_init__(self) -> None:
        object.__setattr__(self, "_own_tokenizer", own_copy(self.tokenizer))

    @classmethod
    def from_checkpoint(
        cls, which: str | os.PathLike[str] = "auto", *, dtype: torch.dtype = torch.float32, device: str = "auto"
    ) -> BgeM3:
        """Load a checkpoint: ``"auto"``, ``"mini"``, ``"real"`` or a path (see ``helpers.checkpoint``).

        ``dtype`` is float32 unless told otherwise, whatever the file stores. Raises ``CheckpointError``
        for a folder that cannot be used and ``ValueError`` for a device that is not there.
        """
        check_dtype(dtype)
        place = choose_device(device)
        model, tokenizer, checkpoint = load(which, dtype, stacklevel=3)
        return cls(model.to(place), tokenizer, checkpoint)  # type: ignore[arg-type]  # transformers' own

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The tokenizer's pieces and scores, which ``walk`` needs and ``encode`` does not."""
        return Vocabulary.of(self._own_tokenizer)

    @property
    def max_length(self) -> int:
        """The checkpoint's longest text in tokens: 8,192 for bge-m3, 512 for mini-m3."""
        return self.checkpoint.max_length

    def __repr__(self) -> str:
        dtype = str(self.model.dtype).removeprefix("torch.")
        return f"BgeM3({self.checkpoint}; {dtype} on {self.model.device}, up to {self.max_length:,} tokens)"

    @torch.no_grad()
    def walk(
        self, texts: Sequence[str], *, max_length: int | None = None, pooling: str = "cls", attentions: bool = True
    ) -> Walk:
        """Take a few texts through all stages, by hand, keeping every tensor.

        Memory grows with layers × heads × T²; ``attentions=False`` drops the maps of all layers but the one
        at work. For many or long texts use ``encode``. Raises and warns as ``encode`` does.

        >>> bge.walk(["Hello"]).vectors.shape  # mini-m3: H = 384
        torch.Size([1, 384])
        """
        texts, limit = check_texts(texts), check_max_length(max_length, self.max_length)
        check_pooling(pooling)
        batch = tokenize(texts, self.vocabulary, limit, stacklevel=4)  # the caller's line, above torch's decorator
        ids, mask = batch.ids.to(self.model.device), batch.mask.to(self.model.device)
        embedded = embed(ids, self.model)
        encoded = encode_stack(embedded.output, mask, self.model, attentions)
        pooled = check_finite(pool(encoded.hidden_states[-1], mask, pooling))
        return Walk(
            texts, batch.tokens, ids, mask, embedded.position_ids, embedded.word, embedded.position,
            embedded.token_type, encoded.hidden_states, encoded.attentions, pooled, l2_normalize(pooled),
        )  # fmt: skip

    @torch.no_grad()
    def encode(
        self, texts: Sequence[str], *, batch_size: int | None = None, tokens_per_batch: int | None = None,
        max_length: int | None = None, pooling: str = "cls", normalize: bool = True,
        dtype: torch.dtype | None = None, device: str | None = None, progress: bool = True,
    ) -> Tensor:  # fmt: skip
        """Vectors of any number of texts, float32 ``(n, H)`` on the CPU, in input order.

        Texts of like length go through the layers together, up to ``tokens_per_batch`` of their tokens at a time
        (``None``: what suits the device) or up to ``batch_size`` texts. ``dtype`` and ``device`` default to the
        model's own; any other makes a copy of the model for this call. ``progress`` shows a bar from the second
        batch on.

        Raises ``TypeError``/``ValueError`` for bad texts or options before any work starts, ``ValueError``
        also when nan comes out; warns (``TruncationWarning``) about texts longer than ``max_length`` (``None``:
        the checkpoint's limit).

        >>> bge.encode(["Hello", "你好"]).shape  # mini-m3: H = 384
        torch.Size([2, 384])
        """
        texts = check_texts(texts)
        check_pooling(pooling)
        vectors = torch.empty(len(texts), self.model.config.hidden_size)
        options = batch_size, tokens_per_batch, max_length, dtype, device, progress
        for numbers, states in self._states(texts, *options):
            pooled = torch.cat([pool(hidden, torch.ones_like(ids), pooling) for ids, hidden in states])
            pooled = check_finite(pooled).float()  # (b, H)
            vectors[numbers] = (l2_normalize(pooled) if normalize else pooled).cpu()
        return vectors

    @torch.no_grad()
    def encode_outputs(
        self, texts: Sequence[str], *, batch_size: int | None = None, tokens_per_batch: int | None = None,
        max_length: int | None = None, dtype: torch.dtype | None = None, device: str | None = None,
        progress: bool = True,
    ) -> Outputs:  # fmt: skip
        """All three outputs of any number of texts from one pass: vectors, lexical weights, token vectors.

        The token vectors take 4 · H bytes a token (4 KB for bge-m3): encode a large collection part by part.
        Options, errors and warnings are those of ``encode``; ``CheckpointError`` names ``sparse_linear.pt`` or
        ``colbert_linear.pt`` if the checkpoint has none.

        >>> bge.encode_outputs(["Hello"]).multi_vector[0].shape  # ▁Hello and </s>
        torch.Size([2, 384])
        """
        texts = check_texts(texts)
        linears: list[Sequence[Tensor]] = list(self._linears)
        dense = torch.empty(len(texts), self.model.config.hidden_size)
        lexical: list[dict[int, float]] = [{} for _ in texts]
        multi_vector = [torch.empty(0)] * len(texts)
        options = batch_size, tokens_per_batch, max_length, dtype, device, progress
        for numbers, states in self._states(texts, *options):
            first = check_finite(torch.cat([hidden[:, 0] for _, hidden in states])).float()  # (b, H)
            dense[numbers] = l2_normalize(first).cpu()
            some = states[0][1]  # the layers go where the hidden states are, once
            linears = [[part.to(some) for part in linear] for linear in linears]
            weights = [weight for ids, hidden in states for weight in lexical_weights(hidden, ids, *linears[0])]
            vectors = [vector for _, hidden in states for vector in token_vectors(hidden, *linears[1]).float().cpu()]
            for number, weight, vector in zip(numbers, weights, vectors, strict=True):
                lexical[number], multi_vector[number] = weight, vector
        return Outputs(dense, lexical, multi_vector)

    @cached_property
    def _linears(self) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """Weight and bias of ``sparse_linear.pt`` and of ``colbert_linear.pt``, read when first used."""
        folder, size = self.checkpoint.path, self.model.config.hidden_size
        return load_linear(folder, "sparse_linear.pt", 1, size), load_linear(folder, "colbert_linear.pt", size, size)

    def _states(
        self, texts: list[str], batch_size: int | None, tokens_per_batch: int | None, max_length: int | None,
        dtype: torch.dtype | None, device: str | None, progress: bool,
    ) -> Iterator[tuple[list[int], list[tuple[Tensor, Tensor]]]]:  # fmt: skip
        """Batch by batch the numbers of its texts and their last hidden states, as ``packed_states`` gives them."""
        limit = check_max_length(max_length, self.max_length)
        check_dtype(dtype)
        model = self.model
        place = model.device if device is None else choose_device(device)
        limits = batch_limits(place, batch_size, tokens_per_batch)
        if (place, dtype or model.dtype) != (model.device, model.dtype):
            model = copy.deepcopy(model).to(device=place, dtype=dtype)  # type: ignore[call-arg]
        rows: list[array] = []
        for start in range(0, len(texts), CHUNK):
            encoded = self._own_tokenizer(texts[start : start + CHUNK], truncation=False, padding=False, verbose=False)
            rows += [array("i", ids) for ids in encoded["input_ids"]]  # 4 bytes an id; a list of int takes 36
        rows = cut(rows, limit, texts, stacklevel=5)  # the caller's line, above torch's decorator and the method
        plan = list(batches([len(row) for row in rows], *limits))
        total, began, done = sum(map(len, rows)), time.perf_counter(), 0
        with tqdm(
            total=total, desc="encode", unit="tok", unit_scale=True, disable=not progress or len(plan) < 2
        ) as bar:
            for numbers in plan:
                yield numbers, packed_states([rows[number] for number in numbers], model)
                done += len(numbers)
                bar.set_postfix_str(f"{done / (time.perf_counter() - began):.1f} texts/s", refresh=False)
                bar.update(sum(len(rows[number]) for number in numbers))
