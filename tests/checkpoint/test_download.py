"""The download against a hub on loopback, with the real client: after whatever happens the model is whole or refused.

Every test runs ``python -m helpers download`` in a process of its own, into paths with blanks and Chinese
characters, from a bge-m3 the size of mini-m3. The pinned commit's sums are those of the real files, so the
successful runs ask for ``main``, or bring a record of their own.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import hub as hubs
import numpy as np
import pytest
import torch
from hub import COMMIT, ROOT, UNWANTED, environment, run, start
from huggingface_hub.file_download import are_symlinks_supported

from helpers import BgeM3, CheckpointError, find
from helpers.checkpoint.destination import Destination
from helpers.checkpoint.find import BGE_M3_TOKENIZER, MINI
from helpers.checkpoint.manifest import MODEL_FILES, PINNED, REPO, REVISION, TOKENIZER_FILES, WEIGHTS
from helpers.checkpoint.transfer import MIRROR

SAFE, BIN = WEIGHTS
SLACK = 2_000_000  # bytes that may lie in the sockets' buffers when a process is killed
MAIN = ("--revision", "main")
QUICK = "from helpers.checkpoint import transfer; transfer.TRIES = 1"  # gives up after a second instead of fifteen


@pytest.fixture(scope="module")
def files():
    """The repository's files by name."""
    return hubs.repository()


@pytest.fixture
def hub(files):
    """A hub without faults; like the real one it has the weights as pytorch_model.bin only."""
    with hubs.Hub(dict(files)) as hub:
        yield hub


@pytest.fixture
def ready(files):
    """A hub that has the weights as model.safetensors."""
    content = {name: content for name, content in files.items() if name != BIN}
    with hubs.Hub(content | {SAFE: (MINI / SAFE).read_bytes()}) as hub:
        yield hub


@pytest.fixture
def total(request):
    """Bytes of all files that are needed from the test's hub."""
    hub = request.getfixturevalue("ready" if "ready" in request.fixturenames else "hub")
    return sum(len(content) for name, content in hub.files.items() if name not in UNWANTED)


@pytest.fixture
def home(tmp_path):
    """A home for the hub's cache."""
    return tmp_path / "我的 home é"


@pytest.fixture
def to(tmp_path):
    """A folder of its own."""
    return tmp_path / "模型 folder" / "bge m3"


def snapshot(home, commit=COMMIT):
    """Where the hub's cache has the files of a commit."""
    return home / "hub" / f"models--{REPO.replace('/', '--')}" / "snapshots" / commit


def assert_whole(folder, files):
    """Every file byte for byte, and no crumbs."""
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {*files} - {*UNWANTED}
    assert all((folder / name).read_bytes() == files[name] for name in names)
    find(folder)


def assert_no_model(folder):
    """No weights under their names, and the folder is refused."""
    assert not any((folder / name).exists() for name in WEIGHTS)
    with pytest.raises(CheckpointError):
        find(folder)


def assert_error(done, *told):
    """One line on standard error that begins with "error: " and says all this, exit code 2, no path printed."""
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1 and lines[0] == done.stderr.splitlines()[-1], done.stderr
    assert "Traceback" not in done.stderr
    for text in told:
        assert text in lines[0], lines[0]


def assert_done(done, folder):
    """Exit code 0 and the folder's path as the only line on standard output."""
    assert (done.returncode, done.stdout) == (0, f"{folder}\n"), done.stderr
    assert "Traceback" not in done.stderr


def steady(folder):
    """Wait until what was sent has been written."""
    size, before = -1, -2
    while size != before:
        time.sleep(0.1)
        before, size = size, sum(path.stat().st_size for path in folder.rglob("*.part"))


def record(files, commit=COMMIT):
    """Python that makes these files the recorded ones of the pinned commit."""
    known = {name: (len(files[name]), hashlib.sha256(files[name]).hexdigest()) for name in PINNED}
    return (
        f"from helpers.checkpoint import manifest as m; m.PINNED = {known}; m.REVISION = '{commit}'; "
        "m.TOKENIZER_FILES = {name: m.PINNED[name] for name in m.TOKENIZER_FILES}"
    )


