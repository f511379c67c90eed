"""The training code on a tiny teacher and a few lines: exact unpacking, kept promises, a loss that falls."""

from __future__ import annotations

import copy
import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from small_teacher import write_teacher
from transformers import AutoModel, AutoTokenizer

from helpers.checkpoint.find import MINI
from helpers.checkpoint.load import load_linear
from helpers.mini_m3.training import lexical_scale, losses, teacher, train, vocabulary
from helpers.mini_m3.training.corpus import Corpus, load_corpus
from helpers.mini_m3.training.student import Student, dense, outputs
from helpers.pipeline import BgeM3

PAIRS = [
    ("The cat sleeps.", "猫在睡觉。"), ("It is raining.", "在下雨。"), ("I like tea.", "我喜欢茶。"),
    ("Where is the station?", "车站在哪里？"), ("She reads a book.", "她在看书。"), ("He is tired.", "他累了。"),
    ("We went home.", "我们回家了。"), ("The shop is closed.", "商店关门了。"), ("Speak slowly.", "慢慢说。"),
    ("My head hurts.", "我头疼。"), ("The bus is late.", "公车晚了。"), ("Open the door.", "打开门。"),
    ("Snow fell all night.", "雪下了一整夜。"), ("The soup is hot.", "汤很烫。"), ("He sings well.", "他唱得很好。"),
    ("The river is wide.", "河很宽。"), ("Birds fly south.", "鸟往南飞。"), ("The lamp is broken.", "灯坏了。"),
    ("The cat sleeps.", "那只猫睡着了。"), ("My head aches.", "我头疼。"), ("We sold the car.", "我们把车卖了。"),
    ("The exam was easy.", "考试很容易。"), ("A dog barked.", "一只狗叫了。"), ("They are dancing.", "他们在跳舞。"),
    ("I saw him today.", "我今天看见他了。"), ("I saw him there.", "我在那里看见他了。"),
    ("I saw him at noon.", "我中午看见他了。"), ("They told her.", "他们告诉她了。"),
]  # fmt: skip
NEVER = PAIRS[8:11]
PACKAGES = [
    (f"tool{n}", f"tool number {n}", f"This long text tells what tool {n} does.", f"工具{n}号", f"说明工具{n}的用处。")
    for n in range(6)
]
PACKAGES += [(f"game{n}", f"a game of {n} players", f"This game no. {n // 2} is for many.", "", "") for n in range(16)]
RECIPE = """
seed = SEED
longest_passage = 200
exclude = ["never.tsv"]

[descriptions]
name = "packages.tsv"
longest = 40
hold_out_both = 2
hold_out_english = 5

[[file]]
name = "pairs.tsv"
share = 2
hold_out = 6
passages = 9
cloze = 30
translations = 8

[[file]]
name = "single.txt"
share = 0.5
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Training texts and a teacher of twelve layers, in a path with a space and Chinese characters."""
    folder = tmp_path_factory.mktemp("训练 data")
    lines = {
        "pairs.tsv": ["\t".join(pair) for pair in PAIRS],
        "never.tsv": ["\t".join(pair) for pair in NEVER],
        "single.txt": ["A fish swims.", "The sun is hot.", "一年有四季。", "Speak slowly.", "", "Salt is white."],
        "packages.tsv": ["\t".join(row) for row in PACKAGES],
        "recipe.toml": [RECIPE.replace("SEED", "1")],
        "other.toml": [RECIPE.replace("SEED", "2")],
    }
    for name, text in lines.items():
        (folder / name).write_text("\n".join(text) + "\n", encoding="utf-8", newline="\n")
    write_teacher(folder / "teacher.bin", words=250002, layers=12)
    return folder


@pytest.fixture(scope="module")
def prepared(place: Path) -> tuple[Student, train.Lesson, Corpus]:
    """A student that has learned nothing, and what it is to learn."""
    return train.prepare(place / "recipe.toml", place, place / "teacher.bin", place / "prepared")


