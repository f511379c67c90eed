"""Turn ``pytorch_model.bin`` into ``model.safetensors``, once: it loads in a second, without a second copy in memory.

The new file appears under its name only when it holds every tensor of the source, bit for bit. It notes the
source's sha256 and the sha256 of its own data, so that a later run can tell whose it is and whether it is whole.
Tensors pass from the mapped source to the disk one by one, so 2.3 GB need no memory of their own.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING

from helpers import manifest
from helpers.integrity import CheckpointError, reason

if TYPE_CHECKING:
    import torch

UNFINISHED = ".model.safetensors.unfinished"  # nobody takes this name for weights
NOT_YET = "0" * 64  # in place of a sum that is told when the data is written


def convert(source: Path, folder: Path) -> Path:
    """Write ``model.safetensors`` into ``folder`` from the ``pytorch_model.bin`` at ``source``; its path.

    Pickle stays off (``weights_only=True``). Raises ``CheckpointError`` if the source cannot be read or the
    copy is not equal to it, ``OSError`` if it cannot be written; no unfinished file is left then.
    """
    unfinished, target = folder / UNFINISHED, folder / manifest.WEIGHTS[0]
    try:
        tensors = read(source)
        write(tensors, unfinished, manifest.sha256(source))
        compare(tensors, unfinished)
        del tensors  # Windows neither replaces nor removes a file that is mapped into memory
        os.replace(unfinished, target)
    except (CheckpointError, OSError):
        raise
    except Exception as error:  # a kind of tensor that has no plain bytes
        raise CheckpointError(f"{source} cannot be converted: {reason(error)}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return target


def read(source: Path) -> dict[str, torch.Tensor]:
    """The tensors of a ``pytorch_model.bin`` by name; mapped, not read, unless it is of torch's format before 1.6."""
    import torch

    try:
        state = torch.load(source, weights_only=True, mmap=zipfile.is_zipfile(source), map_location="cpu")
    except Exception as error:  # a damaged file fails in torch's reader, with a dozen kinds of error
        raise CheckpointError(f"{source} cannot be converted: {reason(error)}") from error
    tensors = state if isinstance(state, dict) else {}
    others = sorted({type(value).__name__ for value in tensors.values() if not isinstance(value, torch.Tensor)})
    if not tensors or others:
        raise CheckpointError(f"{source} cannot be converted: it holds {', '.join(others) or 'no tensors'}")
    return dict(sorted(tensors.items()))


def raw(tensor: torch.Tensor) -> torch.Tensor:
    """The bytes of a tensor in the order of its elements, (bytes,); a copy only if it is not contiguous."""
    import torch

    return tensor.detach().contiguous().reshape(-1).view(torch.uint8)


def write(tensors: dict[str, torch.Tensor], path: Path, source_sha256: str) -> None:
    """A safetensors file of the tensors, with both sums in its header; on the disk for good."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    own, seen = {}, set()
    for name, tensor in tensors.items():  # the format knows neither shared nor scattered tensors
        shared = tensor.untyped_storage().data_ptr() in seen
        seen.add(tensor.untyped_storage().data_ptr())
        own[name] = tensor.detach().clone().contiguous() if shared else tensor.detach().contiguous()
    about = {"format": "pt", "source_sha256": source_sha256, "data_sha256": NOT_YET}
    try:
        save_file(own, path, metadata=about)
    except SafetensorError as error:  # of the system's own errors, a full disk above all, only the words are left
        if number := re.search(r"os error (\d+)", str(error)):
            code = int(number[1])  # Windows counts its own, which the fourth argument turns into the usual ones
            raise OSError(code, os.strerror(code), str(path), code) from error
        raise
    with path.open("rb+") as file:
        start = file.read(8)
        header = file.read(int.from_bytes(start, "little"))
        data = file_digest(file, "sha256").hexdigest()
        file.seek(0)
        file.write(start + header.replace(NOT_YET.encode(), data.encode()))
        file.flush()
        os.fsync(file.fileno())


def compare(tensors: dict[str, torch.Tensor], path: Path) -> None:
    """``CheckpointError`` unless the safetensors library reads exactly these tensors from the file."""
    import torch
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        same = set(file.keys()) == set(tensors)
        for name in tensors if same else ():
            stored = file.get_tensor(name)
            same &= (stored.dtype, stored.shape) == (tensors[name].dtype, tensors[name].shape)
            same = same and torch.equal(raw(stored), raw(tensors[name]))  # NaN too
    if not same:
        raise CheckpointError(f"{path.name} came out different from its source; is the disk sound?")


def origin(path: Path) -> str | None:
    """The sha256 of the ``pytorch_model.bin`` that a safetensors file was made from here; ``None`` for others."""
    return notes(path).get("source_sha256")


def whole(path: Path, source_sha256: str) -> bool:
    """Was the file made from these weights, and is every byte of its data as it was written?"""
    about = notes(path)
    if about.get("source_sha256") != source_sha256:
        return False
    with path.open("rb") as file:
        file.seek(8 + int.from_bytes(file.read(8), "little"))
        return file_digest(file, "sha256").hexdigest() == about.get("data_sha256")


def notes(path: Path) -> dict:
    """What a safetensors file says about itself; nothing if it is missing or damaged."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if 8 + length > path.stat().st_size:
                return {}
            return dict(json.loads(file.read(length)).get("__metadata__", {}))
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
