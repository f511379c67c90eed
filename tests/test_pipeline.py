"""encode and walk: the same vectors as each other and as sentence-transformers, whatever the batching."""

import copy
import dataclasses
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
import torch
from conftest import TEXTS
from sentence_transformers import SentenceTransformer

from helpers import BgeM3, TruncationWarning, ladder
from helpers.checkpoint.find import MINI
from helpers.devices import choose_device
from helpers.pooling import POOLINGS
from helpers.tokenization import tokenize

SHORT = [text for text in TEXTS if len(text) < 200]
ABSENT = ["nonsense", "", "meta", "cuda:99", 1.5]
ABSENT += [] if torch.cuda.is_available() else ["cuda"]
ABSENT += [] if torch.backends.mps.is_available() else ["mps"]


def near(ours, theirs, atol=1e-5):
    """Equal to ``atol``, nan nowhere."""
    np.testing.assert_allclose(np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64), 0, atol)


@pytest.fixture(scope="module")
def vectors(mini):
    """The vectors of all awkward texts."""
    return mini.encode(TEXTS, progress=False)


def test_encode_is_sentence_transformers(vectors):
    """The way most people run bge-m3: pooling and normalisation as modules.json says."""
    library = SentenceTransformer(str(MINI), device="cpu", model_kwargs={"dtype": torch.float32})
    near(vectors, library.encode(TEXTS, show_progress_bar=False))


def test_encode_is_the_walk(mini, vectors):
    """The fast way and the way by hand."""
    near(vectors, mini.walk(TEXTS).vectors)


def test_form_of_the_result(mini, vectors):
    """One row a text, float32, contiguous, of length 1, owned by the caller, and an array without a copy."""
    assert vectors.shape == (len(TEXTS), mini.model.config.hidden_size)
    assert (vectors.dtype, vectors.device) == (torch.float32, torch.device("cpu"))
    assert vectors.is_contiguous()
    near(vectors.norm(dim=1), np.ones(len(TEXTS)))
    made = mini.encode(["a", "b"])
    np.asarray(made)[0] = 0
    made /= 2  # a tensor of torch.inference_mode would refuse both
    made.requires_grad_().sum().backward()
    assert (made[0] == 0).all() and made[1].norm().item() == pytest.approx(0.5)


LIMITS = [
    {"batch_size": 1}, {"batch_size": 2}, {"batch_size": np.int64(5)}, {"batch_size": 64}, {"tokens_per_batch": 1},
    {"tokens_per_batch": 40}, {"tokens_per_batch": 10**6}, {"batch_size": 3, "tokens_per_batch": np.int32(100)},
]  # fmt: skip


@pytest.mark.parametrize("limits", LIMITS, ids=str)
def test_batching_and_order_change_nothing(mini, vectors, limits):
    """Sorting by length must be undone, and no text may see another."""
    order = np.random.default_rng(len(str(limits))).permutation(len(TEXTS))
    near(mini.encode([TEXTS[n] for n in order], **limits, progress=False), vectors[order])


def test_duplicates_one_text_and_kinds_of_input(mini, vectors):
    """Each text its own row, also when it comes twice, alone, from a generator or from an array."""
    near(mini.encode(["a", TEXTS[0], "a"]), vectors[[1, 0, 1]])
    near(mini.encode([""]), vectors[[2]])
    near(mini.encode(text for text in TEXTS[:3]), vectors[:3])
    near(mini.encode(np.array(TEXTS[:2])), vectors[:2])
    near(mini.walk(text for text in TEXTS[:2]).vectors, vectors[:2])


@pytest.mark.parametrize("pooling", POOLINGS)
def test_poolings_and_normalize(mini, pooling):
    """Every pooling by both ways, and raw vectors on request."""
    walk = mini.walk(SHORT, pooling=pooling)
    near(mini.encode(SHORT, pooling=pooling), walk.vectors)
    near(mini.encode(SHORT, pooling=pooling, normalize=False), walk.pooled)


def test_poolings_differ(mini):
    """An option that is ignored would pass the test above."""
    cls, mean, top = (mini.encode(SHORT, pooling=how, normalize=False) for how in POOLINGS)
    assert all((one - other).abs().max() > 1e-2 for one, other in [(cls, mean), (cls, top), (mean, top)])


