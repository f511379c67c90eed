"""The stages in a row: ``BgeM3.walk`` by hand with every tensor kept, ``BgeM3.encode`` fast, for real work.

Both give the same vectors. ``walk`` runs the five stages of this package and returns all that happens
on the way; ``encode`` runs the library's own forward pass, batched by length.

    bge = BgeM3.from_checkpoint()
    vectors = bge.encode(["什么是大型语言模型？", "What is a large language model?"])
"""

from __future__ import annotations

import copy
import os
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from tqdm.auto import tqdm

from helpers.checkpoint.find import Checkpoint
from helpers.checkpoint.load import load_with_vocabulary
from helpers.devices import check_dtype, check_finite, choose_device
from helpers.embedding_layers import embed
from helpers.encoder import encode_stack
from helpers.normalization import l2_normalize
from helpers.pooling import check_pooling, pool
from helpers.tokenization import check_max_length, check_texts, cut, pad, tokenize
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


@dataclass(frozen=True, eq=False)
class BgeM3:
    """A loaded checkpoint: the library's model and tokenizer, and what the stages need of them."""

    model: XLMRobertaModel
    tokenizer: PreTrainedTokenizerBase
    vocabulary: Vocabulary
    checkpoint: Checkpoint

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
        model, tokenizer, vocabulary, checkpoint = load_with_vocabulary(which, dtype)
        return cls(model.to(place), tokenizer, vocabulary, checkpoint)

    @property
    def max_length(self) -> int:
        """The checkpoint's longest text in tokens: 8,192 for bge-m3, 512 for mini-m3."""
        return self.checkpoint.max_length

    def __repr__(self) -> str:
        dtype = str(self.model.dtype).removeprefix("torch.")
        return f"BgeM3({self.checkpoint}; {dtype} on {self.model.device}, up to {self.max_length:,} tokens)"

    @torch.inference_mode()
    def walk(
        self, texts: Sequence[str], *, max_length: int | None = None, pooling: str = "cls", attentions: bool = True
    ) -> Walk:
        """Take a few texts through all stages, by hand, keeping every tensor.

        Memory grows with layers × heads × T²; ``attentions=False`` drops the maps of all layers but the one
        at work. For many or long texts use ``encode``. Raises and warns as ``helpers.tokenization`` does.

        >>> bge.walk(["Hello"]).vectors.shape  # mini-m3: H = 256
        torch.Size([1, 256])
        """
        texts, limit = check_texts(texts), check_max_length(max_length, self.max_length)
        check_pooling(pooling)
        batch = tokenize(texts, self.vocabulary, limit, stacklevel=4)  # the caller's line, above torch's decorator
        ids, mask = batch.ids.to(self.model.device), batch.mask.to(self.model.device)
        embedded = embed(ids, self.model)
        encoded = encode_stack(embedded.output, mask, self.model, attentions)
        pooled = pool(encoded.hidden_states[-1], mask, pooling)
        return Walk(
            texts, batch.tokens, ids, mask, embedded.position_ids, embedded.word, embedded.position,
            embedded.token_type, encoded.hidden_states, encoded.attentions, pooled, l2_normalize(pooled),
        )  # fmt: skip

    @torch.inference_mode()
    def encode(
        self, texts: Sequence[str], *, batch_size: int = 32, max_length: int | None = None, pooling: str = "cls",
        normalize: bool = True, dtype: torch.dtype | None = None, device: str | None = None, progress: bool = True,
    ) -> np.ndarray:  # fmt: skip
        """Vectors of any number of texts, float32 ``(n, H)``, in input order.

        Texts of like length share a batch, so little is computed for padding. ``dtype`` and ``device``
        default to the model's own; any other makes a copy of the model for this call. ``progress``
        shows a bar from the second batch on.

        Raises ``TypeError``/``ValueError`` for bad texts or options before any work starts, ``ValueError``
        also when nan comes out; warns (``TruncationWarning``) about texts longer than ``max_length`` (``None``:
        the checkpoint's limit).

        >>> bge.encode(["Hello", "你好"]).shape  # mini-m3: H = 256
        (2, 256)
        """
        texts, limit = check_texts(texts), check_max_length(max_length, self.max_length)
        check_pooling(pooling)
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size < 1:
            raise ValueError(f"batch_size={batch_size!r} must be a whole number of at least 1")
        check_dtype(dtype)
        model = self.model
        place = model.device if device is None else choose_device(device)
        if (place, dtype or model.dtype) != (model.device, model.dtype):
            model = copy.deepcopy(model).to(device=place, dtype=dtype)
        rows: list[array] = []
        for start in range(0, len(texts), CHUNK):
            encoded = self.tokenizer(texts[start : start + CHUNK], truncation=False, padding=False, verbose=False)
            rows += [array("i", ids) for ids in encoded["input_ids"]]  # 4 bytes an id; a list of int takes 36
        rows = cut(rows, limit, texts, stacklevel=4)  # the caller's line, above torch's decorator
        order = sorted(range(len(rows)), key=lambda number: -len(rows[number]))
        vectors = np.empty((len(rows), model.config.hidden_size), dtype=np.float32)
        with tqdm(total=len(rows), desc="encode", unit="text", disable=not progress or len(rows) <= batch_size) as bar:
            for start in range(0, len(order), batch_size):
                numbers = order[start : start + batch_size]
                ids, mask = (tensor.to(place) for tensor in pad([rows[number].tolist() for number in numbers]))
                hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state  # (b, T, H)
                pooled = check_finite(pool(hidden, mask, pooling)).float()  # (b, H)
                vectors[numbers] = (l2_normalize(pooled) if normalize else pooled).cpu().numpy()
                bar.update(len(numbers))
        return vectors
