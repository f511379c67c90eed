"""Where a copy of bge-m3 is looked for: every tool's folder, in the right order, and nothing that is not there."""

import os
import shutil
from pathlib import Path

import pytest

from helpers import find
from helpers.checkpoint.find import copies
from helpers.checkpoint.recorded import REVISION

COMMIT = "c0ffee"
HUB, SCOPE = "hub/models--BAAI--bge-m3/snapshots", "scope/models"
PLACES = {
    "hub, pinned revision": f"{HUB}/{REVISION}",
    "hub, another revision": f"{HUB}/{COMMIT}",
    "sentence-transformers": f"st/models--BAAI--bge-m3/snapshots/{COMMIT}",
    "ModelScope since 1.38": "scope/models/BAAI--bge-m3/snapshots/master",
    "ModelScope, its cache set": "scope/models/BAAI/bge-m3",
    "ModelScope before 1.38": "scope/hub/models/BAAI/bge-m3",
    "ModelScope before models/": "scope/hub/BAAI/bge-m3",
    "local dir": "work/bge-m3",
    "local dir by owner": "work/models/BAAI/bge-m3",
    "local dir in the project": "project/BAAI/bge-m3",
}


@pytest.fixture
def disk(tiny, tmp_path, monkeypatch):
    """A disk of one's own, its path with spaces and Chinese characters, and a function that puts a copy somewhere."""
    disk = tmp_path / "我的 disk"
    (disk / "work").mkdir(parents=True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(disk / "hub"))
    monkeypatch.setattr("helpers.checkpoint.find.PROJECT", disk / "project")
    monkeypatch.setenv("MODELSCOPE_CACHE", str(disk / "scope"))
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(disk / "st"))
    monkeypatch.delenv("BGE_M3")
    monkeypatch.chdir(disk / "work")

    def put(place):
        return Path(shutil.copytree(tiny, disk / place))

    return put


def test_nothing_is_found_on_an_empty_disk(disk):
    """A folder that is not there, or not a folder, must not raise."""
    assert list(copies()) == []
    (Path.cwd() / "bge-m3").write_text("a file", encoding="utf-8")
    (Path.cwd() / "models" / "bge-m3").mkdir(parents=True)  # empty
    assert list(copies()) == []
    assert find().kind == "mini-m3"


@pytest.mark.parametrize("place", PLACES)
def test_a_copy_is_found_wherever_a_tool_puts_it(disk, place):
    """Each tool's layout, by itself."""
    folder = disk(PLACES[place])
    assert list(copies()) == [folder]
    assert find().path == find("real").path == folder
    assert find().why == "found complete on this disk"


def test_order(disk):
    """The pinned revision before any other, caches before folders."""
    local, scope = disk("work/bge-m3"), disk("scope/models/BAAI/bge-m3")
    other, pinned = (disk(f"{HUB}/{name}") for name in (COMMIT, REVISION))
    os.utime(pinned, (0, 0))  # not the newest
    assert list(copies()) == [pinned, other, scope, local]


def test_newest_of_other_revisions_first(disk):
    """The latest download counts."""
    old, new = disk(f"{HUB}/aaa"), disk(f"{HUB}/bbb")
    os.utime(old, (1, 1))
    os.utime(new, (2, 2))
    assert list(copies()) == [new, old]


def test_a_broken_copy_is_passed_over_for_a_whole_one(disk):
    """Half a download in one place must not hide a whole model in another; with no other, the reason is told."""
    broken = disk(f"{HUB}/{REVISION}")
    (broken / "tokenizer.json").unlink()
    assert "the copy found first is unusable" in find().why and "tokenizer.json" in find().why
    whole = disk("work/bge-m3")
    assert find().path == whole


def test_the_home_folder_is_modelscopes_default(disk, monkeypatch, tmp_path):
    """Most people never set MODELSCOPE_CACHE."""
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.delenv("MODELSCOPE_CACHE")
    folder = shutil.copytree(disk("elsewhere"), tmp_path / ".cache/modelscope/hub/models/BAAI/bge-m3")
    assert find().path == Path(folder)


def test_a_place_that_cannot_be_read_is_passed_over(disk, monkeypatch):
    """A home of nobody, a file in place of a cache: each made ``auto`` fail."""
    folder = disk("project/bge-m3")
    monkeypatch.setenv("MODELSCOPE_CACHE", "~nobody_of_that_name/x")
    assert find().path == folder
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(folder / "config.json"))  # a file
    assert find().path == folder


@pytest.mark.skipif(os.name == "nt", reason="Windows does not remove the working folder")
def test_a_working_folder_that_is_gone(disk, monkeypatch, tmp_path):
    """Pages and scripts crashed before their first line."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert find().kind == "mini-m3"