def test_max_length_cuts_with_a_warning(mini):
    """The same cut by both ways, told once, and equal to a text that is short by itself."""
    texts = ["你好 " * 30, "a"]
    with pytest.warns(TruncationWarning, match=r"1 of 2 texts cut to max_length=8: \[0\] '你好 ") as caught:
        fast = mini.encode(texts, max_length=8)
    with pytest.warns(TruncationWarning) as by_hand:
        walk = mini.walk(texts, max_length=8)
    with pytest.warns(TruncationWarning) as alone:
        tokenize(texts, mini.vocabulary, 8)
    assert len(caught) == 1
    for warned in (caught, by_hand, alone):
        assert warned[0].filename == __file__, "the warning names the caller's line, not one of ours or torch's"
    assert walk.ids.shape == (2, 8)
    near(fast, walk.vectors)
    near(fast[0], mini.encode(["你好 " * 3])[0])  # ▁ and 你好, three times


@pytest.mark.parametrize(("dtype", "atol"), [(torch.float16, 5e-3), (torch.bfloat16, 4e-2), (torch.float64, 1e-6)])
def test_dtype_for_one_call(mini, vectors, dtype, atol):
    """Other precision, same vectors but for rounding, float32 result, and the model stays as it was."""
    found = mini.encode(SHORT, dtype=dtype, device="cpu")
    assert found.dtype == torch.float32
    near(found, vectors[[TEXTS.index(text) for text in SHORT]], atol)
    assert {p.dtype for p in mini.model.parameters()} == {torch.float32}


@pytest.mark.parametrize("device", ABSENT)
def test_absent_device(mini, device):
    """A clear error before anything is loaded or computed."""
    with pytest.raises(ValueError, match=r"device='.*' cannot be used here \(.+\); try 'cpu'"):
        BgeM3.from_checkpoint("no such folder", device=device)
    with warnings.catch_warnings():
        warnings.simplefilter("error", TruncationWarning)
        with pytest.raises(ValueError, match="cannot be used here"):
            mini.encode(["long " * 600], device=device)


def test_a_device_that_only_seems_to_be_there(monkeypatch):
    """A virtual Mac says it has a GPU and has no memory for one number; "auto" goes on to the CPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    if sys.platform != "darwin":
        with pytest.raises(ValueError, match="try 'cpu'"):
            choose_device("mps")
    monkeypatch.setattr(torch, "zeros", without_gpu)
    assert choose_device() == choose_device("auto") == torch.device("cpu")


def without_gpu(*sizes, device, zeros=torch.zeros):
    """``torch.zeros`` on a machine whose GPU has no room."""
    if str(device) != "cpu":
        raise RuntimeError("MPS backend out of memory")
    return zeros(*sizes, device=device)


def test_progress_from_the_second_batch_on(mini, capsys):
    """A bar for a single batch is noise, and off is off; it counts tokens, which take their time, and says texts."""
    mini.encode(["a", "b"], batch_size=2)
    mini.encode(["a", "b"])
    mini.encode(["a", "b", "c"], batch_size=2, progress=False)
    assert capsys.readouterr() == ("", "")
    mini.encode(["a", "b", "c d e f"], tokens_per_batch=6)
    out, err = capsys.readouterr()
    assert out == ""
    assert "encode: 100%" in err and "12.0/12.0" in err and "tok/s" in err and "texts/s" in err


def test_nothing_is_left_behind(mini):
    """No gradients, no training mode, no changed weight."""
    before = [p.clone() for p in mini.model.parameters()]
    mini.encode(["a"], dtype=torch.float64)
    walk = mini.walk(["a"])
    assert not walk.vectors.requires_grad
    assert not mini.model.training
    assert all(p.grad is None for p in mini.model.parameters())
    assert all(map(torch.equal, before, mini.model.parameters()))


def test_repr_and_shapes(mini, mini64):
    """What is loaded, in which precision, and where."""
    assert repr(mini).startswith("BgeM3(mini-m3 (a small stand-in, not bge-m3)")
    assert repr(mini).endswith("; float32 on cpu, up to 512 tokens)")
    assert "float64 on cpu" in repr(mini64)
    walk, hidden = mini.walk(["你好", "a"]), mini.model.config.hidden_size
    shapes = walk.shapes()
    assert list(shapes) == [field.name for field in dataclasses.fields(walk)][2:]
    assert shapes["ids"] == [2, walk.ids.shape[1]]
    assert shapes["hidden_states"] == [7, 2, walk.ids.shape[1], hidden]
    assert shapes["attentions"] == [6, 2, 12, walk.ids.shape[1], walk.ids.shape[1]]
    assert shapes["vectors"] == [2, hidden]


MEMORY = """
import sys, warnings, psutil
from helpers import BgeM3, TruncationWarning, ladder
warnings.simplefilter("ignore", TruncationWarning)

