"""What was recorded of bge-m3: that the figures agree with each other, and telling bge-m3 by its first numbers.

That real weights give them is tests/test_real_weights.py's to show, that other weights do not test_verify.py's.
"""

import copy

import pytest
import torch
from transformers import XLMRobertaConfig, XLMRobertaModel

from helpers.checkpoint import find, load
from helpers.checkpoint.load import is_bge_m3
from helpers.checkpoint.recorded import PINNED, recorded_figures
from helpers.lexical import lexical_score
from helpers.multi_vector import weighted_sum

FIGURES = {figure["id"]: figure for figure in recorded_figures()["figures"]}
CHECKS = [(name, check) for name, figure in FIGURES.items() for check in figure.get("checks", ())]
QUANTITIES = {
    "vectors", "directions", "sums of vectors", "lexical weights", "similarities", "lexical scores",
    "multi-vector scores", "weighted sums",
}  # fmt: skip
QUESTION, BM25 = "What is BGE M3?", "Defination of BM25"


def rows(*quantities):
    """Every recorded number (or vector, or set of weights) of some quantities, with its check."""
    for _, check in CHECKS:
        if check["quantity"] in quantities:
            for inputs, expected in zip(check["inputs"], check["expected"], strict=True):
                yield check, tuple(inputs), expected


def exact_weights():
    """The lexical weights recorded in float32, by text."""
    return {
        text: {int(number): weight for number, weight in weights.items()}
        for check, (text,), weights in rows("lexical weights")
        if check["tolerance"] <= 1e-4
    }


def test_every_figure_says_where_it_comes_from():
    """And how sure it is; none has got lost."""
    assert len(FIGURES) == len(recorded_figures()["figures"]) >= 54
    for figure in FIGURES.values():
        assert figure["source"] and figure["settings"] and figure["confidence"] in ("high", "medium")
    assert sum("checks" in figure for figure in FIGURES.values()) >= 38 and len(CHECKS) >= 53


@pytest.mark.parametrize(("name", "check"), CHECKS)
def test_a_check_can_be_computed(name, check):
    """A number for each input, a tolerance, and a reason for every wide one."""
    assert check["quantity"] in QUANTITIES
    assert len(check["inputs"]) == len(check["expected"]) > 0 < check["tolerance"] < 0.1
    assert check["tolerance"] <= 2e-4 or check["loose"]
    scores = check["quantity"] in ("similarities", "lexical scores", "multi-vector scores", "weighted sums")
    assert {len(inputs) for inputs in check["inputs"]} == {2 if scores else 1}
    assert scores == ("weights" in check)
    if check["quantity"] == "vectors":
        assert all(len(row) == len(check["places"]) for row in check["expected"])


def test_what_the_pages_show_is_what_is_checked(reference):
    """The same numbers stand at the top of the file, in the form that the pages read."""
    heads, planets = reference["walkthrough"]["embedding_head"], reference["published_similarities"]
    recorded = {inputs: expected for _, inputs, expected in rows("vectors", "similarities", "lexical weights")}
    for number, head in heads.items():
        assert recorded[(reference["walkthrough"]["sentences"][int(number)],)] == head
    found = [recorded[planets["query"], document] for document in planets["documents"]]
    assert found == planets["cosine"]
    for text, weights in reference["lexical_weights"]["texts"].items():
        assert FIGURES["lite_ref_three_texts"]["checks"][0]["inputs"].count([text]) == 1
        exact = exact_weights()[text]
        assert {str(number): weight for number, weight in exact.items()} == weights


def test_lexical_scores_follow_from_lexical_weights():
    """Four recordings of scores by other people, from weights that a fifth one recorded."""
    weights, compared = exact_weights(), []
    for check, (one, other), score in rows("lexical scores"):
        if one in weights and other in weights:
            assert lexical_score(weights[one], weights[other]) == pytest.approx(score, abs=check["tolerance"])
            compared.append((one, other))
    assert {(QUESTION, QUESTION), (QUESTION, BM25)} < set(compared) and len(compared) >= 6


def test_a_text_does_not_score_1_with_itself():
    """The weights of one German sentence, and the score that was printed beside them."""
    weights, score = (check["expected"][0] for check in FIGURES["german_test_text"]["checks"])
    assert lexical_score(weights, weights) == pytest.approx(score, abs=1e-7)


def test_weighted_sums_follow_from_the_three_scores():
    """Recorded sums of recorded scores: what the weights mean, and that their sum divides."""
    half = {"similarities": "readme_dense_fp16", "multi-vector scores": "colbert_scores_readme"}
    half |= {"lexical scores": "hybrid_04_02_04"}
    scores = [
        next(c["expected"] for c in reversed(FIGURES[name]["checks"]) if c["quantity"] == quantity)
        for quantity, name in ((key, half[key]) for key in ("similarities", "lexical scores", "multi-vector scores"))
    ]
    sums = [check for check in FIGURES["hybrid_04_02_04"]["checks"] if check["quantity"] == "weighted sums"]
    assert [check["weights"] for check in sums] == [[0.4, 0.2, 0], [0.4, 0.2, 0.4]]
    for check in sums:
        found = [weighted_sum(*three, check["weights"]) for three in zip(*scores, strict=True)]
        assert found == pytest.approx(check["expected"], abs=2e-4)


