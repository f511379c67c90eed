"""Inside bge-m3: the stages from text to vector as small functions over an ordinary XLM-RoBERTa.

One module a stage (``tokenization``, ``embedding_layers``, ``encoder``, ``pooling``, ``normalization``),
then ``pipeline`` (the stages in a row), ``parity`` (the proof) and ``checkpoint`` (finding and loading weights).
The names below are imported when first used, so that ``import helpers`` costs nothing.

    from helpers import BgeM3
    vectors = BgeM3.from_checkpoint().encode(["你好", "Hello"])
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same names once more, for editors and type checkers; a test holds the two together
    from helpers.checkpoint.find import BGE_M3_TOKENIZER as BGE_M3_TOKENIZER
    from helpers.checkpoint.find import find as find
    from helpers.checkpoint.integrity import CheckpointError as CheckpointError
    from helpers.lexical import lexical_score as lexical_score
    from helpers.multi_vector import max_sim as max_sim
    from helpers.multi_vector import weighted_sum as weighted_sum
    from helpers.normalization import l2_normalize as l2_normalize
    from helpers.normalization import similarity_matrix as similarity_matrix
    from helpers.parity import ladder as ladder
    from helpers.pipeline import BgeM3 as BgeM3
    from helpers.pipeline import Outputs as Outputs
    from helpers.pipeline import Walk as Walk
    from helpers.pooling import pool as pool
    from helpers.tokenization import TruncationWarning as TruncationWarning

_NAMES = {
    "checkpoint.find": ["BGE_M3_TOKENIZER", "find"],
    "checkpoint.integrity": ["CheckpointError"],
    "lexical": ["lexical_score"],
    "multi_vector": ["max_sim", "weighted_sum"],
    "normalization": ["l2_normalize", "similarity_matrix"],
    "parity": ["ladder"],
    "pipeline": ["BgeM3", "Outputs", "Walk"],
    "pooling": ["pool"],
    "tokenization": ["TruncationWarning"],
}
_HOME = {name: module for module, names in _NAMES.items() for name in names}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"helpers.{_HOME[name]}"), name)
    raise AttributeError(f"module 'helpers' has no attribute {name!r}; it offers {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
