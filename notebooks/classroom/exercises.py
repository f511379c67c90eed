"""Exercise checks: ``exercises.<name>(your_function)`` answers with a verdict or a hint, never a traceback.

One module a page, imported there as ``from classroom.pooling import exercises``.
Each public function takes the reader's function and hands its cases to ``judge``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Case:
    """One question put to the reader's function: its arguments, the right answer, and a hint if it differs."""

    name: str
    arguments: tuple[Any, ...]
    expected: Any
    hint: str
    tolerance: float = 1e-5


def same(answer: Any, expected: Any, tolerance: float) -> str:
    """Empty if the answer is right, else what is wrong with it in a few words."""
    if isinstance(expected, torch.Tensor):
        if not isinstance(answer, torch.Tensor):
            return f"the answer is {type(answer).__name__}, a tensor is wanted"
        if answer.shape != expected.shape:
            return f"the shape is {tuple(answer.shape)}, wanted {tuple(expected.shape)}"
        gap = (answer.double() - expected.double()).abs().nan_to_num(nan=float("inf"))
        return "" if not gap.numel() or gap.max() <= tolerance else f"values differ by up to {gap.max():.3g}"
    if isinstance(expected, float) and isinstance(answer, (int, float)):
        near = answer == expected or abs(answer - expected) <= tolerance  # equal infinities have no difference
        return "" if near else f"{answer:.6g} is not {expected:.6g}"
    return "" if answer == expected else f"the answer is {answer!r}, wanted {expected!r}"


def judge(function: Callable[..., Any], cases: Iterable[Case]) -> bool:
    """Put every case to the function; print the verdict; ``True`` only if all are right.

    A stub that returns ``None`` is told "not yet"; an exception becomes a hint with its message.
    """
    cases = list(cases)
    for number, case in enumerate(cases):
        try:
            answer = function(*case.arguments)
        except Exception as error:
            print(f"✗ {case.name}: your function raised {type(error).__name__}: {error}. Hint: {case.hint}")
            return False
        if answer is None:
            print("… not yet: the function returns None. Fill it in and run this cell again.")
            return False
        if wrong := same(answer, case.expected, case.tolerance):
            print(
                f"✗ {case.name}: {wrong}. Hint: {case.hint}"
                + (f" ({number} of {len(cases)} right so far)" if number else "")
            )
            return False
    print(f"✓ right, in all {len(cases)} cases: " + ", ".join(case.name for case in cases))
    return True