def test_separate_recordings_agree():
    """The readme's pair: four runs say 0.6259, and none the 0.6265 of FlagEmbedding's readme."""
    first = [
        (expected, check["tolerance"]) for check, (one, other), expected in rows("similarities")
        if one == QUESTION and other.startswith("BGE M3 is an embedding model")
    ]  # fmt: skip
    assert len(first) == 4
    assert all(abs(value - 0.6259035) < min(tolerance, 1e-3) for value, tolerance in first)
    assert all(abs(value - 0.6265) > 3e-4 for value, _ in first)


def test_recordings_of_one_text_agree():
    """Two people, two machines, one of them in float16: within the wider tolerance of the two."""
    seen = {}
    for check, inputs, expected in rows("lexical weights", "vectors"):
        seen.setdefault((check["quantity"], str(check.get("places")), inputs), []).append((check, expected))
    pairs = [pair for pair in seen.values() if len(pair) > 1]
    assert len(pairs) >= 3
    for (one, left), (two, right), *_ in pairs:
        tolerance = one["tolerance"] + two["tolerance"]
        assert left == pytest.approx(right, abs=tolerance, rel=0)


def test_the_one_full_vector():
    """Its printed length, sum and largest numbers; others' sums of normalized vectors lie as near to -0.7."""
    figure = FIGURES["why_is_the_sky_blue_full"]
    vector, also = torch.tensor(figure["checks"][0]["expected"][0], dtype=torch.float64), figure["also"]
    assert vector.shape == (1024,)
    assert vector.norm().item() == pytest.approx(also["norm"])
    assert vector.sum().item() == pytest.approx(also["sum"])
    assert (vector / vector.norm()).sum().item() == pytest.approx(also["sum_of_unit_vector"])
    assert vector[:8].tolist() == pytest.approx(also["first8"]) and vector[-2:].tolist() == pytest.approx(also["last2"])
    assert vector.abs().topk(8).indices.tolist() == [place for place, _ in also["largest"]]
    assert all(-0.8 < total < -0.6 for _, _, total in rows("sums of vectors"))


def test_recorded_files_are_the_pinned_ones():
    """Sizes and sums of the files, recorded a second time by somebody else."""
    recorded = {name: facts[:2] for name, facts in FIGURES["file_facts"]["outputs"].items() if name in PINNED}
    assert len(recorded) == 3
    assert recorded == {name: list(PINNED[name]) for name in recorded}


def test_mini_is_not_bge_m3(mini):
    """Of mini-m3 nothing recorded may be claimed."""
    assert not is_bge_m3(mini.model, mini.tokenizer)


def test_numbers_decide_and_not_only_the_shape(mini, reference, monkeypatch):
    """A model of 1,024 numbers that gives the recorded ones passes; moved by 2e-4, or nan, it does not."""
    figures = copy.deepcopy(reference)
    monkeypatch.setattr(load, "recorded_figures", lambda: figures)
    text, head = figures["walkthrough"]["sentences"][0], figures["walkthrough"]["embedding_head"]
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=len(mini.tokenizer), hidden_size=1024, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=8, max_position_embeddings=34, type_vocab_size=1,
    )  # fmt: skip
    model = XLMRobertaModel(config, add_pooling_layer=False).eval()
    with torch.inference_mode():
        hidden = model(**mini.tokenizer([text], return_tensors="pt")).last_hidden_state
    numbers = torch.nn.functional.normalize(hidden[0, 0], dim=0)[: len(head["0"])]
    assert not is_bge_m3(model, mini.tokenizer)
    for moved, passes in ((0.0, True), (9e-5, True), (2e-4, False), (float("nan"), False)):
        expected = numbers.clone()
        expected[7] += moved
        head["0"] = expected.tolist()
        assert is_bge_m3(model, mini.tokenizer) is passes
    head["0"] = numbers.tolist()
    assert is_bge_m3(model.to(torch.bfloat16), mini.tokenizer)


def test_load_calls_a_model_of_that_shape_by_its_numbers(monkeypatch, folder):
    """A fine-tuned model must come as "other", with the reason."""
    shape = {"hidden_size": 8, "num_hidden_layers": 1, "vocab_size": 400, "max_position_embeddings": 34}
    monkeypatch.setattr(find, "SHAPE", shape)  # the tiny checkpoint stands for bge-m3's shape
    assert find.find(folder).kind == "bge-m3"
    found = load.load(folder)[2]
    assert found.kind == "other"
    assert found.why == "given as a path; bge-m3's shape, but not its weights"
