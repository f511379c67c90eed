"""The download against a hub on loopback, with the real client: after whatever happens the model is whole or refused.

Every test runs ``python -m helpers download`` in a copy of the project, in a path with blanks and Chinese
characters, from a bge-m3 the size of mini-m3, whose sums are those that are wanted.
"""

import os
import shutil
import signal
import subprocess
import sys
import time

import hub as hubs
import numpy as np
import pytest
import torch
from hub import Reader, finish

from helpers import BgeM3, CheckpointError, find
from helpers.checkpoint.download import missing as still_missing
from helpers.checkpoint.recorded import PINNED, WEIGHTS

BIN = "pytorch_model.bin"
SLACK = 2_000_000  # bytes that may lie in the sockets' buffers when a process is killed
KEPT = "what was downloaded is kept"
QUICK = "import time; time.sleep = lambda seconds: print(f'slept {seconds}', file=sys.stderr)"


@pytest.fixture(scope="module")
def files():
    """The repository's files by name."""
    return hubs.repository()


@pytest.fixture
def hub(files):
    """A hub without faults."""
    with hubs.Hub(dict(files)) as hub:
        yield hub


@pytest.fixture
def reader(hub, tmp_path):
    """A reader of this hub."""
    return Reader(tmp_path / "我的 project é", hub)


@pytest.fixture
def lost(tmp_path):
    """A reader of a hub that is not there."""
    return Reader(tmp_path / "我的 project é", None)


def assert_whole(reader, folder=None):
    """Every file byte for byte, and no crumbs."""
    folder = folder or reader.model
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert found.pop(".download.lock").stat().st_size == 0
    assert found.keys() == reader.hub.files.keys()
    assert all(path.read_bytes() == reader.hub.files[name] for name, path in found.items())
    find(folder)


def assert_no_model(folder):
    """No weights under their names, and the folder is refused."""
    assert not any((folder / name).exists() for name in WEIGHTS)
    with pytest.raises(CheckpointError):
        find(folder)


def assert_error(done, *told):
    """One line that begins with "error: " comes last on standard error and says all this; exit code 2, no path."""
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert lines == done.stderr.splitlines()[-1:] and "Traceback" not in done.stderr, done.stderr
    for text in told:
        assert text in lines[0], lines[0]


def assert_done(done, folder):
    """Exit code 0 and the folder's path as the only line on standard output."""
    assert (done.returncode, done.stdout) == (0, f"{folder}\n"), done.stderr
    assert "Traceback" not in done.stderr


def assert_resumed(reader, kept=0):
    """At least so many bytes are here; the next run fetches the rest, and nothing twice, and makes the model whole."""
    missing = still_missing(reader.model, reader.hub.known)
    parts = sum(path.stat().st_size for path in reader.model.rglob("*.part"))
    rest = sum(len(reader.hub.files[name]) for name in missing) - parts
    assert rest <= reader.hub.total - kept + SLACK
    reader.hub.resume()
    assert_done(reader.run(), reader.model)
    assert_whole(reader)
    assert {*reader.hub.served} == {*missing} and reader.hub.served.total() <= rest + SLACK


def halt(reader, count):
    """A download that has stood still after so many bytes, once what was sent has been written."""
    reader.hub.stall = count
    process = reader.start()
    assert reader.hub.stalled.wait(60)
    size, before = -1, -2
    while size != before:
        time.sleep(0.1)
        before, size = size, sum(path.stat().st_size for path in reader.folder.rglob("*.part"))
    return process


def kill(process):
    """End a process as a power cut does."""
    process.kill()
    process.communicate()


def test_into_its_folder_and_again(reader, hub):
    """Only what is needed comes, weights last, and once; the course finds it, and it gives mini-m3's own vectors."""
    done = reader.run()
    assert_done(done, reader.model)
    assert_whole(reader)
    assert list(hub.served)[-1] == BIN and hub.served.total() == hub.total
    size = f"{hub.total / 1e9:.2f} GB"
    for told in (f"{hub.url}: 12 files, {size}", f"0.00 GB already here, {size} to fetch, ", f"into {reader.model}\n"):
        assert told in done.stderr
    assert done.stderr.endswith(f"{reader.model} is complete and checked\n") and "%" not in done.stderr
    (reader.model / "tokenizer.json").write_text("{}")  # damaged
    assert_resumed(reader, hub.total - len(hub.files["tokenizer.json"]))
    hub.resume()
    where = finish(reader.python("-m", "helpers", "where"))
    assert where.stdout.splitlines()[-1] == str(reader.model), where.stderr
    assert not hub.requests
    texts = ["什么是大型语言模型？", "What is a large language model?"]
    both = [BgeM3.from_checkpoint(one, dtype=torch.float32, device="cpu") for one in (reader.model, "mini")]
    np.testing.assert_array_equal(*(bge.encode(texts) for bge in both))