def test_into_the_cache_and_again(hub, home, files, total):
    """Only what is needed comes, and once; whatever else reads the hub's cache finds it complete."""
    env = environment(hub, home)
    done = run(env, *MAIN)
    folder = snapshot(home)
    assert_done(done, folder)
    assert_whole(folder, files)
    assert not {*hub.served} & {*UNWANTED} and list(hub.served)[-1] == BIN  # weights last
    assert hub.served.total() == total
    size = f"{total / 1e6:.1f} MB"
    for told in (f"12 files, {size}", f"0 B already here, {size} to fetch", " free\n", f"into {folder}\n", hub.url):
        assert told in done.stderr
    hub.resume()
    done = run(env, *MAIN)
    assert_done(done, folder)
    assert "whole and checked" in done.stderr and hub.served.total() == 0
    script = (
        "from huggingface_hub import scan_cache_dir, snapshot_download\n"
        f"print(snapshot_download('{REPO}', allow_patterns={[*TOKENIZER_FILES, *MODEL_FILES]}))\n"
        "report = scan_cache_dir()\n"
        "print(len(report.warnings), [sorted(r.refs) for repo in report.repos for r in repo.revisions])\n"
        "from helpers import find\nprint(find('real').path)\n"
    )
    library = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, encoding="utf-8", cwd=ROOT, timeout=120
    )
    assert library.stdout.splitlines() == [str(folder), "0 [['main']]", str(folder)], library.stderr
    assert hub.served.total() == 0


def test_a_relative_folder_is_told_in_full(tmp_path, monkeypatch):
    """What is printed must hold in another terminal and in a notebook's own folder."""
    monkeypatch.chdir(tmp_path)
    assert Destination.of(COMMIT, "models/bge-m3").folder == tmp_path / "models" / "bge-m3"


def test_into_a_folder_and_again(hub, home, to, files, total):
    """A plain folder holds the files and nothing else, loads, and gives mini-m3's own vectors."""
    env = environment(hub, home)
    done = run(env, *MAIN, "--to", str(to))
    assert_done(done, to)
    assert f"{to} is whole and checked; to use it, set the environment variable BGE_M3 to this folder" in done.stderr
    assert_whole(to, files)
    assert hub.served.total() == total
    assert not (home / "hub").exists()
    hub.resume()
    assert_done(run(env, *MAIN, "--to", str(to)), to)
    assert hub.served.total() == 0
    (to / "tokenizer.json").unlink()
    assert_done(run(env, *MAIN, "--to", str(to)), to)
    assert hub.served == {"tokenizer.json": len(files["tokenizer.json"])}
    texts = ["什么是大型语言模型？", "What is a large language model?"]
    vectors = [BgeM3.from_checkpoint(one, dtype=torch.float32, device="cpu").encode(texts) for one in (to, "mini")]
    np.testing.assert_array_equal(*vectors)


def test_tokenizer_only(hub, home, to, files):
    """Five files, no weights; the folder is refused as a model by a message that says so."""
    assert_done(run(environment(hub, home), *MAIN, "--tokenizer-only", "--to", str(to)), to)
    assert {path.name for path in to.iterdir()} == {*TOKENIZER_FILES} == {*hub.served}
    assert_no_model(to)
    with pytest.raises(CheckpointError, match=r"neither model\.safetensors nor pytorch_model\.bin"):
        find(to)
    assert_done(run(environment(hub, home), *MAIN, "--tokenizer-only"), snapshot(home))
    assert_no_model(snapshot(home))


@pytest.mark.parametrize("tenth", range(1, 11))
def test_killed_and_resumed(ready, home, to, total, tenth):
    """Killed at any tenth of the way: no model to be seen, and the next run fetches the rest only."""
    ready.stall = total * tenth // 10
    process = start(environment(ready, home), *MAIN, "--to", str(to))
    assert ready.stalled.wait(60)
    steady(to)
    process.kill()
    process.communicate()
    if tenth < 10:
        assert_no_model(to)
    ready.resume()
    assert_done(run(environment(ready, home), *MAIN, "--to", str(to)), to)
    assert_whole(to, ready.files)
    assert ready.served.total() <= total - total * tenth // 10 + SLACK


def test_killed_nine_times_in_the_cache(hub, home, files, total):
    """One run after another, each killed after a tenth: together they serve little more than one download."""
    served = 0
    for _ in range(9):
        hub.stall = total // 10
        process = start(environment(hub, home), *MAIN)
        assert hub.stalled.wait(60)
        steady(home)
        process.kill()
        process.communicate()
        served += hub.served.total()
        assert_no_model(snapshot(home))
        hub.resume()
    done = run(environment(hub, home), *MAIN)
    assert_done(done, snapshot(home))
    assert_whole(snapshot(home), files)
    assert served + hub.served.total() <= total + 9 * SLACK


