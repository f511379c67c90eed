"""pytorch_model.bin to model.safetensors: every bit of it, under its name only when whole, and no pickle run."""

import os
import signal
import subprocess
import sys
import textwrap
import zipfile

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from helpers import CheckpointError, convert, find
from helpers.checkpoint import MINI, load
from helpers.convert import UNFINISHED, notes, origin, whole
from helpers.manifest import WEIGHTS, sha256

SAFE, BIN = WEIGHTS


@pytest.fixture
def binary(folder):
    """A whole checkpoint whose weights are a pytorch_model.bin, as bge-m3's are."""
    torch.save(load_file(folder / SAFE), folder / BIN)
    (folder / SAFE).unlink()
    return folder


def same(one, other):
    """Equal bit for bit, with not-a-number too."""
    same_kind = (one.dtype, one.shape) == (other.dtype, other.shape)
    raw = [tensor.detach().contiguous().reshape(-1).view(torch.uint8) for tensor in (one, other)]
    return same_kind and torch.equal(*raw)


def test_a_checkpoint_loads_the_same(binary):
    """Model and tensors before and after; the file's notes; the source stays where it is."""
    before, _, _ = load(binary)
    assert convert.convert(binary / BIN, binary) == binary / SAFE
    assert {SAFE, BIN} < {path.name for path in binary.iterdir()} and not (binary / UNFINISHED).exists()
    (binary / BIN).rename(binary / "kept")
    after, _, _ = load(binary)
    states = before.state_dict(), after.state_dict()
    assert states[0].keys() == states[1].keys()
    assert all(same(states[0][name], states[1][name]) for name in states[0])
    assert notes(binary / SAFE)["format"] == "pt"
    assert origin(binary / SAFE) == sha256(binary / "kept")
    assert whole(binary / SAFE, sha256(binary / "kept"))


DTYPES = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]


@pytest.mark.parametrize("zipped", [True, False])
def test_every_sort_of_tensor(tmp_path, zipped):
    """Turned, tied, sliced, empty and single numbers, not-a-number, every type, and torch's format before 1.6."""
    table = torch.randn(6, 4)
    tensors = {
        "turned": table.t(), "tied": table, "tied too": table, "part": table[2:4], "none": torch.empty(0, 3),
        "one": torch.tensor(3), "nan": torch.tensor([float("nan"), float("inf"), -0.0]), "名": torch.ones(1),
        "parameter": torch.nn.Parameter(torch.ones(2)), "odd": torch.ones(3, dtype=torch.uint8),
    }  # fmt: skip
    tensors |= {kind: torch.ones(3).to(getattr(torch, kind)) for kind in DTYPES}
    torch.save(tensors, tmp_path / BIN, _use_new_zipfile_serialization=zipped)
    assert zipfile.is_zipfile(tmp_path / BIN) == zipped
    convert.convert(tmp_path / BIN, tmp_path)
    stored = load_file(tmp_path / SAFE)
    assert stored.keys() == tensors.keys()
    assert all(same(stored[name], tensors[name]) for name in tensors)
    with safe_open(tmp_path / SAFE, framework="pt") as file:
        assert set(file.metadata()) == {"format", "source_sha256", "data_sha256"}


def test_damage_is_seen(binary):
    """One byte of the data, an end cut off, a broken header, other weights' conversion, a stranger's file."""
    path, digest = convert.convert(binary / BIN, binary), sha256(binary / BIN)
    content = path.read_bytes()
    assert whole(path, digest) and not whole(path, "0" * 64)
    for damaged in (content[:-1] + b"\xff", content[:-1], b"\xff" * 8 + content[8:], content[:100], content[:3], b""):
        path.write_bytes(damaged)
        assert damaged != content and not whole(path, digest)
    assert not whole(binary / "nowhere", digest)
    assert not whole(MINI / SAFE, digest) and origin(MINI / SAFE) is None


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot kill itself so there")
def test_killed_on_the_way(binary):
    """Killed when all is written but nothing checked: the weights are still the .bin, and the next run tidies up."""
    script = f"""
        import os, signal
        from pathlib import Path
        from helpers.convert import convert
        os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)
        convert(Path({str(binary / BIN)!r}), Path({str(binary)!r}))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (binary / UNFINISHED).exists() and not (binary / SAFE).exists()
    load(binary)
    (binary / BIN).rename(binary / "kept")
    with pytest.raises(CheckpointError, match=r"neither model\.safetensors nor"):
        find(binary)
    convert.convert(binary / "kept", binary)
    load(binary)
    assert not (binary / UNFINISHED).exists()


def test_a_bad_disk_is_noticed(binary, monkeypatch):
    """What is read back differs from the source: no new file, the source stays."""
    real = os.fsync

    def damage(file):
        os.lseek(file, -1, os.SEEK_END)
        os.write(file, b"\xff")
        real(file)

    monkeypatch.setattr(os, "fsync", damage)
    with pytest.raises(CheckpointError, match="came out different from its source"):
        convert.convert(binary / BIN, binary)
    assert not (binary / SAFE).exists() and not (binary / UNFINISHED).exists() and (binary / BIN).exists()


class Harmful:
    """A pickle that would run code."""

    def __reduce__(self):
        return os.system, ("echo harm > harm",)


@pytest.mark.parametrize(
    "content",
    [Harmful(), {"a": Harmful()}, {}, [torch.ones(1)], {"a": {"b": torch.ones(1)}}, {"a": torch.ones(1).to_sparse()},
     {"a": torch.ones(1, dtype=torch.complex128)}, {"a": 1}, b"no pickle"],
)  # fmt: skip
@pytest.mark.parametrize("zipped", [True, False])
def test_refused_sources(tmp_path, monkeypatch, content, zipped):
    """Code, anything but plain tensors by name, and damage: named in an error, nothing run, nothing left."""
    monkeypatch.chdir(tmp_path)
    if isinstance(content, bytes):
        (tmp_path / BIN).write_bytes(content)
    else:
        torch.save(content, tmp_path / BIN, _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match=r"pytorch_model\.bin cannot be converted"):
        convert.convert(tmp_path / BIN, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [BIN]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_second_copy_in_memory(tmp_path):
    """128 MB of weights pass through a process that never holds a quarter of them."""
    tensors = {str(number): torch.randn(1024, 2048) for number in range(16)}  # 8 MB each
    torch.save(tensors, tmp_path / BIN)
    script = f"""
        import re, threading, time, torch, safetensors.torch
        from pathlib import Path
        from helpers.convert import convert
        def held():
            return int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
        peak, done = held(), threading.Event()
        before = peak
        def watch():
            global peak
            while not done.wait(0.002):
                peak = max(peak, held())
        thread = threading.Thread(target=watch)
        thread.start()
        convert(Path({str(tmp_path / BIN)!r}), Path({str(tmp_path)!r}))
        done.set()
        thread.join()
        print(peak - before)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 32_000_000, done.stdout
