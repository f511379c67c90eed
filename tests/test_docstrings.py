"""The examples in docstrings are run: what a reader copies from there must come out as it stands there."""

import doctest
import pkgutil
from importlib import import_module

import pytest
import torch

import classroom
import helpers

MODULES = [
    found.name
    for package in (helpers, classroom)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not found.ispkg and "__main__" not in found.name and ".training." not in found.name
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_come_out_as_they_stand(name, mini):
    """Every example may use torch, and mini-m3 as ``bge`` with its ``vocabulary``."""
    known = {"torch": torch, "bge": mini, "vocabulary": mini.vocabulary}
    told = []
    runner = doctest.DocTestRunner(verbose=False)
    for test in doctest.DocTestFinder(exclude_empty=True).find(import_module(name), extraglobs=known):
        runner.run(test, out=told.append)
    assert not runner.failures, "".join(told)


def test_there_are_examples():
    """An empty harvest would pass the test above; prose after "Example:" is run by nobody."""
    finder = doctest.DocTestFinder()
    tests = [test for name in MODULES for test in finder.find(import_module(name))]
    assert sum(len(test.examples) > 0 for test in tests) >= 25
    assert not [test.name for test in tests if "Example:" in (test.docstring or "")]