def test_interrupted(ready, home, to, total):
    """Ctrl-C: one line that says what is kept, exit code 130, and the next run goes on."""
    if sys.platform == "win32":
        pytest.skip("no Ctrl-C for a single process there")
    ready.stall = total // 2
    # a shell's background job is deaf to Ctrl-C, and so would be the process that it starts
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = start(environment(ready, home), *MAIN, "--to", str(to))
    finally:
        signal.signal(signal.SIGINT, inherited)
    assert ready.stalled.wait(60)
    steady(to)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "stopped; what was downloaded is kept" in err.splitlines()[-1] and "Traceback" not in err
    assert_no_model(to)
    ready.resume()
    assert_done(run(environment(ready, home), *MAIN, "--to", str(to)), to)
    assert_whole(to, ready.files)
    assert ready.served.total() <= total // 2 + SLACK


def test_connections_that_break(ready, home, to, total):
    """A hub that hangs up every few megabytes costs nothing but patience, since each time some bytes came."""
    ready.drop = 7_000_000
    assert_done(run(environment(ready, home), *MAIN, "--to", str(to)), to)
    assert_whole(to, ready.files)
    assert ready.served.total() <= total + SLACK


def test_a_hub_without_ranges(ready, home, to, total):
    """A resumed file that comes from its beginning must not be appended to what is there."""
    ready.stall = total // 2
    process = start(environment(ready, home), *MAIN, "--to", str(to))
    assert ready.stalled.wait(60)
    steady(to)
    process.kill()
    process.communicate()
    ready.ranges = False
    ready.resume()
    assert_done(run(environment(ready, home), *MAIN, "--to", str(to)), to)
    assert_whole(to, ready.files)


def test_a_body_cut_short(ready, home, to):
    """A file that ends too early: an error that says where, then only its rest is fetched."""
    ready.cut[SAFE] = 20_000_000
    done = run(environment(ready, home), *MAIN, "--to", str(to), before=QUICK)
    assert_error(done, ready.url, "what was downloaded is kept")
    assert_no_model(to)
    ready.cut.clear()
    ready.resume()
    assert_done(run(environment(ready, home), *MAIN, "--to", str(to)), to)
    assert_whole(to, ready.files)
    assert ready.served.total() <= len(ready.files[SAFE]) - 20_000_000 + SLACK


def test_a_hub_that_falls_silent(ready, home, to, total):
    """A connection on which nothing comes any more is given up, and taken up by the next run."""
    ready.stall = total // 2
    done = run(environment(ready, home, HF_HUB_DOWNLOAD_TIMEOUT="1"), *MAIN, "--to", str(to), before=QUICK)
    assert_error(done, "cannot be reached (ReadTimeout", "what was downloaded is kept")
    assert_no_model(to)
    ready.resume()
    assert_done(run(environment(ready, home), *MAIN, "--to", str(to)), to)
    assert_whole(to, ready.files)
    assert ready.served.total() <= total // 2 + SLACK


FIRST = {
    "401": ("/api/models", (401, {}), ("answers 401", "HF_TOKEN")),
    "403": ("/api/models", (403, {}), ("answers 403", "HF_TOKEN")),
    "no repository": ("/api/models", (404, {"X-Error-Code": "RepoNotFound"}), ("answers 404", "HF_ENDPOINT")),
    "no revision": ("/api/models", (404, {"X-Error-Code": "RevisionNotFound"}), ("answers 404", "--revision")),
    "407": ("/api/models", (407, {}), ("answers 407", "HTTPS_PROXY=http://user:password@host:port")),
    "429": ("/api/models", (429, {"Retry-After": "77"}), ("answers 429", "wait 77 seconds", "kept")),
    "500": ("/api/models", (500, {}), ("answers 500", "try again later")),
    "a login page": ("/", (200, {"Content-Type": "text/html"}), ("does not answer like a hub", "HF_ENDPOINT")),
}


