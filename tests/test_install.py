"""``pip install .`` elsewhere: a wheel is built, installed into a new environment, and walks from there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LEFT_OUT = (".*", "build", "dist", "models", "bge-m3", "BAAI", "venv", "__pycache__", "*.egg-info")

SCRIPT = """
import json
import sys
from pathlib import Path

import torch

import classroom
import helpers
from classroom.passages import load_questions
from classroom.sentences import load_sentences
from classroom.style import use_style
from classroom.words import words
from helpers import BGE_M3_TOKENIZER, BgeM3, ladder
from helpers.checkpoint.recorded import recorded_figures

use_style()  # registers the font
bge = BgeM3.from_checkpoint("mini", device="cpu")
walk = bge.walk(["什么是大型语言模型？"])
outputs = bge.encode_outputs(["什么是大型语言模型？", "Hello"])
rooms = [path.parent.name for path in Path(classroom.__file__).parent.glob("*/words.toml")]
print(json.dumps({
    "places": [helpers.__file__, classroom.__file__],
    "far": (walk.vectors - bge.encode(["什么是大型语言模型？"])).abs().max().item(),
    "rungs": max(rung.error for rung in ladder(bge, ["Hello"])),
    "dense": list(outputs.dense.shape), "lexical": len(outputs.lexical), "tokens": len(outputs.multi_vector[0]),
    "data": [len(load_sentences()), len(load_questions()), len(recorded_figures()["figures"]), len(words())],
    "rooms": [bool(words(room)) for room in rooms],
    "files": [(Path(helpers.__file__).parent / name).exists() for name in (
        "py.typed", "README.md", "checkpoint/README.md", "mini_m3/README.md", "mini_m3/2_Normalize/.gitkeep",
        "mini_m3/training/recipe.toml", "mini_m3/training/stop_words.txt", "mini_m3/bge_m3_ids.json",
    )] + [(BGE_M3_TOKENIZER / "tokenizer.json").exists()],
}))
"""


def command(*arguments: str | Path, cwd: Path) -> str:
    """What a program prints, which must end well; no network, and nothing of this process's path."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "BGE_M3")}
    done = subprocess.run(
        [str(argument) for argument in arguments], cwd=cwd, capture_output=True, encoding="utf-8", timeout=600,
        env=environment | {"HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel in it, and this one's torch and other packages within sight."""
    folder = tmp_path_factory.mktemp("我的 wheel")
    shutil.copytree(ROOT, folder / "source", ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    hidden = Path("helpers", "mini_m3", "2_Normalize", ".gitkeep")  # the only one that belongs to the package
    shutil.copy(ROOT / hidden, folder / "source" / hidden)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    command(*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, folder / "source", cwd=folder)
    venv.create(folder / "env", with_pip=False, symlinks=os.name != "nt")
    bin = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    python = bin / ("python.exe" if os.name == "nt" else "python")
    paths = json.loads(
        command(python, "-c", "import json, sysconfig; print(json.dumps(sysconfig.get_paths()))", cwd=folder)
    )
    Path(paths["purelib"], "zz_this_one.pth").write_text(sysconfig.get_paths()["purelib"], encoding="utf-8")
    (wheel,) = folder.glob("inside_bge_m3-*.whl")
    install = [*pip, "--python", python, "install", "-q", "--no-index"]
    command(*install, "--no-deps", "--ignore-installed", wheel, cwd=folder)
    command(*install, "inside-bge-m3", cwd=folder)  # what it declares to need must be met by what is here
    shutil.rmtree(folder / "source")  # nothing may be read from there
    return python


@pytest.mark.slow
def test_the_wheel_walks_and_encodes(elsewhere: Path, tmp_path: Path) -> None:
    """mini-m3, its three outputs, font, data, words, recorded figures: all of it came along."""
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    found = json.loads(command(elsewhere, "script.py", cwd=tmp_path))
    home = elsewhere.parents[1].resolve()
    assert [home in Path(place).resolve().parents for place in found["places"]] == [True, True]
    assert found["far"] < 1e-5 and found["rungs"] < 1e-4
    assert (found["dense"], found["lexical"], found["tokens"]) == ([2, 384], 2, 7)
    assert all(count > 1 for count in found["data"]) and all(found["rooms"]) and all(found["files"]), found


@pytest.mark.slow
def test_the_command_line_of_the_wheel(elsewhere: Path, tmp_path: Path) -> None:
    """``python -m helpers`` from any folder."""
    assert "5 normalization" in command(
        elsewhere, "-m", "helpers", "walk", "--checkpoint", "mini", "你好", cwd=tmp_path
    )
    assert "mini-m3" in command(elsewhere, "-m", "helpers", "where", "--checkpoint", "mini", cwd=tmp_path)
