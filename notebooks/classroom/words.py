"""The words that readers see in figures and panels, one table a room: ``words.toml``, to be translated without code.

W = words("pooling")  # reads classroom/pooling/words.toml
W["title"], W["found"].format(count=3), guess(**W["guess_rows"])
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

CLASSROOM = Path(__file__).parent


class Words(dict[str, Any]):
    """A table of words that says which key it lacks, where, and which it has; tables inside it do the same."""

    def __init__(self, entries: dict[str, Any], where: str) -> None:
        """``entries`` as TOML gives them; ``where`` names the file, and the table in it, for messages."""
        nested = {key: Words(value, f"{where} [{key}]") for key, value in entries.items() if isinstance(value, dict)}
        super().__init__(entries | nested)
        self.where = where

    def __missing__(self, key: str) -> Any:
        """Raise ``KeyError`` with the file, the key and the keys there are."""
        raise KeyError(f"{self.where} has no {key!r}; it has {', '.join(sorted(self)) or 'nothing'}")


def words(room: str = "") -> Words:
    """The words of a room (a folder of ``classroom``); without a name those that all pages share.

    Raises ``FileNotFoundError`` for a room that has no ``words.toml``, naming those that have one, and ``ValueError``
    for a file that is not TOML. A key that is missing raises ``KeyError`` when asked for.

    >>> words()["road"]["pooling"]["title"]
    'pooling'
    """
    path = CLASSROOM / room / "words.toml"
    name = f"classroom/{room}/words.toml" if room else "classroom/words.toml"
    if not path.is_file():
        rooms = ", ".join(repr(found.parent.name) for found in sorted(CLASSROOM.glob("*/words.toml"))) or "none yet"
        raise FileNotFoundError(f"{name} is missing; rooms that have a table of words: {rooms}")
    try:
        return Words(tomllib.loads(path.read_text(encoding="utf-8")), name)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{name} is not TOML: {error}") from error
