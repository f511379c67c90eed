"""How long a checkpoint takes to load, and how much memory at the most: ``pytorch_model.bin`` and safetensors.

    python tests/benchmark_loading.py [FOLDER]     default: the generated checkpoint of bge-m3's shape

Each way runs three times in a process of its own, alternating, in one run; the file is in the disk's cache.
Memory is what the process holds for itself: pages of a mapped file, which the system may drop, are told apart.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

WAYS = {
    "transformers, pytorch_model.bin": "bin",
    "transformers, model.safetensors": "safetensors",
    "torch.load as of old (no mmap), pytorch_model.bin": "old",
}


def held(process: psutil.Process) -> float:
    """Gigabytes of the process's own; of a mapped file nothing counts. Where the system does not tell, all counts."""
    told = process.memory_info()
    return (told.rss - getattr(told, "shared", 0)) / 1e9


def measure(way: str, folder: str) -> None:
    """One loading, in a process of its own."""
    import torch
    from transformers import XLMRobertaConfig, XLMRobertaModel
    from transformers.models.xlm_roberta import modeling_xlm_roberta  # noqa: F401  imported now, not timed

    process, peak, done = psutil.Process(), [0.0], threading.Event()
    before = held(process)

    def watch() -> None:
        while not done.wait(0.01):
            peak[0] = max(peak[0], held(process) - before)

    threading.Thread(target=watch, daemon=True).start()
    start = time.perf_counter()
    if way == "old":
        with torch.device("cpu"):
            model = XLMRobertaModel(XLMRobertaConfig.from_pretrained(folder), add_pooling_layer=False)
        state = torch.load(Path(folder) / "pytorch_model.bin", weights_only=True, map_location="cpu")
        model.load_state_dict(state, strict=False)
    else:
        options = {"add_pooling_layer": False, "dtype": torch.float32, "use_safetensors": way == "safetensors"}
        model = XLMRobertaModel.from_pretrained(folder, **options)
    seconds = time.perf_counter() - start
    time.sleep(0.05)
    done.set()
    assert sum(parameter.numel() for parameter in model.parameters())
    print(json.dumps({"seconds": seconds, "peak": peak[0]}))


def main() -> None:
    """Measure all ways, print the table as Markdown."""
    from helpers.convert import convert

    if len(sys.argv) > 1:
        source = Path(sys.argv[1]).resolve()
        if not (source / "pytorch_model.bin").is_file():
            sys.exit(f"{source} holds no pytorch_model.bin to compare with")
    else:
        import real_shape

        source = real_shape.build()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(source / "config.json", folder)
        try:
            os.link((source / "pytorch_model.bin").resolve(), Path(folder) / "pytorch_model.bin")
        except OSError:  # another disk
            shutil.copy(source / "pytorch_model.bin", folder)
        start = time.perf_counter()
        convert(source / "pytorch_model.bin", Path(folder))
        print(f"conversion, once: {time.perf_counter() - start:.0f} s\n")
        found: dict[str, list[dict]] = {name: [] for name in WAYS}
        for _ in range(3):
            for name, way in WAYS.items():
                call = [sys.executable, __file__, "--one", way, folder]
                done = subprocess.run(call, capture_output=True, encoding="utf-8", check=True, timeout=900)
                found[name].append(json.loads(done.stdout.splitlines()[-1]))
    print("| way | seconds (best of 3) | memory of its own, at most |\n|---|---|---|")
    for name, runs in found.items():
        print(f"| {name} | {min(r['seconds'] for r in runs):.1f} | {max(r['peak'] for r in runs):.1f} GB |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(*sys.argv[2:])
    else:
        main()