def test_vocabulary_is_trimmed_without_changing_how_kept_texts_are_cut(place: Path) -> None:
    """Fewer pieces, same cuts, ids that lead back; a text with dropped pieces still becomes known ids."""
    source = MINI / "tokenizer.json"
    tokenizer = vocabulary.real_tokenizer(source)
    texts = vocabulary.read_texts([place / "pairs.tsv"])
    keep = vocabulary.pieces_to_keep(tokenizer, texts, ["cat", "dog"])
    vocabulary.save_tokenizer(json.loads(source.read_text(encoding="utf-8")), keep, place / "trimmed")
    small = AutoTokenizer.from_pretrained(place / "trimmed")
    assert 5 < len(small) == len(keep) < tokenizer.get_vocab_size()
    for text in texts:
        assert [keep[i] for i in small(text)["input_ids"]] == tokenizer.encode(text).ids
    assert small("zyzzyva")["input_ids"][0] == 0


# ---------------------------------------------------------------- teacher


def test_four_bit_file_is_unpacked_to_the_exact_numbers(tmp_path: Path) -> None:
    """Both kinds of tensor, each under the library's name, word rows trimmed, positions counted from 2."""
    path, keep = tmp_path / "teacher.bin", [0, 3, 9, 11]
    numbers = write_teacher(path, words=12, layers=2, positions=10)
    model = teacher.load_teacher(path, keep)
    state = {name: value.numpy() for name, value in model.state_dict().items()}
    assert not model.training and model.config.num_hidden_layers == 2
    assert model.config.layer_norm_eps == pytest.approx(1e-5)

    def same(name: str, values: np.ndarray) -> None:
        np.testing.assert_array_equal(state.pop(name), values, err_msg=name)

    same("embeddings.word_embeddings.weight", numbers["emb.word"][keep])
    positions = np.concatenate([np.zeros((2, 32), np.float32), numbers["emb.pos"]])
    same("embeddings.position_embeddings.weight", positions)
    same("embeddings.token_type_embeddings.weight", numbers["emb.type"][:1])
    places = {"emb.ln": "embeddings.LayerNorm"}
    for layer in (0, 1):
        for short, name in {
            "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
            "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
            "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
        }.items():  # fmt: skip
            places[f"l{layer}.{short}"] = f"encoder.layer.{layer}.{name}"
    for short, name in places.items():
        same(f"{name}.weight", numbers[f"{short}.w"])
        same(f"{name}.bias", numbers[f"{short}.b"])
    assert not {name for name in state if "position_ids" not in name and "token_type_ids" not in name}


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "teacher.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match="no 4-bit e5 file"):
        teacher.Packed(tmp_path / "teacher.bin")


