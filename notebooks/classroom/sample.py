"""Which items a page measures: all, or few where the model is large, so that the page stays within minutes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from helpers.pipeline import BgeM3

LARGE = 1000  # hidden size from which a model is large: bge-m3's is 1,024
Item = TypeVar("Item")


def sample(bge: BgeM3, items: Sequence[Item], few: int, count: int | None = None) -> list[Item]:
    """``count`` items (all without it), ``few`` where the model is large; evenly spread, in order.

    Where items repeat in a period, as the kinds of questions do, take a count that falls into every place of it.

    >>> sample(bge, range(10), few=2, count=5)  # mini-m3
    [0, 2, 4, 6, 8]
    """
    wanted = few if bge.model.config.hidden_size >= LARGE else count or len(items)
    wanted = min(len(items), wanted)
    return [items[number * len(items) // wanted] for number in range(wanted)]
