"""What page 00 shows of a model as text: its printed parts beside those of another one."""

from __future__ import annotations

import re

from torch import nn

from classroom.words import words

USUAL = r"in_features=|out_features=|, (?:bias=True|elementwise_affine=True|eps=1e-05|padding_idx=1|inplace=False)"
NAME, KIND = 30, 26  # widths of the columns


def parts(model: nn.Module) -> list[tuple[str, str]]:
    """Indented name and kind of every part, as ``print`` shows them; settings that are the same everywhere left out.

    >>> parts(nn.ModuleDict({"dense": nn.Linear(2, 3)}))
    [('', 'ModuleDict'), (' (dense)', 'Linear(2, 3)')]
    """
    lines = [line for line in re.sub(USUAL, "", str(model)).split("\n") if line.strip() != ")"]
    found = []
    for line in lines:
        name, _, kind = line.partition(": ") if line.lstrip().startswith("(") else ("", "", line)
        depth = (len(name) - len(name.lstrip())) // 2
        found.append((" " * depth + name.strip(), kind.removesuffix("(")))
    return found


def beside(model: nn.Module, other: nn.Module, titles: tuple[str, str]) -> str:
    """Two printed models of one build, part by part: name, kind in one, kind in the other.

    Raises ``ValueError`` if they are not of one build.
    """
    rows = [(words("from_text_to_vector")["beside"]["part"], *titles)]
    for (_, ours), (name, theirs) in zip(parts(model), parts(other), strict=True):
        rows.append((name, ours, theirs))
    return "\n".join(f"{name:<{NAME}}{ours:<{KIND}}{theirs}" for name, ours, theirs in rows)