def test_teacher_vectors_are_means_and_resume_from_their_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that breaks off keeps its finished chunks; the next computes the others alone, in input order."""
    write_teacher(tmp_path / "teacher.bin", words=40, layers=2, positions=20)
    model = teacher.load_teacher(tmp_path / "teacher.bin", range(40))
    rng = np.random.default_rng(0)
    encoded = [[0, *rng.integers(4, 40, n).tolist(), 2] for n in (9, 1, 5, 3, 12, 2, 7)]
    monkeypatch.setattr(teacher, "CHUNK", 2)
    monkeypatch.setattr(teacher, "TOKENS", 16)  # several batches a chunk
    real, calls = teacher.vectors_of, []

    def breaking(*given: object) -> np.ndarray:
        calls.append(given)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*given)

    monkeypatch.setattr(teacher, "vectors_of", breaking)
    with pytest.raises(KeyboardInterrupt):
        teacher.teacher_vectors(model, encoded, tmp_path / "cache")
    found = teacher.teacher_vectors(model, encoded, tmp_path / "cache")
    assert len(calls) == 3 + 2, "four chunks, two of them known from before"
    assert np.array_equal(found, teacher.teacher_vectors(model, encoded, tmp_path / "cache")) and len(calls) == 5
    with torch.inference_mode():
        wanted = [model(input_ids=torch.tensor([row])).last_hidden_state[0].mean(0) for row in encoded]
    np.testing.assert_allclose(found.astype(np.float32), torch.stack(wanted).numpy(), atol=0.04)  # bfloat16
    changed = [[*row[:-2], 5 if row[-2] != 5 else 6, 2] for row in encoded]
    assert not np.allclose(teacher.teacher_vectors(model, changed, tmp_path / "cache"), found, atol=0.05)


def test_targets_are_unit_vectors_off_the_axis_and_pairs_share_one() -> None:
    rng = np.random.default_rng(0)
    shared = np.zeros(16, np.float32)
    shared[3] = 4.0
    vectors = (rng.normal(size=(30, 16)) + shared).astype(np.float16)
    pairs = [-1, -1, 2, 2, -1, 5, 5, 7, -1, 9, 9, *[-1] * 19]  # 7 has lost its other side
    made, axis = teacher.targets(vectors, pairs)
    wide = made.astype(np.float32)
    assert made.dtype == np.float16
    assert np.linalg.norm(axis) == pytest.approx(1, abs=1e-5) and axis[3] > 0.95
    np.testing.assert_allclose(np.linalg.norm(wide, axis=1), 1, atol=1e-3)
    np.testing.assert_allclose(wide @ axis, 0, atol=1e-3)
    same = {(a, b) for a in range(30) for b in range(a) if np.array_equal(made[a], made[b])}
    assert same == {(3, 2), (6, 5), (10, 9)}
    alone = teacher.targets(vectors, [-1] * 30)[0].astype(np.float32)
    np.testing.assert_allclose(wide[2], teacher.unit(alone[2] + alone[3]), atol=2e-3)
    np.testing.assert_allclose(wide[7], alone[7], atol=1e-3)


# ---------------------------------------------------------------- corpus


@pytest.mark.parametrize("recipe", ["recipe.toml", "other.toml"])
def test_nothing_set_aside_is_in_a_text_or_a_search(place: Path, recipe: str) -> None:
    """Not as a line, not as the same line elsewhere, not within a passage."""
    made = load_corpus(place / recipe, place)
    trained = made.texts + [side for group in made.searches.values() for search in group for side in search]
    held = {side for line in made.held_out["pairs.tsv"] for side in line}
    assert len(made.held_out["pairs.tsv"]) == 6
    for side in held | {side for pair in NEVER for side in pair}:
        assert not [text for text in trained if side in text], side
    packages = made.held_out["packages.tsv"]
    assert [len(row) for row in packages] == [4, 4, 2, 2, 2, 2, 2]
    for text in {text for row in packages for text in row}:
        assert text not in trained, text
    left = len(PACKAGES) - len(packages)
    assert len(made.searches["descriptions"]) < left, "no package shared a text with one set aside"


def test_corpus_numbers_its_pairs_and_weighs_its_lines(place: Path) -> None:
    """Only translations share a number, and stand side by side; a share above 1 is a weight."""
    made = load_corpus(place / "recipe.toml", place)
    assert len(made.texts) == len(made.pairs) == len(made.weights)
    numbers = [n for n in made.pairs if n >= 0]
    assert numbers and all(numbers.count(n) == 2 for n in numbers)
    for first in [n for n, number in enumerate(made.pairs) if number >= 0][::2]:
        assert made.pairs[first] == made.pairs[first + 1]
        english, chinese = made.texts[first : first + 2]
        if (english, chinese) in PAIRS:
            assert made.weights[first] == made.weights[first + 1] == 2
        else:
            assert len(english) <= 200 and any(pair[0] in english and pair[1] in chinese for pair in PAIRS)
    assert max(len(text) for text in made.texts) > 60, "no long passage was made"
    assert len({"A fish swims.", "The sun is hot.", "一年有四季。", "Salt is white."} & set(made.texts)) == 2


def test_queries_are_answered_by_their_passages(place: Path) -> None:
    """Packages: short → long, at most 40 characters. Cloze: a line asks for its neighbours. Translations: zh → en."""
    made = load_corpus(place / "recipe.toml", place)
    rows = [[text[:40] for text in row[1:]] for row in PACKAGES]
    assert set(made.searches["descriptions"]) <= {(row[0], row[1]) for row in rows}
    assert set(made.searches["descriptions zh"]) <= {(r[2], r[i]) for r in rows for i in (1, 3)}
    assert set(made.searches["pairs.tsv translations"]) <= {(pair[1], pair[0]) for pair in PAIRS}
    cloze = made.searches["pairs.tsv"]
    assert len(cloze) == 30
    kept = [query in passage for query, passage in cloze]
    assert any(kept) and not all(kept)
    for query, passage in cloze:
        near = [n for n, pair in enumerate(PAIRS) if any(side in passage for side in pair)]
        own = [n for n, pair in enumerate(PAIRS) if query in pair]
        assert near and min(abs(a - b) for a in near for b in own) <= 2 + 9, "the passage is not from around the query"


def test_a_seed_fixes_the_corpus(place: Path) -> None:
    one, again, other = (load_corpus(place / name, place) for name in ("recipe.toml", "recipe.toml", "other.toml"))
    assert one == again and one.texts != other.texts


# ---------------------------------------------------------------- train


def plan(steps: int, **more: float) -> train.Plan:
    """A small plan."""
    return train.Plan(
        **{"steps": steps, "rate": 3e-3, "tokens": 300, "twins": 2, "searches": 4, "save_every": 4} | more
    )


def test_batches_show_each_text_about_its_weight_in_like_lengths() -> None:
    """Sixty texts, short and long: where one kind ends a batch may hold both, and nowhere else."""
    lengths, weights = np.array([3, 30, 4, 31, 5, 29] * 10), np.array([2.0, 1.0, 0.5] * 20)
    drawn, seen, mixed = train.batches(lengths, weights, 70, seed=3), np.zeros(60), 0
    while seen.sum() < 40 * weights.sum():  # forty passes
        rows = next(drawn)
        assert 0 < (lengths[rows] + 1).sum() <= 70 + 32
        mixed += bool(np.ptp(lengths[rows]) > 3)
        np.add.at(seen, rows, 1)
    assert mixed <= 41
    np.testing.assert_allclose(seen / 40, weights, atol=0.3)
    one, two, other = (train.batches(lengths, weights, 70, seed) for seed in (3, 3, 4))
    first = [(next(one), next(two), next(other)) for _ in range(50)]
    assert all(np.array_equal(a, b) for a, b, _ in first)
    assert not all(np.array_equal(a, c) for a, _, c in first)


@pytest.mark.parametrize("stage", ["dense", "outputs"])
def test_training_learns(prepared: tuple[Student, train.Lesson, Corpus], tmp_path: Path, stage: str) -> None:
    """After a few steps the vectors stand nearer to their targets, and the stage's own parts have moved."""
    student, lesson = copy.deepcopy(prepared[0]), prepared[1]
    cone = torch.nn.functional.normalize(lesson.wanted.float() + losses.CONE * lesson.axis, dim=-1)

    @torch.no_grad()
    def nearness() -> float:
        return (dense(student, lesson.encoded) * cone).sum(-1).mean().item()

    words = student.encoder.embeddings.word_embeddings.weight.clone()
    heads = [student.sparse.weight.clone(), student.colbert.weight.clone()]
    before = nearness()
    found = train.train(stage, student, lesson, plan(16, head_rate=1e-2 * (stage == "outputs")), tmp_path / "a.pt")
    labelled = found[::3]  # the steps without twins and without searches
    assert len(found) == 16 and np.mean(labelled[-2:]) < 0.9 * labelled[0]
    assert nearness() > before + 0.1
    assert torch.equal(words, student.encoder.embeddings.word_embeddings.weight)
    moved = [not torch.equal(*two) for two in zip(heads, (student.sparse.weight, student.colbert.weight), strict=True)]
    assert moved == [stage == "outputs"] * 2


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(
    prepared: tuple[Student, train.Lesson, Corpus], tmp_path: Path
) -> None:
    """Same losses, same weights, whether in one run or in two."""
    lesson = prepared[1]

    def stop(student: Student, step: int) -> None:
        raise KeyboardInterrupt

    whole, stopped, fresh = (copy.deepcopy(prepared[0]) for _ in range(3))
    wanted = train.train("dense", whole, lesson, plan(7), tmp_path / "whole.pt")
    with pytest.raises(KeyboardInterrupt):
        train.train("dense", stopped, lesson, plan(7), tmp_path / "stopped.pt", watch=stop)
    found = train.train("dense", fresh, lesson, plan(7), tmp_path / "stopped.pt")
    assert len(found) == 3, "the second run must start at step 4"
    np.testing.assert_allclose(found, wanted[4:], rtol=1e-4)
    for one, other in zip(whole.encoder.parameters(), fresh.encoder.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-3)


