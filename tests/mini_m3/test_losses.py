"""The student's forward pass against the library and the course's own helpers, and its losses by hand."""

from __future__ import annotations

import copy
import math
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import XLMRobertaConfig, XLMRobertaModel

from helpers.lexical import lexical_score, lexical_weights
from helpers.mini_m3.training import losses
from helpers.mini_m3.training.student import (
    EPS,
    Outputs,
    Student,
    dense,
    hidden_states,
    last_row,
    new_student,
    outputs,
)
from helpers.multi_vector import max_sim, token_vectors
from helpers.tokenization import pad

ROWS = [[0, 9, 40, 9, 2], [0, 7, 2], [0, *range(4, 40), 2], [0, 2], [0, 5, 3, 59, 2], [0, 41, 42, 43, 44, 45, 46, 2]]


@pytest.fixture(scope="module")
def teacher() -> XLMRobertaModel:
    """Three layers of random weights, large enough that every part is felt."""
    torch.manual_seed(1)
    config = XLMRobertaConfig(
        vocab_size=60, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=66, type_vocab_size=1, initializer_range=0.3,
    )  # fmt: skip
    return XLMRobertaModel(config, add_pooling_layer=False).eval()


@pytest.fixture(scope="module")
def student(teacher: XLMRobertaModel) -> Student:
    """Two of the three layers, and linear layers that do something."""
    made = new_student(teacher, layers=(0, 2))
    with torch.no_grad():
        made.sparse.weight.normal_()
        made.colbert.weight.add_(torch.randn(32, 32), alpha=0.2)
        made.colbert.bias.normal_()
    return made


# ---------------------------------------------------------------- student


def test_a_new_student_takes_the_layers_named_and_leaves_the_teacher_alone(teacher: XLMRobertaModel) -> None:
    before = copy.deepcopy(teacher.state_dict())
    made = new_student(teacher, layers=(0, 2))
    ids = torch.tensor([[0, 9, 8, 7, 2]])
    for ours, theirs in ((0, 0), (1, 2)):
        for name, value in made.encoder.encoder.layer[ours].state_dict().items():
            assert torch.equal(value, teacher.encoder.layer[theirs].state_dict()[name]), name
    assert made.encoder.config.num_hidden_layers == 2 and teacher.config.num_hidden_layers == 3
    norms = [m.eps for m in made.encoder.modules() if isinstance(m, torch.nn.LayerNorm)]
    assert set(norms) == {EPS} == {made.encoder.config.layer_norm_eps} and len(norms) == 5
    assert {m.eps for m in teacher.modules() if isinstance(m, torch.nn.LayerNorm)} == {teacher.config.layer_norm_eps}
    frozen = [name for name, value in made.encoder.named_parameters() if not value.requires_grad]
    assert frozen == ["embeddings.word_embeddings.weight"]
    with torch.no_grad():
        made.encoder.embeddings.position_embeddings.weight.zero_()
        found = outputs(made, ids.tolist())
    assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())
    torch.testing.assert_close(found.weights, torch.tensor([[0.0, 0.3, 0.3, 0.3, 0.0]]))  # even at the start
    hidden = made.encoder(input_ids=ids).last_hidden_state[:, 1:]  # colbert starts as the identity
    torch.testing.assert_close(found.vectors, F.normalize(hidden, dim=-1), atol=0.03, rtol=0)


