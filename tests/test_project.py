"""The project around the code: requirements in step, README that works as printed, layout, licences."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
STAGES = ("tokenization", "embedding_layers", "encoder", "pooling", "normalization")


def pins(path: str) -> set[str]:
    """The requirement lines of a file, without comments."""
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return {line.split("#")[0].strip() for line in lines} - {""}


def modules() -> list[Path]:
    """Every module of the package and of the classroom."""
    return [path for room in ("helpers", "notebooks/classroom") for path in sorted((ROOT / room).rglob("*.py"))]


def test_conda_environment_is_in_step_with_requirements() -> None:
    """Both install the same."""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert set(pip) == pins("requirements.txt")
    python = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert python == ">=3.11" and any(str(entry).startswith("python>=3.11") for entry in environment["dependencies"])


def test_requirements_are_pinned_and_no_more_than_the_seven() -> None:
    """The packages of the notebooks, each at one version, and this project itself."""
    names = {re.split("==", line)[0] for line in pins("requirements.txt")}
    course = {"jupyterlab", "matplotlib", "ipywidgets", "nbval", "-e ."}
    assert names == {"torch", "transformers", "huggingface_hub"} | course
    assert all("==" in line for line in pins("requirements.txt") if line != "-e .")


def test_ci_runs_the_command_the_readme_prints() -> None:
    """.ci/run and the README must not drift apart."""
    commands = re.findall(r"```bash\n(python3 -m venv.*?)\n```", README)
    assert len(commands) == 2
    assert commands[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "jupyter lab" in commands[0] and "00_from_text_to_vector.ipynb" in commands[0]


@pytest.mark.parametrize("number", range(len(re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL))))
def test_readme_snippets_run(number: int, tmp_path: Path) -> None:
    """Every Python snippet of the README, run as a script of its own."""
    snippet = tmp_path / "我的 脚本.py"
    snippet.write_text(re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)[number], encoding="utf-8")
    command = [sys.executable, "-X", "utf8", str(snippet)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "mini-m3" in done.stdout and "[3, 384]" in done.stdout


def test_readme_has_no_gaps() -> None:
    """Tables that are measured late are filled in."""
    assert not re.search(r"@@|TODO|TBD|not measured|not yet", README)


def test_readme_commands_can_be_pasted() -> None:
    """No comment behind a command (cmd and zsh take it for arguments), and every subcommand exists."""
    from helpers.__main__ import COMMANDS

    blocks = re.findall(r"```(?:bash|bat)\n(.*?)```", README, flags=re.DOTALL)
    assert len(blocks) >= 6 and not [block for block in blocks if "#" in block]
    assert set(re.findall(r"python -m helpers (\w+)", README)) == set(COMMANDS)


def test_readme_links_lead_to_files() -> None:
    """No link of the README goes nowhere, and its picture has words."""
    for alt, target in re.findall(r"(!?)\[[^\]]*\]\((?!http|#)([^)]+)\)", README):
        assert (ROOT / target).exists(), alt + target
    assert all(len(alt.split()) >= 4 for alt in re.findall(r"!\[(.*?)\]\(", README))


def test_every_stage_has_its_room() -> None:
    """One name everywhere: module and tests for each stage; the README's table lists them."""
    for stage in STAGES:
        assert (ROOT / "helpers" / f"{stage}.py").exists() and (ROOT / "tests" / f"test_{stage}.py").exists()
        assert f"helpers/{stage}.py" in README


def test_modules_open_with_their_one_job() -> None:
    """A docstring on top of every module of the package and of the classroom."""
    for path in modules():
        assert path.read_text(encoding="utf-8").startswith('"""'), path


def test_public_functions_say_what_they_do() -> None:
    """Types and a docstring on every public function and class."""
    for path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        for node in [*tree.body, *(part for one in classes for part in one.body)]:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{path.name}: {node.name} has no docstring"
            if isinstance(node, ast.FunctionDef):
                names = [a for a in node.args.args + node.args.kwonlyargs if a.arg not in ("self", "cls")]
                assert node.returns is not None and all(a.annotation for a in names), f"{path.name}: {node.name}"


def test_nothing_loads_pickles_or_remote_code() -> None:
    """Loading stays safe: torch.load only with weights_only=True, never trust_remote_code."""
    for path in modules():
        text = path.read_text(encoding="utf-8")
        assert "trust_remote_code" not in text and not re.search(r"pickle\.loads?\(", text), path
        assert text.count("torch.load(") == len(re.findall(r"torch\.load\([^)]*weights_only=True", text)), path


def test_ruff_has_nothing_to_say() -> None:
    """Code and notebooks are clean and formatted."""
    for arguments in (["check", "."], ["format", "--check", "."]):
        done = subprocess.run([sys.executable, "-m", "ruff", *arguments], capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stdout + done.stderr


def test_notices_name_every_source_of_the_recipe() -> None:
    """Each training file is accounted for in the model card's sources."""
    recipe = tomllib.loads((ROOT / "helpers" / "mini_m3" / "training" / "recipe.toml").read_text(encoding="utf-8"))
    sources = (ROOT / "helpers" / "mini_m3" / "training" / "SOURCES.md").read_text(encoding="utf-8")
    assert not [entry["name"] for entry in recipe["file"] if f"`{entry['name']}`" not in sources]
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for name in ("Tatoeba", "Python", "Hugging Face", "XLM-RoBERTa", "multilingual-e5-small", "Debian", "Noto"):
        assert name in notice, name