def test_commands_train_both_stages_and_save_a_checkpoint(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``dense``, then ``outputs``: the folder loads everywhere and gives the student's three outputs."""
    for stage in train.PLANS:
        monkeypatch.setitem(train.PLANS, stage, plan(3, head_rate=0.01 * (stage == "outputs")))
    work, out = place / "work", place / "out"
    command = ["--recipe", place / "recipe.toml", "--data", place, "--teacher", place / "teacher.bin", "--work", work]
    command = [str(part) for part in command]
    with pytest.raises(FileNotFoundError):
        train.main(["outputs", *command, "--to", str(out)])
    assert len(train.main(["dense", *command, "--steps", "1"])) == 1
    assert len(train.main(["dense", *command])) == 2, "takes up at step 1, goes on to the plan's 3"
    assert len(train.main(["outputs", *command, "--to", str(out)])) == 3
    held = (work / "held_out_packages.tsv").read_text(encoding="utf-8").splitlines()
    assert [line.count("\t") for line in held] == [3, 3, 1, 1, 1, 1, 1]

    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "bge_m3_ids.json"):
        shutil.copy(MINI / name, out)
    model = AutoModel.from_pretrained(out, dtype=torch.float32)
    assert model.config.num_hidden_layers == 6
    bge = BgeM3.from_checkpoint(out, device="cpu")
    assert bge.max_length == 512
    student = Student(bge.model, torch.nn.Linear(32, 1), torch.nn.Linear(32, 32))
    for linear, name, rows in ((student.sparse, "sparse_linear.pt", 1), (student.colbert, "colbert_linear.pt", 32)):
        weight, bias = load_linear(out, name, rows, 32)
        linear.load_state_dict({"weight": weight, "bias": bias})
    trained = train.load_state(work / "outputs.pt", kept := copy.deepcopy(student))
    texts = ["The cat sleeps.", "猫在睡觉。"]
    rows = bge.tokenizer(texts)["input_ids"]
    factor = (student.sparse.bias / kept.sparse.bias).item()  # the lexical layer was scaled after training
    assert factor > 0
    with torch.no_grad():
        for value in kept.sparse.parameters():
            value.mul_(factor)
    one, other = outputs(student, rows), outputs(kept, rows)
    assert trained == 3
    for name, module in kept.modules().items():  # what was saved is what was trained, in float16
        saved = student.modules()[name].state_dict()
        for key, value in module.state_dict().items():
            rtol = 1e-3 if name == "sparse" else 0
            torch.testing.assert_close(saved[key], value.half().float(), atol=0, rtol=rtol, msg=f"{name} {key}")
    for name in ("dense", "weights", "vectors"):
        torch.testing.assert_close(getattr(one, name), getattr(other, name), atol=0.03, rtol=0)
    torch.testing.assert_close(torch.as_tensor(bge.encode(texts)), one.dense, atol=0.03, rtol=0)