def test_another_folder(reader):
    """A folder of one's own is told in full, with how to use it; installed elsewhere, the current folder counts."""
    done = reader.run("--to", "模型")
    assert_done(done, reader.folder / "模型")
    assert "; to use it, set the environment variable BGE_M3 to this folder" in done.stderr
    assert_whole(reader, reader.folder / "模型")
    (reader.folder / "pyproject.toml").unlink()
    script = "import os, helpers.checkpoint.download as d; os.chdir('模型'); print(d.FOLDER.absolute())"
    assert finish(reader.python("-c", script)).stdout == f"{reader.folder / '模型' / 'models' / 'bge-m3'}\n"


def test_killed_and_resumed(reader, hub):
    """Killed half-way: no model to be seen, nothing holds the next run up, and it fetches the rest only."""
    kill(halt(reader, hub.total // 2))
    assert_no_model(reader.model)
    assert_resumed(reader, hub.total // 2)


@pytest.mark.slow
def test_killed_at_every_tenth(reader, hub):
    """One run after another, each killed a tenth later: together they serve little more than one download."""
    served = 0
    for _ in range(9):
        kill(halt(reader, hub.total // 10))
        assert_no_model(reader.model)
        served += hub.served.total()
        hub.resume()
    assert_resumed(reader)
    assert served + hub.served.total() <= hub.total + 10 * SLACK


@pytest.mark.skipif(sys.platform == "win32", reason="no Ctrl-C for a single process there")
def test_interrupted(reader, hub):
    """Ctrl-C: one line that says what is kept, exit code 130, and the next run goes on."""
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is deaf to it
    try:
        process = halt(reader, hub.total // 2)
    finally:
        signal.signal(signal.SIGINT, inherited)
    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert (done.returncode, done.stdout) == (130, "")
    assert f"stopped; {KEPT}" in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr
    assert_no_model(reader.model)
    assert_resumed(reader, hub.total // 2)


@pytest.mark.slow
@pytest.mark.parametrize("reset", [False, True])
def test_connections_that_break(reader, hub, reset):
    """A hub that hangs up every few megabytes costs nothing but patience, since each time some bytes came."""
    hub.drop, hub.reset = 7_000_000, reset
    assert_done(reader.run(before=QUICK), reader.model)
    assert_whole(reader)
    assert hub.served.total() <= hub.total + SLACK


@pytest.mark.slow
def test_more_breaks_than_calls_can_be_nested(tmp_path):
    """A line that carries 64 kB at a time: http_get would stop after a thousand."""
    with hubs.Hub({BIN: bytes(90_000_000)}, drop=70_000) as hub:
        reader = Reader(tmp_path, hub)
        assert_done(reader.run(before=QUICK), reader.model)


@pytest.mark.parametrize("answer", [None, (416, {"Content-Range": "bytes */1"})])
def test_a_mirror_without_ranges(reader, hub, answer):
    """A mirror that sends a resumed file from its beginning, or answers 416: the whole file, not one appended."""
    kill(halt(reader, hub.total // 2))
    hub.resume()
    hub.ranges, hub.answers = False, {"resumed": answer} if answer else {}
    assert_done(reader.run(), reader.model)
    assert_whole(reader)


def pointer(content):
    """What git-LFS keeps in the stead of a large file."""
    return b"version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize %d\n" % (0, len(content))


def flip(content):
    """The same with one byte changed."""
    return content[:100] + bytes([content[100] ^ 1]) + content[101:]


def page(content):
    """What a network shows that wants you to log in."""
    return b"<!DOCTYPE html><title>Log in</title>" + b" " * 2000


ANSWERS = {
    401: ({}, ["answers 401", "HF_TOKEN", KEPT]),
    403: ({}, ["answers 403", "HF_TOKEN", KEPT]),
    404: ({"X-Error-Code": "RepoNotFound"}, ["answers 404", "HF_ENDPOINT", KEPT]),
    407: ({}, ["answers 407", "HTTPS_PROXY=http://user:password@host:port", KEPT]),
    429: ({"Retry-After": "77"}, ["answers 429", "HF_TOKEN", KEPT]),
    503: ({}, ["answers 503", "try again later", KEPT]),
    200: ({"Content-Type": "text/html; charset=utf-8"}, ["sends a web page or a git-LFS pointer instead of", "log in"]),
}
SUM = ["came from", "wrong size or checksum", "deleted", "the other files are kept", "HF_ENDPOINT"]
FAULTS = {  # the hub's switches, what is told, how many bytes must be kept
    **{f"{code} at once": ({"answers": {"/": (code, more)}}, told, 0) for code, (more, told) in ANSWERS.items()},
    **{
        f"{code} half-way": ({"drop": 20_000_000, "answers": {f"{BIN} resumed": (code, more)}}, told, 20_000_000)
        for code, (more, told) in ANSWERS.items()
    },
    "429 for ever": ({"answers": {"/large/": (429, {"Retry-After": "40"})}}, ["answers 429", "HF_TOKEN"], 0),
    "cut short": ({"cut": 20_000_000}, ["cannot be reached (RemoteProtocolError", KEPT], 20_000_000),
    "cut short, untold": ({"cut": 20_000_000, "lengths": False}, [f"{BIN} ends after 20", KEPT], 20_000_000),
    "a wrong byte in the weights": ({"instead": {BIN: flip}}, [BIN, *SUM], 0),
    "a wrong byte in config.json": ({"instead": {"config.json": flip}}, ["config.json", *SUM], 0),
    "a pointer": ({"instead": {BIN: pointer}}, ["a git-LFS pointer instead of " + BIN], 0),
    "a pointer, untold": ({"instead": {BIN: pointer}, "lengths": False}, ["a git-LFS pointer instead of " + BIN], 0),
    "a page, untold": ({"instead": {BIN: page}, "lengths": False}, ["sends a web page or a git-LFS pointer"], 0),
    "another size": ({"instead": {BIN: lambda content: content[1000:]}}, ["bytes instead of " + BIN], 0),
    "too much, untold": ({"instead": {BIN: lambda content: content * 2}, "lengths": False}, [BIN, *SUM], 0),
}
OFTEN = ("401 at once", "200 at once", "429 half-way", "a wrong byte in the weights")


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in OFTEN else pytest.mark.slow) for n in FAULTS])
def test_fault(reader, hub, name):
    """One line that tells the cure, no model, and as soon as the hub is well again, only the rest is fetched."""
    switches, told, kept = FAULTS[name]
    vars(hub).update(switches)
    done = reader.run(before=QUICK)
    assert_error(done, *told)
    assert done.stderr.count("slept 41") == (5 if name == "429 for ever" else 0)
    assert done.stderr.count("slept 78") == (5 if name in ("429 at once", "429 half-way") else 0)
    assert hub.served[BIN] < SLACK or name not in ("a pointer", "another size")
    assert_no_model(reader.model)
    vars(hub).update(answers={}, instead={}, drop=0, cut=0, lengths=True)
    assert_resumed(reader, kept)


def test_asked_to_wait_a_little(reader, hub):
    """A pause of a second is made, and told."""
    hub.answers["/large/tokenizer.json"] = (429, {"Retry-After": "1"}, 1)
    done = reader.run()
    assert_done(done, reader.model)
    assert "Waiting 2.0s before retry" in done.stderr


@pytest.mark.slow
def test_a_hub_that_falls_silent(reader, hub):
    """A connection on which nothing comes any more is given up, and taken up by the next run."""
    hub.stall = hub.total // 2
    impatient = f"{QUICK}\nimport helpers.checkpoint.download as d; d.TRIES = 1"
    done = reader.run(before=impatient, HF_HUB_DOWNLOAD_TIMEOUT="1")
    assert_error(done, "cannot be reached (ReadTimeout", KEPT)
    assert_no_model(reader.model)
    assert_resumed(reader, hub.total // 2)


def test_the_real_record(reader, hub):
    """As readers run it: 2.3 GB of the pinned commit are wanted, and a mirror with other content is caught."""
    hub.files["sentence_bert_config.json"] = b"?" * PINNED["sentence_bert_config.json"][0]  # the smallest comes first
    done = finish(reader.python("-m", "helpers", "download"))
    assert "BAAI/bge-m3 at 5617a9f from" in done.stderr and ": 12 files, 2.30 GB" in done.stderr
    assert_error(done, "sentence_bert_config.json came from", "wrong size or checksum")
    assert_no_model(reader.model)


def test_no_network_where_none_is_wanted(reader, hub):
    """HF_HUB_OFFLINE refuses a download by name; a model that is complete needs no hub at all."""
    for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        assert_error(reader.run(**{variable: "1"}), "HF_HUB_OFFLINE", "unset it")
    assert not hub.requests and not reader.model.exists()
    reader.run()
    for changes in ({"HF_ENDPOINT": "http://127.0.0.1:9"}, {"HF_HUB_OFFLINE": "1"}):
        done = reader.run(**changes)
        assert_done(done, reader.model)
        assert "complete and checked" in done.stderr and "to fetch" not in done.stderr


def test_unreachable(lost, hub):
    """No hub, a proxy that is not there or asks who you are: what to set instead."""
    told = ("cannot be reached", "HF_ENDPOINT=https://hf-mirror.com", "HTTPS_PROXY", "README.md")
    assert_error(lost.run(before=QUICK), *told)
    secure = {"before": QUICK, "HF_ENDPOINT": "https://hub.example"}
    assert_error(lost.run(HTTPS_PROXY="http://127.0.0.1:9", **secure), *told)
    assert_error(lost.run(before=QUICK, HTTP_PROXY="http://a:70000"), "cannot be reached", " HTTP_PROXY (http://user:")
    assert_error(lost.run(https_proxy=hub.url, **secure), "(ProxyError: 407 ", "https_proxy (http://user:password@")
    assert_no_model(lost.model)


def test_a_mirror_that_sends_on(reader, hub):
    """Where a mirror sends on to a hub that is blocked, both are named."""
    hub.answers["/large/"] = (302, {"Location": "http://localhost:9/blocked"})
    known = f"localhost (asked for {hub.url}) cannot be reached"
    assert_error(reader.run(before=QUICK), known, "use another mirror (HF_ENDPOINT=https://hf-mirror.com)")
    assert_no_model(reader.model)


SETTINGS = [
    "HF_ENDPOINT=https://hub.example:99999", "HF_HUB_DOWNLOAD_TIMEOUT=abc", "HF_TOKEN=密码", "HTTPS_PROXY=http://a:port",
    "HF_ENDPOINT=hub.example", "HF_ENDPOINT=https://[::1", 'HF_ENDPOINT="https://hub.example"', "HF_ENDPOINT=ftp://a/",
    "HF_ENDPOINT=", "HF_HUB_DOWNLOAD_TIMEOUT=-5", "HF_HUB_DOWNLOAD_TIMEOUT=1.5", "HF_HUB_DOWNLOAD_TIMEOUT=",
    "HF_HUB_DOWNLOAD_TIMEOUT=99999999999999", "HF_HUB_ETAG_TIMEOUT=ten", "HF_TOKEN=hf_a b", "HF_TOKEN=\x7f",
    "HTTPS_PROXY=ftp://a", "ALL_PROXY=socks://a", "ALL_PROXY=socks5://", "SSL_CERT_FILE=.",
]  # fmt: skip


@pytest.mark.parametrize("setting", SETTINGS[:4] + [pytest.param(s, marks=pytest.mark.slow) for s in SETTINGS[4:]])
def test_a_setting_that_cannot_be_read(lost, setting):
    """The variable is named, and nothing is tried; where transformers would stumble too, all commands name it."""
    name, value = setting.split("=", 1)
    for command in ("download", "where") if value in ("https://[::1", "abc") else ("download",):
        assert_error(finish(lost.python("-m", "helpers", command, **{name: value})), f"error: {name}")
    assert not lost.model.exists()


@pytest.mark.slow
@pytest.mark.parametrize("content", ["密码".encode(), b"\xff\xfe", None])
def test_a_token_on_the_disk(lost, content):
    """The file of ``hf auth login`` is named."""
    path = lost.folder / "token"
    path.mkdir() if content is None else path.write_bytes(content)
    assert_error(finish(lost.python("-m", "helpers", "download", HF_TOKEN_PATH=str(path))), f"error: {path} ")


def test_proxy_and_token(reader, hub):
    """With HTTP_PROXY all requests go to the proxy; HF_TOKEN goes to the hub, and not to where it sends on to."""
    done = reader.run(HF_ENDPOINT="http://hub.example", HTTP_PROXY=hub.url, HF_TOKEN="hf_secret")
    assert_done(done, reader.model)
    assert hub.requests and all(path.startswith("http://") for path, _ in hub.requests)
    asked = [headers.get("authorization") for path, headers in hub.requests if path.startswith("http://hub.example/")]
    assert "Bearer hf_secret" in asked
    large = [headers for path, headers in hub.requests if "/large/" in path]
    assert {(one.get("authorization"), one["accept-encoding"]) for one in large} == {(None, "identity")}


def test_two_at_once(reader, hub):
    """The second waits for the first, says so, and fetches nothing."""
    first = halt(reader, hub.total // 2)
    second = reader.start()
    assert "another download" in second.stderr.readline()
    hub.resume()
    for process in (first, second):
        assert_done(finish(process), reader.model)
    assert_whole(reader)
    assert hub.served.total() <= hub.total // 2 + SLACK


@pytest.fixture
def disk(reader):
    """A small disk for the reader's models."""
    folder = reader.folder / "models"
    folder.mkdir()
    if sys.platform != "linux":
        pytest.skip("no small disk can be had here")
    root = ["sudo", "-n"] if os.geteuid() else []
    options = f"size=140m,uid={os.geteuid()},mode=700"
    mount = [*root, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if (root and not shutil.which("sudo")) or subprocess.run(mount, capture_output=True).returncode:
        assert not os.environ.get("GITHUB_ACTIONS"), "a maintainers' run must prove what a full disk does"
        pytest.skip("no disk can be mounted here without a password")
    yield folder
    subprocess.run([*root, "umount", "-l", str(folder)], check=True)


def leave(disk, count):
    """Fill the disk but for so many bytes."""
    stat = os.statvfs(disk)
    (disk / "filler").write_bytes(bytes(stat.f_bavail * stat.f_frsize - count))


@pytest.mark.slow
def test_a_full_disk(reader, hub, disk):
    """Too small a disk is told before anything is fetched; one that fills up stops the download until there is room."""
    leave(disk, 4 << 20)
    told = [f"{size / 1e9:.2f} GB" for size in (4 << 20, hub.total, hub.total - (4 << 20))]
    assert_error(reader.run(), "has {} free, but {} are needed; free {}".format(*told), "--to")
    assert not hub.served
    (disk / "filler").unlink()
    process = halt(reader, hub.total // 2)
    leave(disk, 0)
    hub.resume()
    assert_error(finish(process), f"the disk of {reader.model} is full", "kept")
    assert_no_model(reader.model)
    (disk / "filler").unlink()
    assert_resumed(reader, hub.total // 2)


@pytest.mark.slow
def test_a_disk_that_cannot_be_written(reader, disk):
    """What is whole there is used, for many share one; else the folder is named."""
    reader.run()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert_done(reader.run(), reader.model)
    assert_error(reader.run("--to", str(disk / "m3")), "m3 cannot be read or written")


def test_a_folder_that_cannot_be_one(lost, tmp_path):
    """A file where the folder should be, or above it, stays as it is."""
    file = tmp_path / "文件"
    file.write_text("mine")
    for to in (str(file), ""):
        assert_error(lost.run("--to", to), "is no folder; give one")
    assert_error(lost.run("--to", str(file / "below")), "cannot be read or written", "文件")
    assert file.read_text() == "mine"


@pytest.mark.parametrize("name", WEIGHTS)
def test_another_models_weights_are_not_touched(lost, name):
    """Weights of another model would make a mixture with the new small files, and may be somebody's work."""
    lost.model.mkdir(parents=True)
    (lost.model / name).write_bytes(b"my own work")
    assert_error(lost.run(), name, "is damaged, or another model's", "another folder")
    assert {path.name: path.read_bytes() for path in lost.model.iterdir() if path.name[0] != "."} == {
        name: b"my own work"
    }