@pytest.mark.parametrize("name", FIRST)
def test_refused_at_once(hub, home, to, name):
    """The hub's refusals, told in one line each, with nothing left behind."""
    part, answer, told = FIRST[name]
    hub.answers[part] = answer
    assert_error(run(environment(hub, home), *MAIN, "--to", str(to)), *told)
    assert not to.exists()


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize(("status", "cure"), [(401, "HF_TOKEN"), (404, "check --revision"), (429, "wait 77 seconds")])
def test_the_pinned_commit_is_refused(hub, home, to, files, status, cure, cached):
    """Without --revision no listing is asked for, so it is the first file that is refused."""
    hub.answers["/resolve/"] = (status, {"Retry-After": "77"} if status == 429 else {})
    arguments = () if cached else ("--to", str(to))
    done = run(environment(hub, home), *arguments, before=f"{record(files)}; {QUICK}")
    assert_error(done, f"answers {status}", cure, "kept")
    assert_no_model(snapshot(home) if cached else to)


@pytest.mark.parametrize(("status", "cached"), [(401, False), (404, True), (429, False), (503, True)])
def test_refused_on_the_way(ready, home, to, status, cached):
    """The same when the weights are half there: an error, no model, and the next run fetches the other half."""
    arguments, folder = (MAIN, snapshot(home)) if cached else ((*MAIN, "--to", str(to)), to)
    ready.drop = 20_000_000
    ready.answers["/large/model.safetensors resumed"] = (status, {"Retry-After": "90"} if status == 429 else {})
    done = run(environment(ready, home), *arguments, before=QUICK)
    assert_error(done, f"answers {status}", "is kept")
    assert_no_model(folder)
    ready.answers.clear()
    ready.drop = 0
    ready.resume()
    assert_done(run(environment(ready, home), *arguments), folder)
    assert_whole(folder, ready.files)
    assert ready.served.total() <= len(ready.files[SAFE]) - 20_000_000 + SLACK


def test_asked_to_wait_a_little(hub, home, to, files):
    """A pause of a second is made without a word to the reader."""
    hub.answers["/large/tokenizer.json"] = (429, {"Retry-After": "1"}, 1)
    done = run(environment(hub, home), *MAIN, "--tokenizer-only", "--to", str(to))
    assert_done(done, to)
    assert len(done.stderr.splitlines()) == 4  # the plan's three lines and the last
    assert hub.served["tokenizer.json"] == len(files["tokenizer.json"])


