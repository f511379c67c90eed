"""Where and in which precision a model is run.

Devices: an NVIDIA GPU (``cuda``), an Apple GPU (``mps``), the CPU. Precisions: float32 is the default on all of
them. On a CPU the tables in helpers/README.md leave no other choice: the weights are mapped, so 16 bit take more
memory and not less, and float16 is slower. ``tests/benchmark_precision.py`` measures it on your machine.
"""

from __future__ import annotations

import math
from contextlib import suppress
from numbers import Integral

import torch

CPU_TOKENS, GPU_TOKENS = 512, 16_384  # a batch on a CPU stays in its cache, one on a GPU keeps all of it busy
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def choose_device(device: str | torch.device = "auto") -> torch.device:
    """``"auto"``: the first of cuda, mps and cpu that holds a number when asked to. Some machines only seem to have
    a GPU (a virtual Mac, a card that others have filled).

    Raises ``ValueError`` for a device that this machine lacks.

    >>> choose_device("cpu")
    device(type='cpu')
    """
    if str(device) != "auto":
        return probe(device)
    for name, there in (("cuda", torch.cuda.is_available), ("mps", torch.backends.mps.is_available)):
        with suppress(ValueError):
            if there():
                return probe(name)
    return probe("cpu")


def probe(device: str | torch.device) -> torch.device:
    """The device as tensors name it: ``"cuda"`` comes out as ``"cuda:0"``. Raises ``ValueError`` if it is unusable."""
    try:
        tensor = torch.zeros(1, device=device)
        tensor.item()  # "meta" takes tensors but holds no numbers
    except (RuntimeError, AssertionError, ImportError, TypeError) as error:
        cause = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"device={str(device)!r} cannot be used here ({cause}); try 'cpu'") from None
    return tensor.device


def check_dtype(dtype: torch.dtype | None) -> None:
    """``ValueError`` unless ``dtype`` is ``None`` or one of ``DTYPES``."""
    if dtype not in (None, *DTYPES):
        raise ValueError(f"dtype={dtype!r} is none of {', '.join(map(str, DTYPES))}")


def batch_limits(device: torch.device, texts: int | None, tokens: int | None) -> tuple[float, float]:
    """The most tokens and the most texts of a batch. If neither is told, as many tokens as suit the device.

    Raises ``ValueError`` for anything but whole numbers from 1.

    >>> batch_limits(torch.device("cpu"), None, None)
    (512, inf)
    """
    for name, number in (("batch_size", texts), ("tokens_per_batch", tokens)):
        if number is not None and (not isinstance(number, Integral) or isinstance(number, bool) or number < 1):
            raise ValueError(f"{name}={number!r} must be a whole number of at least 1")
    if texts is None and tokens is None:
        tokens = CPU_TOKENS if device.type == "cpu" else GPU_TOKENS
    return tokens or math.inf, texts or math.inf


def check_finite(values: torch.Tensor) -> torch.Tensor:
    """The values themselves. ``ValueError`` if nan or infinity is among them: such a vector finds nothing."""
    if not values.isfinite().all():
        cause = "the weights are damaged, 'python -m helpers verify' says where"
        if values.dtype.itemsize == 2:
            cause = f"the weights are damaged, or what they give is too large for {values.dtype}; try float32"
        raise ValueError(f"nan or infinity comes out: {cause}")
    return values
