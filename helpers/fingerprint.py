"""Are these the weights of bge-m3? Told by the first numbers of one vector, recorded from the real model.

A fine-tuned model has the same shape and the same files, and nothing recorded from bge-m3 may be claimed
of it. One text of eight tokens through the loaded model takes 0.2 s and tells them apart. It is no proof
that everything is right: that is ``helpers.verify``. Two limits: loaded in bfloat16, a model that was
fine-tuned by very little passes too; and a copy that was *stored* in 16 bit does not pass in float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, XLMRobertaModel

# Recorded: BAAI/bge-m3, float32, CPU, CLS pooling, length 1 (tests/reference/real_bge_m3.json, "walkthrough").
TEXT = "什么是大型语言模型？"
NUMBERS = (
    -0.03327692, -0.03054914, -0.00830118, -0.02365865, -0.00107772,
    -0.00756135, 0.00985107, -0.01994906, -0.00338586, -0.04969517,
)  # fmt: skip
# Recorded to eight places; rounding differs between processors, and in 16 bit it adds up over 24 layers.
LIMITS = {torch.float16: 1e-3, torch.bfloat16: 5e-3}
LIMIT = 1e-4


@torch.inference_mode()
def is_bge_m3(model: XLMRobertaModel, tokenizer: PreTrainedTokenizerBase) -> bool:
    """Does the model turn ``TEXT`` into bge-m3's recorded numbers?

    ``model`` may be in any precision on any device.

    Example: ``is_bge_m3(*load("mini")[:2])`` → ``False``.
    """
    if model.config.hidden_size != 1024:
        return False
    batch = tokenizer([TEXT], return_tensors="pt").to(model.device)
    hidden = model(**batch).last_hidden_state  # (1, T, H)
    vector = torch.nn.functional.normalize(hidden[0, 0].float(), dim=0).cpu()  # (H,)
    gap = (vector[: len(NUMBERS)] - torch.tensor(NUMBERS)).abs().max()
    return bool(gap < LIMITS.get(model.dtype, LIMIT))  # nan is not below it either