@pytest.mark.parametrize("name", [BIN, "tokenizer.json", "config.json"])
def test_wrong_checksum(hub, home, to, files, name):
    """A flipped byte: that file is deleted and named, the others stay, and the next run fetches it alone."""
    arguments, folder = (MAIN, snapshot(home)) if name == BIN else ((*MAIN, "--tokenizer-only", "--to", str(to)), to)
    damaged = bytearray(files[name])
    damaged[len(damaged) // 2] ^= 1
    hub.instead[name] = bytes(damaged)
    done = run(environment(hub, home), *arguments)
    assert_error(done, name, "wrong checksum", "deleted", "the other files are kept", "HF_ENDPOINT")
    assert_no_model(folder)
    assert not list(home.rglob("*.part")) + list(to.rglob("*.part")) and not (folder / name).exists()
    hub.instead.clear()
    came = {*hub.served} - {name}
    hub.resume()
    assert_done(run(environment(hub, home), *arguments), folder)
    assert (folder / name).read_bytes() == files[name]
    assert hub.served[name] == len(files[name]) and came and not came & {*hub.served}


@pytest.mark.parametrize("listed", [True, False])
def test_lfs_pointer(hub, home, to, files, listed):
    """A mirror that holds git-LFS pointers, whether or not it lists them as what they are."""
    if listed:
        hub.files[BIN] = hubs.pointer(files[BIN])
        hub.sums[BIN] = "0" * 64
    hub.instead[BIN] = hubs.pointer(files[BIN])
    assert_error(run(environment(hub, home), *MAIN, "--to", str(to)), f"a git-LFS pointer instead of {BIN}")
    assert_no_model(to)


def test_another_files_size(ready, home, to):
    """A file of another size than listed is refused before it is fetched."""
    ready.instead[SAFE] = ready.files[SAFE][:-1000]
    size = len(ready.files[SAFE])
    done = run(environment(ready, home), *MAIN, "--to", str(to))
    assert_error(done, f"{SAFE} has {size - 1000:,} bytes at {ready.url}", f"{size:,}")
    assert_no_model(to)
    assert ready.served[SAFE] < SLACK


def test_a_listing_that_lacks_a_file(hub, home):
    """A repository without a tokenizer, or without weights, is named as such."""
    del hub.files["tokenizer.json"]
    assert_error(run(environment(hub, home), *MAIN), "has no tokenizer.json")
    hub.files["tokenizer.json"] = b"{}"
    hub.sums["tokenizer.json"] = "0" * 64
    del hub.files[BIN]
    assert_error(run(environment(hub, home), *MAIN), "has no model.safetensors or pytorch_model.bin")


def test_a_listing_that_makes_no_sense(hub, home):
    """What the hub says is not taken for a path, and a file of unknown sum is not fetched."""
    hub.commit = "../../../../elsewhere"
    assert_error(run(environment(hub, home), *MAIN), "does not tell the sums")
    hub.commit = COMMIT
    hub.sums["tokenizer.json"] = "../x"
    assert_error(run(environment(hub, home), *MAIN), "does not tell the sums")
    assert not (home / "hub").exists() and not hub.served


def test_another_kind_of_model(ready, home, to):
    """Whole as it may be, a model that the stages do not describe is refused at the end."""
    ready.files["config.json"] = ready.files["config.json"].replace(b"xlm-roberta", b"bert")
    assert_error(run(environment(ready, home), *MAIN, "--to", str(to)), "config.json says model_type='bert'")


@pytest.mark.parametrize("asked", [(), MAIN])
def test_tampered_mirror(files, home, to, asked):
    """A mirror whose sums fit its own files is caught by the recorded ones, by whichever name the commit is asked."""
    here = [name for name in PINNED if (BGE_M3_TOKENIZER / name).is_file() and name != "tokenizer.json"]
    real = {name: (BGE_M3_TOKENIZER / name).read_bytes() for name in here}
    assert len(real) == 7
    changed = real["config.json"].replace(b"gelu", b"relu")
    with hubs.Hub(files | real | {"config.json": changed}, commit=REVISION) as hub:
        done = run(environment(hub, home), *asked, "--to", str(to))
        assert_error(done, "config.json", "wrong checksum")
        assert_no_model(to)
        assert not (to / "config.json").exists()
        assert all((to / name).read_bytes() == content for name, content in real.items() if len(content) < len(changed))


@pytest.mark.parametrize("cached", [True, False])
def test_recorded_commit_needs_no_network_once_it_is_here(hub, home, to, files, cached):
    """By a record of its own: complete, then found whole with no hub at all, and offline."""
    arguments, folder = ((), snapshot(home)) if cached else (("--to", str(to)), to)
    done = run(environment(hub, home, HF_HUB_OFFLINE="1"), *arguments, before=record(files))
    assert_error(done, "HF_HUB_OFFLINE", "unset it")
    assert_no_model(folder)
    assert_done(run(environment(hub, home), *arguments, before=record(files)), folder)
    assert_whole(folder, files)
    if cached:  # main is this commit, and other programs ask for main
        assert (folder.parents[1] / "refs" / "main").read_text() == COMMIT
    for changes in ({}, {"HF_HUB_OFFLINE": "1"}):
        done = run(environment(None, home, **changes), *arguments, before=record(files))
        assert_done(done, folder)
        assert "whole and checked" in done.stderr and "to fetch" not in done.stderr


@pytest.mark.parametrize("changes", [{}, {"HTTP_PROXY": "http://127.0.0.1:9"}, {"HF_ENDPOINT": "hub.example"}])
def test_unreachable(home, to, changes):
    """No hub, a proxy that is not there, an address that is none: what to set instead."""
    done = run(environment(None, home, **changes), "--to", str(to))
    assert_error(done, "cannot be reached", "HF_ENDPOINT=https://hf-mirror.com", "HTTPS_PROXY", "README.md")
    assert_no_model(to)


def test_a_mirror_that_sends_on(ready, home, to):
    """Where a mirror sends on to a hub that is blocked, the blocked one is named, and the same mirror not praised."""
    ready.answers["/large/"] = (302, {"Location": "http://localhost:9/blocked"})
    arguments = (*MAIN, "--to", str(to))
    done = run(environment(ready, home), *arguments, before=QUICK)
    assert_error(done, f"localhost, to which {ready.url} sends on, cannot be reached", f"(HF_ENDPOINT={MIRROR})")
    done = run(environment(ready, home), *arguments, before=f"{QUICK}; transfer.MIRROR = {ready.url!r}")
    assert_error(done, "use another mirror (HF_ENDPOINT), or")
    assert_no_model(to)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "socks://127.0.0.1:9"])