def peak():
    told = psutil.Process().memory_info()
    if hasattr(told, "peak_wset"):
        return told.peak_wset
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

bge = BgeM3.from_checkpoint("mini", device="cpu")
peaks = []
for count in (1_000, 10_000):
    texts = [f"{number} " + "模型 word " * 100 for number in range(count)]
    before = peak()
    bge.encode(texts, max_length=4, progress=False)
    peaks.append((peak() - before) // 1_000_000)
print(*peaks)
"""


def test_memory_stays_flat():
    """Ten thousand texts of 200 tokens: the tokenizer's records of all of them at once would take 300 MB."""
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    few, many = map(int, done.stdout.split())
    assert many < 60, f"1,000 texts took {few} MB, 10,000 texts {many} MB more"  # vectors 10, ids 8, the texts cut 12


def test_walk_without_maps(mini):
    """The same tensors, only the maps are gone; a text too long for them can still be walked."""
    walk, short = mini.walk(SHORT), mini.walk(SHORT, attentions=False)
    assert short.attentions == () and "attentions" not in short.shapes()
    assert torch.equal(short.vectors, walk.vectors)
    assert all(map(torch.equal, short.hidden_states, walk.hidden_states))


def test_threads(mini, vectors):
    """A server calls encode from several threads at once."""
    found = {}
    threads = [threading.Thread(target=lambda n=n: found.update({n: mini.encode(SHORT[:8])})) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [0, 1, 2, 3]
    for result in found.values():
        near(result, vectors[[TEXTS.index(text) for text in SHORT[:8]]])


def test_what_others_do_with_the_tokenizer_and_the_model(mini, vectors):
    """``bge.tokenizer`` pads and cuts for somebody else at the same time, the ladder runs, and encode does not care."""
    stop, troubles = threading.Event(), []

    def keep_on(work):
        try:
            while not stop.is_set():
                work()
        except Exception as error:
            troubles.append(error)

    others = [
        lambda: mini.tokenizer(SHORT, padding=True, truncation=True, max_length=5, return_tensors="pt"),
        lambda: ladder(mini, ["你好", "Hello there"]),
    ]
    threads = [threading.Thread(target=keep_on, args=(work,)) for work in others]
    for thread in threads:
        thread.start()
    try:
        found = [mini.encode(SHORT, progress=False) for _ in range(20)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not troubles
    for result in found:
        near(result, vectors[[TEXTS.index(text) for text in SHORT]])


def test_encode_and_ladder_own_what_they_change(mini, vectors):
    """The tokenizer's padding and truncation and the model's attention are as somebody else set them, all the time."""
    shared, seen = mini.tokenizer.backend_tokenizer, []
    hook = mini.model.register_forward_pre_hook(lambda *_: seen.append(mini.model.config._attn_implementation))
    shared.enable_truncation(3)
    shared.enable_padding(length=9)
    try:
        near(mini.encode(SHORT), vectors[[TEXTS.index(text) for text in SHORT]])
        assert max(rung.error for rung in ladder(mini, SHORT)) < 1e-5
        assert (shared.truncation["max_length"], shared.padding["length"]) == (3, 9)
    finally:
        shared.no_truncation()
        shared.no_padding()
        hook.remove()
    assert seen == ["sdpa"]


def test_half_precision_that_overflows(mini):
    """By hand as by encode: an error that says what to do, no walk full of nan."""
    loud = dataclasses.replace(mini, model=copy.deepcopy(mini.model))
    with torch.no_grad():
        loud.model.encoder.layer[0].output.LayerNorm.bias[3] = 3e5
    half = dataclasses.replace(loud, model=copy.deepcopy(loud.model).half())
    for call in (half.encode, half.walk, lambda texts: loud.encode(texts, dtype=torch.float16)):
        with pytest.raises(ValueError, match=r"too large for torch\.float16; try float32"):
            call(["a", "b c"])
    assert loud.walk(["a"]).vectors.isfinite().all()
