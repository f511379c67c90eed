"""``python -m helpers`` as a reader runs it: what it prints where, exit codes, and odd terminals."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers import TruncationWarning

ROOT = Path(__file__).parent.parent
KEYS = {"text", "tokens", "ids", "mask", "shapes", "vector"}


def python(*arguments, **environment):
    """Run this Python in the repository's root with changed environment variables."""
    env = {**os.environ, "PYTHONIOENCODING": "utf-8", **environment}
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, encoding="utf-8", timeout=300
    )


def command(*arguments, **environment):
    """``python -m helpers ARGUMENTS``."""
    return python("-m", "helpers", *arguments, **environment)


def test_walk_by_default():
    """The first command of the course: two examples, five stages, their similarity; nothing on stderr."""
    done = command("walk", "--checkpoint", "mini")
    assert (done.returncode, done.stderr) == (0, "")
    for expected in ("什么是大型语言模型？", "What is a large language model?", "cosine similarity", "length 1.000000"):
        assert expected in done.stdout
    for stage in ("1 tokenization", "2 embeddings", "3 encoder", "4 pooling", "5 normalization"):
        assert done.stdout.count(stage) == 2


def test_json_on_an_ascii_terminal_with_a_text_too_long(mini):
    """Other programs read this: exactly these keys, vectors that are encode's, the warning on stderr, no crash."""
    texts = ["你好，<mask>", "", 'quote " and \\ and 👩‍💻', "你好 " * 600]
    odd = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "", "LC_CTYPE": "", "LANG": ""}
    done = command("walk", "--json", "--checkpoint", "mini", *texts, **odd)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("warning: 1 of 4 texts cut to max_length=512: [3] '你好 ")
    assert len(done.stderr.splitlines()) == 1
    content = json.loads(done.stdout)
    assert set(content) == {"checkpoint", "texts"}
    assert content["checkpoint"]["kind"] == "mini-m3"
    assert content["checkpoint"]["max_length"] == 512
    assert [set(row) for row in content["texts"]] == [KEYS] * 4
    assert [row["text"] for row in content["texts"]] == texts
    with pytest.warns(TruncationWarning):
        walk, vectors = mini.walk(texts), mini.encode(texts)
    assert [row["ids"] for row in content["texts"]] == walk.ids.tolist()
    assert [row["mask"] for row in content["texts"]] == walk.mask.tolist()
    assert [row["tokens"] for row in content["texts"]] == walk.tokens
    assert all(row["shapes"] == walk.shapes() for row in content["texts"])
    np.testing.assert_allclose([row["vector"] for row in content["texts"]], vectors, 0, 1e-6)


@pytest.mark.parametrize("name", ["helpers.py", "helpers/__init__.py"])
def test_another_module_of_the_same_name(tmp_path, name):
    """Whose ``from helpers import …`` gets what is decided by the path; at least it is said. One of theirs runs."""
    other = tmp_path / "work" / name
    other.parent.mkdir(parents=True)
    other.write_text("BgeM3 = None", encoding="utf-8")
    note = f"note: {other.resolve()} is named helpers too, and a script may import it in place of this package\n"
    done = command("where", "--checkpoint", "mini", PYTHONPATH=str(tmp_path / "work"))  # on the path
    assert (done.returncode, done.stderr) == (0, note)
    code = f"import sys; sys.path[0] = {str(ROOT)!r}; from helpers.__main__ import main; main(['where'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "work", capture_output=True, encoding="utf-8")
    assert done.stderr == note, "in the working folder"


def test_where():
    """Which checkpoint and why, without loading one."""
    done = command("where", "--checkpoint", "mini")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "mini-m3 (a small stand-in, not bge-m3): asked for by name"
    assert Path(done.stdout.splitlines()[1]).name == "mini_m3"


@pytest.mark.parametrize(
    ("arguments", "environment", "told"),
    [
        (["where", "--checkpoint", "no/such/路径"], {}, "does not exist; check the path"),
        (["walk", "--checkpoint", "no/such/路径", "x"], {}, "does not exist; check the path"),
        (["where"], {"BGE_M3": "nowhere"}, "nowhere does not exist"),
        (["where", "--checkpoint", "tests"], {}, "config.json is missing"),
        ([], {}, "command"),
        (["walk", "--nonsense"], {}, "--nonsense"),
        (["where", "多余"], {}, "多余"),
        (["走"], {"PYTHONIOENCODING": "ascii"}, "invalid choice"),
    ],
)
def test_bad_input(arguments, environment, told):
    """One line on stderr, exit code 2, nothing on stdout, never a traceback."""
    done = command(*arguments, **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_setting_that_stops_the_libraries_is_named_in_scripts_too():
    """huggingface_hub, and so transformers, fails on it while it is imported, and says no name."""
    done = python("-c", "from helpers import BgeM3; BgeM3.from_checkpoint('mini')", HF_HUB_DOWNLOAD_TIMEOUT="abc")
    assert done.stderr.splitlines()[-1].startswith(
        "helpers.checkpoint.integrity.CheckpointError: HF_HUB_DOWNLOAD_TIMEOUT is set to 'abc', which is no number"
    )


@pytest.mark.parametrize("arguments", [["walk", "a"], ["download"], ["verify"]])
def test_another_python(arguments):
    """``python -m helpers`` outside the environment: what is missing and which Python to take, no traceback."""
    bare = [sys.executable, "-S", "-m", "helpers", *arguments]  # -S: without what pip installed
    done = subprocess.run(bare, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert done.stderr.startswith(f"error: {sys.executable} lacks something (No module named ")
    assert ".venv" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no broken pipes")
def test_a_reader_that_leaves_early():
    """``python -m helpers walk | head -1`` must not end in a traceback."""
    line = [sys.executable, "-m", "helpers", "where", "--checkpoint", "mini"]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_help():
    """Both commands are told."""
    done = command("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "walk" in done.stdout and "where" in done.stdout


def test_import_costs_nothing():
    """torch and transformers take seconds; ``import helpers`` and ``where`` must not pay for them."""
    heavy = "[name for name in ('torch', 'transformers', 'numpy') if name in sys.modules]"
    done = python("-c", f"import sys, helpers; dir(helpers); print({heavy})")
    assert (done.returncode, done.stdout.strip()) == (0, "[]")
    done = python("-c", f"import sys; from helpers.__main__ import main; main(['where']); print({heavy})")
    assert done.stdout.splitlines()[-1] == "['numpy']", "a tenth of a second, to read the header of safetensors"


def test_names_of_the_package():
    """Everything offered can be had, and a wrong name tells the right ones."""
    import helpers as package

    assert all(getattr(package, name) is not None for name in package.__all__)
    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError, match=r"no attribute 'BgeM4'; it offers .*BgeM3, "):
        package.BgeM4  # noqa: B018
