"""Where and in which precision a model is run.

Devices: an NVIDIA GPU (``cuda``), an Apple GPU (``mps``), the CPU. Precisions: float32 is the default on all of
them. On a CPU the README's table leaves no other choice: the weights are mapped, so 16 bit take more memory
and not less, and float16 is slower. ``tests/benchmark_precision.py`` measures it on your machine.
"""

from __future__ import annotations

import torch

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def choose_device(device: str | torch.device = "auto") -> torch.device:
    """``"auto"``: cuda, else mps, else cpu. Raises ``ValueError`` for a device this machine lacks."""
    mps = torch.backends.mps.is_available()
    if str(device) == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if mps else "cpu"
    try:
        probe = torch.zeros(1, device=device)
        probe.item()  # "meta" takes tensors but holds no numbers
    except (RuntimeError, AssertionError, ImportError, TypeError) as error:
        cause = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"device={str(device)!r} cannot be used here ({cause}); try 'cpu'") from None
    return probe.device  # "cuda" comes out as "cuda:0", as the model has it


def check_dtype(dtype: torch.dtype | None) -> None:
    """``ValueError`` unless ``dtype`` is ``None`` or one of ``DTYPES``."""
    if dtype not in (None, *DTYPES):
        raise ValueError(f"dtype={dtype!r} is none of {', '.join(map(str, DTYPES))}")
