"""The project around the code: requirements in step, declared and pinned, layout, types, licences."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

import helpers

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
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
    assert PYPROJECT["project"]["requires-python"] == ">=3.11"
    assert any(str(entry).startswith("python>=3.11") for entry in environment["dependencies"])


def test_requirements_are_pinned_and_no_more_than_the_seven() -> None:
    """The packages of the notebooks, each at one version, and this project itself."""
    names = {re.split("==", line)[0] for line in pins("requirements.txt")}
    course = {"jupyterlab", "matplotlib", "ipywidgets", "nbval", "-e ."}
    assert names == {"torch", "transformers", "huggingface_hub"} | course
    assert all("==" in line for line in pins("requirements.txt") if line != "-e .")


def test_what_is_imported_is_declared() -> None:
    """pyproject.toml names, with a lower bound, what the installed modules import; the classroom's, as an extra."""
    declared = PYPROJECT["project"]["dependencies"]
    extra = PYPROJECT["project"]["optional-dependencies"]["notebooks"]
    assert all(re.fullmatch(r"[\w-]+>=[\d.]+", line) for line in declared + extra)
    known = {line.split(">=")[0] for line in declared}
    for path in modules():
        if "training" in path.parts or path.name == "make.py":
            continue  # run by hand, with what their own texts name
        room = {"helpers"} | known
        if "classroom" in path.parts:  # JupyterLab brings IPython
            room |= {line.split(">=")[0] for line in extra} | {"classroom", "IPython"}
        assert imports(ast.parse(path.read_text(encoding="utf-8"))) <= room | sys.stdlib_module_names, path


def imports(tree: ast.Module) -> set[str]:
    """Top-level names of the packages that a module imports when it runs."""
    only_for_types = {
        part for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for part in node.body
    }  # fmt: skip
    found = set()
    for node in ast.walk(tree):
        if node not in only_for_types and isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif node not in only_for_types and isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return found


def test_pins_fit_what_is_declared() -> None:
    """Every pinned version of requirements.txt is at least the declared one."""
    project = PYPROJECT["project"]
    lines = project["dependencies"] + project["optional-dependencies"]["notebooks"]
    declared = dict(line.split(">=") for line in lines)
    pinned = dict(line.split("==") for line in pins("requirements.txt") if "==" in line)
    assert {"torch", "transformers", "huggingface_hub"} <= set(pinned) & set(declared)
    for name in set(pinned) & set(declared):
        least, pin = (tuple(map(int, version.split("."))) for version in (declared[name], pinned[name]))
        assert pin >= least, name


def test_lazy_names_have_types() -> None:
    """``from helpers import BgeM3`` is resolved when used; type checkers read the same names from the imports."""
    tree = ast.parse((ROOT / "helpers" / "__init__.py").read_text(encoding="utf-8"))
    typed = next(node for node in tree.body if isinstance(node, ast.If))
    listed = {name.asname: node.module for node in typed.body for name in node.names}  # type: ignore[attr-defined]
    assert listed == {name: f"helpers.{home}" for name, home in helpers._HOME.items()}
    assert (ROOT / "helpers" / "py.typed").exists()


def test_version_is_one() -> None:
    """The citation names the version that is built."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PYPROJECT["project"]["version"] and citation["license"] == "MIT"


def test_every_stage_has_its_room() -> None:
    """One name everywhere: module and tests for each stage; the notes for contributors list them."""
    notes = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for stage in STAGES:
        assert (ROOT / "helpers" / f"{stage}.py").exists() and (ROOT / "tests" / f"test_{stage}.py").exists()
        assert f"helpers/{stage}.py" in notes and f"notebooks/classroom/{stage}/" in notes


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


def test_pytest_says_what_it_does() -> None:
    """A first run tells what it runs and how long it takes; a chosen mark is named."""
    for options, said in (([], "a quarter of an hour"), (["-m", "slow"], "only the tests marked 'slow'")):
        command = [sys.executable, "-m", "pytest", "--collect-only", "tests/test_project.py", *options]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=ROOT, timeout=300)
        assert said in done.stdout.partition("collected")[0], done.stdout + done.stderr


def test_notices_name_every_source_of_the_recipe() -> None:
    """Each training file is accounted for in the model card's sources."""
    recipe = tomllib.loads((ROOT / "helpers" / "mini_m3" / "training" / "recipe.toml").read_text(encoding="utf-8"))
    sources = (ROOT / "helpers" / "mini_m3" / "training" / "SOURCES.md").read_text(encoding="utf-8")
    assert not [entry["name"] for entry in recipe["file"] if f"`{entry['name']}`" not in sources]
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    for name in ("Tatoeba", "Python", "Hugging Face", "XLM-RoBERTa", "multilingual-e5-small", "Debian", "Noto"):
        assert name in notice, name
