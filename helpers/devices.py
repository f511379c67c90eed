"""Where and in which precision a model is run.

Devices: an NVIDIA GPU (``cuda``), an Apple GPU (``mps``), the CPU. Precisions: float32 is the default on all of
them. On a CPU the README's table leaves no other choice: the weights are mapped, so 16 bit take more memory
and not less, and float16 is slower. ``tests/benchmark_precision.py`` measures it on your machine.
"""

from __future__ import annotations

from contextlib import suppress

import torch

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


def check_finite(values: torch.Tensor) -> torch.Tensor:
    """The values themselves. ``ValueError`` if nan or infinity is among them: such a vector finds nothing."""
    if not values.isfinite().all():
        cause = "the weights are damaged, 'python -m helpers verify' says where"
        if values.dtype.itemsize == 2:
            cause = f"the weights are damaged, or what they give is too large for {values.dtype}; try float32"
        raise ValueError(f"nan or infinity comes out: {cause}")
    return values
