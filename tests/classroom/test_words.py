"""The tables of words: every one can be read, a missing key or file says what there is."""

import tomllib
from pathlib import Path

import pytest

from classroom import words as module
from classroom.guess import guess
from classroom.words import CLASSROOM, words

ROOT = Path(__file__).parents[2]
TABLES = sorted(CLASSROOM.rglob("words.toml"))
ROOMS = [table.parent.name if table.parent != CLASSROOM else "" for table in TABLES]


@pytest.mark.parametrize("room", ROOMS)
def test_every_table_can_be_read_and_every_guess_asked(room):
    """A guess's answer is one of its choices, and nothing is missing in it."""
    table = words(room)
    assert table
    for name, one in table.items():
        if isinstance(one, dict) and "choices" in one:
            assert guess(**one).children, name


def test_a_missing_key_says_which_there_are():
    """In a table inside the table, too."""
    with pytest.raises(KeyError, match=r"classroom/words\.toml has no 'rode'; it has .*road"):
        words()["rode"]
    with pytest.raises(KeyError, match=r"classroom/words\.toml \[road\] has no 'her'; it has .*here"):
        words()["road"]["her"]
    assert "rode" not in words() and words().get("rode") is None


def test_a_missing_or_damaged_table(tmp_path, monkeypatch):
    """The message names the file and the rooms that have one."""
    monkeypatch.setattr(module, "CLASSROOM", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"classroom/attic/words\.toml is missing.*none yet"):
        words("attic")
    for room, text in (("cellar", "title = "), ("hall", 'title = "大厅"\n')):
        (tmp_path / room).mkdir()
        (tmp_path / room / "words.toml").write_text(text, encoding="utf-8")
    with pytest.raises(FileNotFoundError, match="'cellar', 'hall'"):
        words("attic")
    with pytest.raises(ValueError, match=r"classroom/cellar/words\.toml is not TOML"):
        words("cellar")
    assert words("hall")["title"] == "大厅"


def test_tables_are_installed_with_the_package():
    """What lies beside the modules is also in a wheel."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["classroom"]
    installed = {path for pattern in patterns for path in CLASSROOM.glob(pattern)}
    data = {path for path in CLASSROOM.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert set(TABLES) <= data <= installed, data - installed