def test_natural_sentences_are_among_the_twins(prepared: tuple[Student, train.Lesson, Corpus]) -> None:
    """Those of the training part, never of the held-out; two thirds of a batch are of them."""
    student, lesson, corpus = prepared
    held = {side for lines in corpus.held_out.values() for line in lines for side in line}
    assert lesson.twins and {twins.english for twins in lesson.twins} <= {*corpus.texts} - held
    assert lesson.twins[0].english_twin.startswith("He saw me")
    with torch.no_grad():
        with_them, without = (
            train.twins_loss(student, dataclasses.replace(lesson, twins=some), 3, 0).item()
            for some in (lesson.twins, [])
        )
    assert with_them != without


def test_lexical_scale_helps_the_sum_and_changes_no_lexical_rank(
    prepared: tuple[Student, train.Lesson, Corpus],
) -> None:
    """A lexical layer a hundred times too faint is brought up to where the sum finds at least as many passages."""
    student, lesson, _ = copy.deepcopy(prepared)
    sides = [lesson.ids([search[side] for search in lesson.searches["descriptions"]]) for side in (0, 1)]
    with torch.no_grad():
        student.sparse.weight.zero_()
        student.sparse.bias.fill_(0.03)
    dense_before, before = lexical_scale.both_scores(student, *sides)
    factor = lexical_scale.set_lexical_scale(student, *sides)
    _, after = lexical_scale.both_scores(student, *sides)
    torch.testing.assert_close(after, before * factor**2)
    found = [lexical_scale.mean_reciprocal_rank(dense_before + 0.3 * scores) for scores in (before, after)]
    assert found[1] >= found[0] and factor != 1
    assert lexical_scale.mean_reciprocal_rank(torch.tensor([[1.0, 2.0], [0.0, 3.0]])) == pytest.approx(0.75)