def test_a_proxy_that_cannot_be_used(home, to, proxy):
    """No request was made, so the proxy is to blame and not the hub."""
    done = run(environment(None, home, ALL_PROXY=proxy), "--to", str(to))
    assert_error(done, "the proxy that HTTPS_PROXY or ALL_PROXY names cannot be used", "its http:// address")
    assert_no_model(to)


def test_proxy(hub, home, to, files):
    """With HTTP_PROXY every request goes to the proxy, which is the hub itself here."""
    env = environment(hub, home, HF_ENDPOINT="http://hub.example", HTTP_PROXY=hub.url)
    assert_done(run(env, *MAIN, "--tokenizer-only", "--to", str(to)), to)
    assert hub.requests and all(path.startswith("http://") for _, path, _ in hub.requests)
    assert any(path.startswith("http://hub.example/") for _, path, _ in hub.requests)
    assert {*hub.served} == {*TOKENIZER_FILES}


def test_token(hub, home, to):
    """HF_TOKEN goes to the hub, and not to the other origin that the large files come from."""
    env = environment(hub, home, HF_TOKEN="hf_secret")
    assert_done(run(env, *MAIN, "--tokenizer-only", "--to", str(to)), to)
    sent = [("/large/" in path, headers.get("authorization")) for _, path, headers in hub.requests]
    assert {one for large, one in sent if large} == {None}
    assert {one for large, one in sent if not large} <= {"Bearer hf_secret", None}
    asked = [headers.get("authorization") for _, path, headers in hub.requests if REPO in path]
    assert asked and set(asked) == {"Bearer hf_secret"}


def test_two_at_once(ready, home, to, total):
    """The second waits for the first, says so, and fetches nothing."""
    ready.stall = total // 2
    first = start(environment(ready, home), *MAIN, "--to", str(to))
    assert ready.stalled.wait(60)
    second = start(environment(ready, home), *MAIN, "--to", str(to))
    assert "another download" in second.stderr.readline()
    ready.resume()
    for process in (first, second):
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, f"{to}\n"), err
    assert_whole(to, ready.files)
    assert ready.served.total() <= total // 2 + SLACK


def test_three_started_together(hub, home, files, total):
    """Into the cache, with no order among them: all succeed, one download's bytes are served."""
    processes = [start(environment(hub, home), *MAIN) for _ in range(3)]
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, f"{snapshot(home)}\n"), err
    assert_whole(snapshot(home), files)
    assert hub.served.total() == total