def test_last_row_equals_the_whole_layer(student: Student) -> None:
    ids, mask = pad(ROWS)
    with torch.no_grad():
        hidden, hiding = hidden_states(student.encoder, ids, mask, 1)
        row = last_row(student.encoder, hidden, hiding)
        library = student.encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    torch.testing.assert_close(hidden[mask.bool()], library.hidden_states[1][mask.bool()], atol=1e-5, rtol=0)
    torch.testing.assert_close(row, library.last_hidden_state[:, 0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("tokens", [1, 12, 60, 10_000])
def test_dense_equals_the_librarys_cls_however_it_is_batched(student: Student, tokens: int) -> None:
    """In the order of the input, each text alone in the library; bfloat16 within."""
    with torch.no_grad():
        found = dense(student, ROWS, tokens)
        wanted = [student.encoder(input_ids=torch.tensor([row])).last_hidden_state[0, 0] for row in ROWS]
    wanted = F.normalize(torch.stack(wanted), dim=-1)
    assert (wanted @ wanted.T - torch.eye(len(ROWS))).max() < 0.98, "texts too much alike to tell their order"
    torch.testing.assert_close(found, wanted, atol=0.03, rtol=0)
    torch.testing.assert_close(found.norm(dim=-1), torch.ones(len(ROWS)))


def test_outputs_are_those_of_the_courses_helpers(student: Student) -> None:
    """Same weights, same hidden states: the lexical weights, token vectors and [CLS] vectors of ``helpers``."""
    ids, mask = pad(ROWS)
    with torch.no_grad():
        found = outputs(student, ROWS)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden, _ = hidden_states(student.encoder, ids, mask, 2)
        hidden = hidden.float()
        library = student.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        torch.testing.assert_close(hidden[mask.bool()], library[mask.bool()], atol=0.12, rtol=0)
        wanted = lexical_weights(hidden, ids, student.sparse.weight, student.sparse.bias)
        vectors = token_vectors(hidden, student.colbert.weight, student.colbert.bias)
    assert sum(map(len, wanted)) > 10
    for numbers, weights, best in zip(ids.tolist(), found.weights.tolist(), wanted, strict=True):
        ours: dict[int, float] = {}
        for number, weight in zip(numbers, weights, strict=True):
            if weight:
                ours[number] = max(weight, ours.get(number, 0.0))
        assert ours == pytest.approx(best, abs=1e-4)
    real = mask[:, 1:].bool()
    torch.testing.assert_close(found.vectors[real], vectors[real], atol=1e-5, rtol=0)
    assert not found.vectors[~real].any()
    torch.testing.assert_close(found.dense, F.normalize(hidden[:, 0], dim=-1))


# ---------------------------------------------------------------- losses


def unit(*numbers: float) -> Tensor:
    """One unit row."""
    return F.normalize(torch.tensor([numbers], dtype=torch.float32), dim=-1)


AXIS = torch.tensor([0.0, 0.0, 1.0])
ONE, TWO = unit(1, 0, 0), unit(0, 1, 0)


def test_spread_takes_the_axis_away() -> None:
    torch.testing.assert_close(losses.spread(unit(3, 4, 7), AXIS), torch.tensor([[0.6, 0.8, 0.0]]))


def test_distill_by_hand() -> None:
    """In the cone the pull is 0; a bank text at cosine 0.8 costs ln(1 + e⁻⁴), one at 0.95 counts as the own."""
    cone = F.normalize(ONE + losses.CONE * AXIS, dim=-1)
    near, same = unit(0.8, 0.6, 0), unit(0.95, math.sqrt(1 - 0.95**2), 0)
    found = losses.distill(cone, ONE, torch.cat([near, same]), AXIS)
    assert found.item() == pytest.approx(0.3 * math.log(1 + math.exp(-4)), abs=1e-6)
    flat = losses.distill(ONE, ONE, same, AXIS)  # right direction, not in the cone
    assert flat.item() == pytest.approx(2 - 2 / math.sqrt(1 + losses.CONE**2), abs=1e-6)
    wrong = losses.distill(TWO, ONE, TWO, AXIS, share=1.0)  # the pull's 2, and the softmax's 20
    assert wrong.item() == pytest.approx(22, abs=1e-5)


def test_contrast_by_hand() -> None:
    """Rows: ln(1 + e⁻¹) and ln(1 + e⁻³); columns: ln(1 + e⁻²) twice."""
    found = losses.contrast(torch.tensor([[2.0, 1.0], [0.0, 3.0]]))
    wanted = sum(math.log(1 + math.exp(-x)) for x in (1, 3, 2, 2)) / 4
    assert found.item() == pytest.approx(wanted, abs=1e-6)


def test_twins_apart_by_hand() -> None:
    """The choice costs ln(1 + e⁻¹/⁰·¹⁵) where twins are told apart, ln 2 where they are one."""
    axis = torch.eye(5)[4]
    four = torch.eye(5)[:4]
    sure, lead = math.log(1 + math.exp(-1 / losses.CHOICE)), 1 / losses.CHOICE
    assert losses.twins_apart(four, four, axis).item() == pytest.approx(sure, abs=1e-6)
    alike = torch.eye(5)[[0, 0, 1, 1]]
    assert losses.twins_apart(alike, alike, axis).item() == pytest.approx(2 * math.log(2), abs=1e-6)
    swapped = losses.twins_apart(four, four[[0, 1, 3, 2]], axis).item()  # one pair of two: half the rows
    assert swapped == pytest.approx(20 / 2 + lead / 2 + sure, abs=1e-5)
    apart = losses.twins_apart(four, four[[2, 3, 0, 1]], axis).item()
    assert apart == pytest.approx(20 + math.log(2), abs=1e-5)  # another pair's texts: the choice cannot tell


def drawn_outputs(ids: list[list[int]], seed: int) -> Outputs:
    """Random outputs of these rows of input ids, of the shape and zeros that ``outputs`` gives."""
    generator = torch.Generator().manual_seed(seed)
    padded, mask = pad(ids)
    shape = (*padded.shape, 6)
    vectors = F.normalize(torch.randn(shape, generator=generator)[:, 1:], dim=-1) * mask[:, 1:, None]
    weights = torch.rand(padded.shape, generator=generator) * (padded >= 4)
    return Outputs(padded, F.normalize(torch.randn(len(ids), 6, generator=generator), dim=-1), weights, vectors)


QUERIES = [[0, 9, 8, 9, 2], [0, 7, 2], [0, 5, 6, 2]]
PASSAGES = [[0, 9, 9, 30, 8, 2], [0, 31, 2], [0, 5, 7, 9, 3, 2], [0, 50, 6, 6, 6, 2]]


def test_lexical_scores_are_the_courses() -> None:
    """The larger of repeated tokens, special tokens and padding out, ids that only one side knows."""
    queries, passages = drawn_outputs(QUERIES, 1), drawn_outputs(PASSAGES, 2)

    def weights(found: Outputs) -> list[dict[int, float]]:
        return [
            {number: max(w for n, w in zip(ids, row, strict=True) if n == number) for number in ids if number >= 4}
            for ids, row in zip(found.ids.tolist(), found.weights.tolist(), strict=True)
        ]

    wanted = [[lexical_score(q, p) for p in weights(passages)] for q in weights(queries)]
    torch.testing.assert_close(losses.lexical_scores(queries, passages), torch.tensor(wanted))
    assert losses.lexical_scores(queries, passages)[0, 1] == 0 < losses.lexical_scores(queries, passages)[0, 0]


def test_multi_vector_scores_are_the_courses() -> None:
    """Whatever the padding, also where the best cosine of a query token is below 0."""
    queries, passages = drawn_outputs(QUERIES, 3), drawn_outputs(PASSAGES, 4)

    def real(found: Outputs) -> list[Tensor]:
        return [vectors[vectors.norm(dim=-1) > 0] for vectors in found.vectors]

    wanted = torch.tensor([[max_sim(q, p) for p in real(passages)] for q in real(queries)])
    assert min((q @ p.T).amax(1).min() for q in real(queries) for p in real(passages)) < 0
    torch.testing.assert_close(losses.multi_vector_scores(queries, passages), wanted)


def answers(**right: float) -> tuple[Outputs, Outputs]:
    """Three queries and their passages: each score is ``right`` for the own passage and 0 for the others."""
    corner, side = torch.eye(6)[:3], torch.eye(6)[3]
    ids = torch.tensor([[0, 9], [0, 7], [0, 5]])
    queries = Outputs(ids, corner, torch.tensor([[0.0, 0.5]] * 3), corner[:, None])

    def towards(score: float) -> Tensor:
        return score * corner + math.sqrt(1 - score**2) * side

    weights = torch.tensor([[0.0, right["weights"] / 0.5]] * 3)
    return queries, Outputs(ids, towards(right["dense"]), weights, towards(right["vectors"])[:, None])


@pytest.mark.parametrize("part", ["dense", "weights", "vectors"])
def test_three_outputs_falls_when_the_right_scores_rise(part: str) -> None:
    """Each output alone can do it; from ln 3 a part where no score says anything."""
    axis, same, none = torch.eye(6)[5], torch.tensor([True] * 3), {"dense": 0.0, "weights": 0.0, "vectors": 0.0}
    found = [losses.three_outputs(*answers(**none | {part: score}), axis, same) for score in (0.0, 0.01, 0.02, 0.04)]
    parts = 2 + 2 + 0.3 * 2 + 1  # each score's contrast and softmax, and the sum's contrast
    assert found[0].item() == pytest.approx(parts * math.log(3) / 4, abs=1e-5)
    falls = [(one - other).item() for one, other in pairwise(found)]
    assert min(falls) > 1e-3, found
    queries, passages = answers(**none | {part: 0.04})
    turned = Outputs(**{name: value.roll(1, 0) for name, value in vars(passages).items()})
    assert losses.three_outputs(queries, turned, axis, same) > found[0]


def test_two_languages_have_no_lexical_loss() -> None:
    """Where no token is shared the lexical softmax is even, so its loss is ln n, once for each of its two parts."""
    queries, passages = drawn_outputs([[0, 9, 2], [0, 7, 2]], 7), drawn_outputs([[0, 30, 2], [0, 31, 2]], 8)
    axis = torch.eye(6)[5]
    with_it, without, half = (
        losses.three_outputs(queries, passages, axis, torch.tensor(same)).item()
        for same in ([True, True], [False, False], [True, False])
    )
    assert with_it - without == pytest.approx(0.3 * 2 * math.log(2) / 4, abs=1e-5)
    assert half == pytest.approx(with_it, abs=1e-5)  # one row's mean


def test_pieces_of_all_passages_pay_for_their_lexical_weights() -> None:
    """The squared mean over passages: four times as much in two of two as in one; the larger of repeated weights."""
    ids = torch.tensor([[0, 9, 9, 2], [0, 7, 9, 2]])

    def cost(weights: list[list[float]]) -> float:
        made = drawn_outputs(ids.tolist(), 1)
        return losses.common_weights(Outputs(ids, made.dense, torch.tensor(weights), made.vectors)).item()

    one, both = cost([[0, 0.4, 0.2, 0], [0, 0, 0, 0]]), cost([[0, 0.1, 0.4, 0], [0, 0, 0.4, 0]])
    assert one == pytest.approx(0.2**2) and both == pytest.approx(0.4**2)
    assert cost([[0, 0.4, 0, 0], [0, 0.4, 0, 0]]) == pytest.approx(2 * 0.2**2)
