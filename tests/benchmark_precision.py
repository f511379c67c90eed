"""What 16-bit numbers save and cost on this machine: memory, speed, and how far the vectors move.

    python tests/benchmark_precision.py [CHECKPOINT]     default: the generated checkpoint of bge-m3's shape

Every device that is here × float32, bfloat16, float16, one after another in one run, each in a process of its
own: peak memory, texts a second, and the cosine of each vector to float32's on the CPU.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

SETTINGS = ("float32", "bfloat16", "float16")


def devices() -> list[str]:
    """The CPU, and an NVIDIA or Apple GPU if there is one."""
    import torch

    gpus = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return ["cpu", *(name for name, there in gpus.items() if there)]


def texts() -> list[str]:
    """The lessons' own sentences and twenty texts of some 500 tokens."""
    from classroom.sentences import load_sentences

    pairs = load_sentences()
    long = [" ".join(pair.english for pair in pairs[n : n + 40]) for n in range(0, 200, 10)]
    return [pair.english for pair in pairs] + [pair.chinese for pair in pairs] + long


def most_memory() -> int:
    """The most bytes that this process has held so far, mapped files included."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage counts what the parent held, too
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    told = psutil.Process().memory_info()
    if hasattr(told, "peak_wset"):
        return told.peak_wset
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(checkpoint: str, device: str, dtype: str, target: str) -> None:
    """One line of the table, in a process of its own; the vectors go to a file."""
    import torch

    from helpers import BgeM3

    bge = BgeM3.from_checkpoint(checkpoint, dtype=getattr(torch, dtype), device=device)
    sample = texts()
    bge.encode(sample[:8], progress=False)  # warm up
    start = time.perf_counter()
    vectors = bge.encode(sample, progress=False, max_length=512)
    seconds = time.perf_counter() - start
    peak = most_memory()
    gpu = torch.cuda.max_memory_allocated() if device == "cuda" else 0
    np.save(target, vectors)
    print(json.dumps({"seconds": seconds, "texts": len(sample), "peak": peak, "gpu": gpu, "name": str(bge)}))


def main() -> None:
    """Measure all, print the table as Markdown."""
    if len(sys.argv) > 1:
        checkpoint = sys.argv[1]
    else:
        import real_shape

        checkpoint = str(real_shape.build())
    reference = None
    print("| device | precision | memory | texts a second | cosine to float32, mean | lowest |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for device in devices():
            for dtype in SETTINGS:
                target = str(Path(folder) / f"{device}-{dtype}.npy")
                call = [sys.executable, __file__, "--one", checkpoint, device, dtype, target]
                done = subprocess.run(call, capture_output=True, encoding="utf-8", timeout=3600)
                if done.returncode:
                    why = (done.stderr.splitlines() or ["killed, for memory most likely"])[-1]
                    print(f"| {device} | {dtype} | fails: {why} | | | |", flush=True)
                    if reference is None:
                        sys.exit("without float32 on the CPU there is nothing to compare with")
                    continue
                told, vectors = json.loads(done.stdout.splitlines()[-1]), np.load(target)
                reference = vectors if reference is None else reference
                cosine = (vectors * reference).sum(axis=1)
                near = f"{cosine.mean():.5f} | {cosine.min():.5f}"
                memory = f"{(told['gpu'] or told['peak']) / 1e9:.1f} GB"
                speed = f"{told['texts'] / told['seconds']:.1f}"
                print(
                    f"| {device} | {dtype} | {memory} | {speed} | {near} |",
                    flush=True,
                )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(*sys.argv[2:])
    else:
        main()
