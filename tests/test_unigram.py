"""Stage 1, the pieces: cleaning, words and Viterbi by hand against the library and against brute force."""

import json
import time

import pytest
from conftest import TEXTS
from hypothesis import example, given, settings
from hypothesis import strategies as st
from transformers import BertTokenizer, XLMRobertaTokenizer

from helpers.tokenization import tokenize
from helpers.unigram import SPACE, Vocabulary, normalize_text, segment, split_words, text_pieces

AWKWARD = ["<s>", "</s>", "<pad>", "<unk>", "<mask>", "＜ｓ＞", "＜ｍａｓｋ＞", "＜ｕｎｋ＞", "▁", "▁▁", " ", "  "]
AWKWARD += list("\t\v\x00\x1c\x1f\x85\xa0\u1680\u2003\u2028\u202f\u3000\u200b\u200d\ufeff…ﬁ한𠮷龘\U0010ffff")
AWKWARD += ["\r\n", "👩‍💻", "🇨🇳", "e\u0301", "ｶﾞ", "你好", "hello", "Python"]
MIXED = st.lists(st.sampled_from(AWKWARD) | st.text(max_size=3), max_size=10).map("".join)


def cuts(word: str):
    """Every way to cut a word into pieces."""
    if not word:
        yield []
    for end in range(1, len(word) + 1):
        for rest in cuts(word[end:]):
            yield [word[:end], *rest]


def total(pieces: list[str], vocabulary: Vocabulary) -> float:
    """The score of one cut; a piece the vocabulary lacks is allowed as a single character only."""
    lone = {p: vocabulary.unknown_score for p in pieces if len(p) == 1}
    return sum(vocabulary.scores.get(p, lone.get(p, float("-inf"))) for p in pieces)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_pieces_are_the_librarys(mini, text):
    """Any slip in cleaning, splitting, scoring or ties changes a piece."""
    assert text_pieces(text, mini.vocabulary) == mini.tokenizer.tokenize(text)


@given(st.text(max_size=40) | MIXED)
@settings(max_examples=250)
@example("a <mask> b").via("blanks around <mask>")
@example("＜ｓ＞▁＜ｍａｓｋ＞").via("special tokens that only cleaning makes")
@example("\x1c<mask>\x85<mask>").via("white space that Python and Rust see differently")
def test_pieces_are_the_librarys_on_any_text(mini, text):
    """Generated Unicode finds the corner that the list above forgot."""
    assert text_pieces(text, mini.vocabulary) == mini.tokenizer.tokenize(text)


@given(st.text(alphabet="abeht 你好語言模型龘𠮷.1▁", min_size=1, max_size=7))
@settings(max_examples=60)
def test_segment_is_the_best_of_all_cuts(mini, word):
    """Greedy or off-by-one dynamic programming would miss the best of the 2ⁿ⁻¹ cuts."""
    word = SPACE + word.replace(" ", "")
    best = max(total(cut, mini.vocabulary) for cut in cuts(word))
    found = segment(word, mini.vocabulary)
    spelled = [q for p in found for q in ([p] if p in mini.vocabulary.scores else p)]  # unknowns were merged
    assert "".join(found) == word
    assert total(spelled, mini.vocabulary) == pytest.approx(best, abs=1e-9)


def test_segment_on_a_vocabulary_made_by_hand(mini):
    """The best path is not the longest first piece; a tie keeps the cut found first; unknowns merge."""
    scores = {"<unk>": 0.0, "ab": -1.0, "c": -9.0, "a": -2.0, "bc": -2.0, "b": -3.0}
    vocabulary = Vocabulary(dict.fromkeys(scores, 0), scores, {}, mini.tokenizer)
    assert vocabulary.unknown_score == -19.0
    assert vocabulary.longest == 5
    assert segment("abc", vocabulary) == ["a", "bc"]
    assert segment("xyabz", vocabulary) == ["xy", "ab", "z"]
    assert segment("", vocabulary) == []
    tied = Vocabulary({}, {"a": -1.0, "b": -1.0, "ab": -2.0}, {}, mini.tokenizer)
    assert segment("ab", tied) == ["ab"]


def test_scores_come_from_the_tokenizer(mini):
    """An id or score shifted by one would go unnoticed in ids that are merely plausible."""
    vocabulary = mini.vocabulary
    assert len(vocabulary.ids) == len(vocabulary.scores) == len(mini.tokenizer) == mini.model.config.vocab_size
    assert vocabulary.ids == mini.tokenizer.get_vocab()
    assert vocabulary.special == {token: mini.tokenizer.convert_tokens_to_ids(token) for token in vocabulary.special}
    assert {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}.items() <= vocabulary.special.items()
    assert all(score < 0 for piece, score in vocabulary.scores.items() if piece not in vocabulary.special)


def test_docstring_examples(mini):
    """What the documentation promises."""
    vocabulary = mini.vocabulary
    assert normalize_text("ＢＧＥ－Ｍ３　ﬁne", vocabulary) == "BGE-M3 fine"
    assert split_words("I like  Python. ") == ["▁I", "▁like", "▁Python."]
    assert segment("▁Python进行编程。", vocabulary) == ["▁Python", "进行", "编程", "。"]
    assert text_pieces("I like <mask>.", vocabulary) == ["▁I", "▁like", "<mask>", "▁", "."]


def test_cleaning_keeps_case_and_drops_control_characters(mini):
    """nmt_nfkc is neither lower-casing nor plain NFKC."""
    assert normalize_text("ABC Ünï\x01\x07", mini.vocabulary) == "ABC Ünï"


@pytest.mark.parametrize("cleaned", ["", " ", "\t \u3000"])
def test_white_space_alone_has_no_words(cleaned):
    """A lone ▁ here would give every empty text a token."""
    assert split_words(cleaned) == []


def test_split_words_does_not_mark_twice():
    """Text that already holds ▁ is cut at it, as by the library's Metaspace."""
    assert split_words("▁a b▁c ▁▁d") == ["▁a", "▁b", "▁c", "▁", "▁d"]


def test_another_kind_of_tokenizer_is_refused(tmp_path):
    """WordPiece has no scores; reading it as Unigram would be nonsense."""
    (tmp_path / "vocab.txt").write_text("[UNK]\n[CLS]\n[SEP]\n[PAD]\n[MASK]\na\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"WordPiece tokenizer; bge-m3's is a Unigram one"):
        Vocabulary.of(BertTokenizer.from_pretrained(tmp_path))


def test_mask_that_swallows_white_space(mini, tmp_path):
    """bge-m3's own <mask> takes the blanks before it; a pattern that does so takes minutes for many blanks."""
    content = json.loads(mini.tokenizer.backend_tokenizer.to_str())
    for token in content["added_tokens"]:
        token["lstrip"] = token["content"] == "<mask>"
    (tmp_path / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    tokenizer = XLMRobertaTokenizer.from_pretrained(tmp_path)
    assert tokenizer.added_tokens_decoder[tokenizer.mask_token_id].lstrip
    texts = ["a <mask> b", "好\u3000\x85<mask><mask>\x1c <mask>", " " * 50_000 + "a <mask>"]
    start = time.process_time()
    batch = tokenize(texts, Vocabulary.of(tokenizer), 512)
    assert time.process_time() - start < 20
    assert batch.ids.tolist() == tokenizer(texts, padding=True)["input_ids"]
