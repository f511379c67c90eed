"""Reads the course's tables of texts, which lie beside this module in ``data``."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

DATA = Path(__file__).parent / "data"


def read_table(path: Path, columns: Sequence[str]) -> list[list[str]]:
    """The rows below a header of these ``columns``, a field for each.

    Raises ``FileNotFoundError`` when the table is missing and ``ValueError`` when it is damaged; both say what to do.

    >>> columns = ["id", "kind", "english", "english_twin", "chinese", "chinese_twin"]
    >>> read_table(DATA / "minimal_pairs.tsv", columns)[0][:2]
    ['order-001', 'order']
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"no table at {path}: run from a full checkout of the repository "
            f"(the file is part of it; `git checkout -- notebooks/classroom/data/{path.name}` brings it back)"
        )
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)) or [[]]
    if header != list(columns):
        raise ValueError(f"{path} should start with the columns {', '.join(columns)}, not {', '.join(header)}")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(columns):
            raise ValueError(f"{path}, line {number}: {len(row)} fields instead of {len(columns)}")
    return rows