@pytest.fixture
def disk(tmp_path, request):
    """A small disk of its own."""
    folder = tmp_path / "小 disk"
    folder.mkdir()
    if sys.platform != "linux":
        pytest.skip("no small disk can be had here")
    root = ["sudo", "-n"] if os.geteuid() else []
    options = f"size={request.param},uid={os.geteuid()},mode=700"
    mount = [*root, "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if (root and not shutil.which("sudo")) or subprocess.run(mount, capture_output=True).returncode:
        assert not os.environ.get("GITHUB_ACTIONS"), "a maintainers' run must prove what a full disk does"
        pytest.skip("no disk can be mounted here without a password")
    yield folder
    subprocess.run([*root, "umount", "-l", str(folder)], check=True)


def fill(disk, leave=0):
    """Leave only so many bytes free."""
    stat = os.statvfs(disk)
    with (disk / "filler").open("wb") as file:
        file.write(bytes(stat.f_bavail * stat.f_frsize - leave))


@pytest.mark.parametrize("disk", ["60m"], indirect=True)
def test_too_small_a_disk(hub, home, disk, total):
    """Told before anything is fetched: the files do not fit."""
    done = run(environment(hub, home), *MAIN, "--to", str(disk / "m3"))
    free = 60 << 20
    told = [f"{size / 1e6:.1f} MB" for size in (free, total, total - free)]
    assert_error(done, "has {} free, but {} are needed".format(*told), f"free {told[2]}", "--to", "HF_HOME")
    assert hub.served.total() == 0
    done = run(environment(hub, disk / "home"), *MAIN)
    assert_error(done, f"{told[1]} are needed")


@pytest.mark.parametrize("disk", ["140m"], indirect=True)
@pytest.mark.parametrize("cached", [True, False])
def test_disk_full_while_it_comes(hub, home, disk, files, total, cached):
    """A disk that fills up on the way: an error that says what is lacking; with room again, the rest comes."""
    env = environment(hub, disk / "家" if cached else home)
    arguments, folder = (MAIN, snapshot(disk / "家")) if cached else ((*MAIN, "--to", str(disk / "m3")), disk / "m3")
    hub.stall = total // 2
    process = start(env, *arguments)
    assert hub.stalled.wait(60)
    steady(disk)
    fill(disk)
    hub.resume()
    out, err = process.communicate(timeout=60)
    done = subprocess.CompletedProcess([], process.returncode, out, err)
    assert_error(done, "the disk is full", f"{BIN} lacks ", " bytes", "kept")
    assert_no_model(folder)
    (disk / "filler").unlink()
    hub.resume()
    assert_done(run(env, *arguments), folder)
    assert_whole(folder, files)
    assert hub.served.total() <= total // 2 + SLACK


@pytest.mark.parametrize("disk", ["140m"], indirect=True)
def test_read_only_disk(hub, home, disk, files):
    """What is whole on a disk that cannot be written is used, for many share one; else the destination is named."""
    arguments = ("--tokenizer-only", "--to", str(disk / "shared"))
    assert_done(run(environment(hub, home), *arguments, before=record(files)), disk / "shared")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    assert_done(run(environment(hub, home), *arguments, before=record(files)), disk / "shared")
    assert_error(run(environment(hub, home), *MAIN, "--to", str(disk / "m3")), "cannot be written", "m3")


def test_destination_is_a_file(hub, home, tmp_path):
    """A file where the folder should be, or above it, stays as it is."""
    file = tmp_path / "文件"
    file.write_text("mine")
    assert_error(run(environment(hub, home), *MAIN, "--to", str(file)), "is no folder; give one")
    assert_error(run(environment(hub, home), *MAIN, "--to", ""), "is no folder; give one")
    assert_error(run(environment(hub, home), *MAIN, "--to", str(file / "below")), "cannot be written", "文件")
    assert file.read_text() == "mine"


@pytest.mark.parametrize("name", WEIGHTS)
def test_another_models_weights_are_not_touched(hub, home, to, name):
    """Weights of another model would make a mixture with the new small files, and may be somebody's work."""
    to.mkdir(parents=True)
    (to / name).write_bytes(b"my own work")
    for more in ((), ("--tokenizer-only",)):
        done = run(environment(hub, home), *MAIN, *more, "--to", str(to))
        assert_error(done, name, "damaged or another model's", "another folder")
    assert {path.name for path in to.iterdir()} <= {".download", name}
    assert (to / name).read_bytes() == b"my own work"


def test_damage_is_repaired(hub, home, files):
    """In the cache blobs cut or changed, a link to nothing, a wrong file in a link's stead."""
    env, folder = environment(hub, home), snapshot(home)
    assert_done(run(env, *MAIN), folder)
    hub.resume()
    config, pieces = folder / "config.json", folder / "sentencepiece.bpe.model"
    config.resolve().write_bytes(files["config.json"].replace(b"gelu", b"relu"))
    pieces.resolve().write_bytes(files["sentencepiece.bpe.model"][:1000])
    (folder / "modules.json").resolve().unlink()
    (folder / "tokenizer_config.json").unlink()
    (folder / "tokenizer_config.json").write_text("{}")
    assert_done(run(env, *MAIN), folder)
    assert_whole(folder, files)
    again = {config.name, pieces.name, "modules.json"}
    if are_symlinks_supported(home / "hub"):
        assert {*hub.served} == again  # the right blob for the fourth is still there
    else:  # Windows without the right to make links: files are moved out of the blobs
        assert {*hub.served} == again | {"tokenizer_config.json"}


def test_without_symlinks(hub, home, files, total):
    """As on Windows without developer mode: real files in the snapshot, each on the disk once."""
    env = environment(hub, home, HF_HUB_DISABLE_SYMLINKS="1")
    assert_done(run(env, *MAIN), snapshot(home))
    assert_whole(snapshot(home), files)
    assert not any(path.is_symlink() for path in home.rglob("*"))
    assert not list((snapshot(home).parents[1] / "blobs").iterdir())
    hub.resume()
    assert_done(run(env, *MAIN), snapshot(home))
    assert hub.served.total() == 0


def test_what_another_program_has_fetched_is_used(hub, home, files):
    """The tokenizer that transformers put into the cache is not fetched again."""
    env = environment(hub, home)
    script = f"from huggingface_hub import hf_hub_download as get; get('{REPO}', 'tokenizer.json')"
    subprocess.run([sys.executable, "-c", script], env=env, check=True, cwd=ROOT, timeout=120)
    assert hub.served["tokenizer.json"]
    hub.resume()
    done = run(env, *MAIN)
    assert_done(done, snapshot(home))
    assert f"{len(files['tokenizer.json']) / 1e6:.1f} MB already here" in done.stderr
    assert_whole(snapshot(home), files)
    assert not hub.served["tokenizer.json"]


def test_what_another_commit_has_is_used(hub, home, files):
    """A blob of another commit serves this one; without symlinks it is copied, not taken away from the links to it."""
    script = f"from huggingface_hub import hf_hub_download as get; get('{REPO}', 'tokenizer.json', revision='{COMMIT}')"
    if not are_symlinks_supported(home.parent):
        pytest.skip("without links the library moves a file out of the blobs, so there is none left to use")
    for commit, changes in (("b" * 40, {}), ("d" * 40, {"HF_HUB_DISABLE_SYMLINKS": "1"})):
        hub.commit = COMMIT
        subprocess.run([sys.executable, "-c", script], env=environment(hub, home), check=True, cwd=ROOT, timeout=120)
        hub.commit = commit
        hub.resume()
        done = run(environment(hub, home, **changes), *MAIN, "--tokenizer-only")
        assert_done(done, snapshot(home, commit))
        assert not hub.served["tokenizer.json"]
        for one in (COMMIT, commit):
            assert (snapshot(home, one) / "tokenizer.json").read_bytes() == files["tokenizer.json"]
        assert (snapshot(home, commit) / "tokenizer.json").is_symlink() == (not changes)


def test_safetensors_are_preferred(hub, home, to, files):
    """A hub that has both kinds of weights sends one."""
    content = (MINI / SAFE).read_bytes()
    hub.files[SAFE] = content
    hub.sums[SAFE] = hashlib.sha256(content).hexdigest()
    done = run(environment(hub, home), *MAIN, "--to", str(to))
    assert_done(done, to)
    assert (to / SAFE).read_bytes() == content
    assert not hub.served[BIN] and not (to / BIN).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
def test_progress_bar(hub, home, to):
    """On a terminal a bar runs to 100%; elsewhere there is none."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    process = start(environment(hub, home), *MAIN, "--to", str(to), stderr=theirs, stdout=subprocess.DEVNULL)
    os.close(theirs)
    seen = b""
    while True:
        try:
            seen += (piece := os.read(ours, 1 << 16))
        except OSError:  # Linux's way to say that the other side is closed
            break
        if not piece:
            break
    os.close(ours)
    assert process.wait(60) == 0
    assert f"{REPO}: 100%" in seen.decode() and "B/s" in seen.decode()
    assert "%" not in run(environment(hub, home), *MAIN, "--to", str(Path(f"{to} 2"))).stderr


def test_wrong_commit_headers(hub, home, to):
    """A proxy that swallows the hub's headers cannot fill the cache; a folder of its own can be filled."""
    before = (
        "import huggingface_hub.file_download as f, dataclasses; real = f.get_hf_file_metadata\n"
        "import huggingface_hub; huggingface_hub.get_hf_file_metadata = "
        "lambda *a, **k: dataclasses.replace(real(*a, **k), commit_hash=None)"
    )
    assert_error(run(environment(hub, home), *MAIN, before=before), "does not say which commit", "--to DIR")
    assert_no_model(snapshot(home))
    assert_done(run(environment(hub, home), *MAIN, "--tokenizer-only", "--to", str(to), before=before), to)


def test_called_from_python(hub, home, to):
    """The function returns the folder and raises DownloadError."""
    script = (
        "from pathlib import Path; from helpers.checkpoint.download import download\n"
        "from helpers.checkpoint.transfer import DownloadError\n"
        f"assert download({str(to)!r}, revision='main', tokenizer_only=True, progress=False) == Path({str(to)!r})\n"
        "try: download(revision='no such branch')\nexcept DownloadError as error: print(json.dumps(str(error)))"
    )
    line = [sys.executable, "-c", "import json\n" + script]
    env = environment(hub, home)
    done = subprocess.run(line, env=env, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    assert "answers 404" in json.loads(done.stdout)
    assert {path.name for path in to.iterdir()} == {*TOKENIZER_FILES}
