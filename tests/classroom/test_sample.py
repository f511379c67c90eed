"""A large model gets few items, evenly spread; every page's measures ask for them so."""

from types import SimpleNamespace

import pytest

from classroom.embedding_layers import measure as embedding_layers
from classroom.sample import LARGE, sample
from classroom.tokenization import measure as tokenization


@pytest.fixture
def large(mini):
    """mini-m3 that passes for a large model as long as nothing but its size is asked."""
    size, mini.model.config.hidden_size = mini.model.config.hidden_size, LARGE
    yield mini
    mini.model.config.hidden_size = size


def test_items_are_evenly_spread_and_never_more_than_there_are(mini):
    """All, some, or few, in order."""
    big = SimpleNamespace(model=SimpleNamespace(config=SimpleNamespace(hidden_size=LARGE)))
    assert sample(mini, range(9), few=2) == list(range(9))
    assert sample(mini, range(10), few=2, count=5) == [0, 2, 4, 6, 8]
    assert sample(big, range(10), few=2, count=5) == [0, 5]
    assert sample(mini, [1, 2], few=1, count=5) == [1, 2] == sample(big, [1, 2], few=7)


def test_pages_ask_a_large_model_for_few(large):
    """On bge-m3's size a page has minutes, not hours."""
    assert len(embedding_layers.stories(large)) == 34 and len(embedding_layers.sentences(large)) == 55
    large.model.config.hidden_size = LARGE - 1
    assert len(embedding_layers.stories(large)) == 100 and len(embedding_layers.sentences(large)) == 220


def test_search_of_page_01_asks_for_few(mini, monkeypatch):
    """There vectors are computed too, so the size stays and the limit goes down."""
    monkeypatch.setattr("classroom.sample.LARGE", 1)
    assert len(tokenization.Search(mini).queries) == 60
