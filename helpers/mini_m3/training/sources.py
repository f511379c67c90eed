"""Rebuild the training texts of SOURCES.md from the packages of Debian 12.

    python sources.py --to DIR [--exclude FILE.tsv ...] [--only NAME ...]

Needs Debian (``apt-get`` and ``dpkg-deb``; run ``apt-get update`` once before). Packages are fetched and
unpacked under ``DIR/packages``, about 6 GB; the folder can go when the texts are there. A text file that
is there already is left alone, so the same command goes on where it stopped. With ``--exclude``, no line
is written that equals a column of one of those files (upper and lower case are the same).

Formats: ``.tsv`` is English TAB Chinese; ``.txt`` is one text a line.

Not rebuilt here: ``mono_bible.txt`` (a packed format of its own), debian-edu-doc (in ``pairs_help_debian.tsv``),
dict-wn and jargon-text (the texts of wordnet-base and dict-jargon again), and the first four files of SOURCES.md,
which do not come from Debian.
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import re
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

Pair = tuple[str, str]

SHORTEST, LONGEST = 3, 600  # characters of a text; a Chinese word may be a single character
HAN = re.compile(r"[\u3400-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{2}")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[-+#0-9.*]*\$?[a-z]*[A-Za-z]\b|%\w+|\$\{?\w+\}?|\{\{?[\w:.,|= -]*\}?\}")
SIMPLIFIED, TRADITIONAL = ("zh_CN", "zh_Hans", "zh-CN"), ("zh_TW", "zh_Hant", "zh-TW")

GAMES = """widelands-data warzone2100-data freeciv-data unknown-horizons tuxpaint-data gbrainy aisleriot gnome-chess
    pychess gnome-sudoku tuxtype-data"""
EDUCATION = """kstars-data kgeography-data parley-data kwordquiz kturtle ktouch-data kbruch kpat kmahjongg kalzium-data
    cantor step artikulate marble-data minuet-data"""
SOFTWARE = """inkscape vlc-l10n gnucash-common gramps lyx-common wordpress-l10n ardour-data cinnamon-l10n
    libgweather-4-common kdenlive-data pidgin-data kmail dpkg gnome-software-common konsole zim dolphin ksirk meld apt
    xfce4-settings gnome-maps palapeli-data backintime-common polari gnome-initial-setup apt-listbugs kigo tali
    quadrapassel khelpcenter gnome-mahjongg five-or-more bovo digikam-data gimp-data krita-l10n evolution-common git
    phpmyadmin rhythmbox-data gedit-common darktable gnupg-l10n coreutils bash bleachbit iagno gnome-klotski gnome-mines
    gnome-games-app audacity-data libgtk-3-common kmymoney-common knights subversion plasma-workspace-data
    plasma-desktop-data gnome-control-center-data orca gajim nautilus-data hexchat-common audacious-plugins-data
    synaptic deluge-common shotwell-common python3-django evince-common totem-common skrooge-common libkf5i18n-data
    mate-user-guide"""
MANUALS = """debian-reference-en debian-reference-zh-cn debian-faq debian-faq-zh-cn installation-guide-amd64 debmake-doc
    maint-guide maint-guide-zh-cn debian-handbook"""


# --- packages -----------------------------------------------------------------------------------------------


class Packages:
    """Debian packages by name: fetched once, unpacked once, under one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, name: str) -> Path:
        """The folder the package ``name`` is unpacked in; raises CalledProcessError if it cannot be had."""
        target, part = self.folder / name, self.folder / f"{name}.part"
        if not target.exists():
            if not list(self.folder.glob(f"{name}_*.deb")):
                subprocess.run(["apt-get", "download", "-qq", name], cwd=self.folder, check=True)
            [archive] = self.folder.glob(f"{name}_*.deb")
            shutil.rmtree(part, ignore_errors=True)
            subprocess.run(["dpkg-deb", "-x", archive, part], check=True)
            part.rename(target)
        return target

    def files(self, names: Iterable[str], pattern: str) -> Iterator[Path]:
        """The plain files of these packages whose path matches the glob ``pattern``, in order of path."""
        for name in names:
            yield from sorted(path for path in self(name).rglob(pattern) if path.is_file() and not path.is_symlink())


def read(path: Path) -> str:
    """The text of a file, unpacked if its name ends in .gz or .dz; what is no UTF-8 becomes U+FFFD."""
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix in (".gz", ".dz") else data).decode("utf-8", "replace")


# --- cleaning -----------------------------------------------------------------------------------------------


def one_line(text: str) -> str:
    """Without tags, entities and line breaks: ``one_line("a <b>big</b>\\ncat") == "a big cat"``."""
    text = html.unescape(re.sub(r"</?[A-Za-z!][^<>]{0,200}>", "", text))
    return re.sub(r"\s+", " ", re.sub(r"[\x00-\x08\x0e-\x1f\u200b-\u200f\u2060\ufeff\ufffd]", "", text)).strip()


def message(text: str) -> str:
    """Without keyboard marks and contexts: ``message("打开(_O)…") == "打开…"``, ``message("menu^E&xit") == "Exit"``."""
    text = re.sub(r"\s*[(（][&_~]\w[)）]|^\w+\^", "", one_line(text))
    for mark in "&_~":
        if text.count(mark) == 1:
            text = re.sub(rf"{mark}(?=\w)", "", text)
    return text


def is_text(text: str) -> bool:
    """Whether a line is of a fitting length and mostly letters, once placeholders are gone."""
    if not (1 if HAN.search(text) else SHORTEST) <= len(text) <= LONGEST:
        return False
    letters = sum(letter.isalpha() for letter in PLACEHOLDER.sub("", text))
    return letters > 0.4 * len(text.replace(" ", ""))


def is_pair(english: str, chinese: str) -> bool:
    """Whether both sides are texts, the first in Latin letters (and no bare key), the second in Han."""
    if re.fullmatch(r"\S*[_:./]\S+", english) or HAN.search(english):
        return False
    return bool(LATIN.search(english) and HAN.search(chinese)) and is_text(english) and is_text(chinese)


def sentences(text: str) -> list[str]:
    """A paragraph cut after sentence ends, not after initials and short titles.

    ``sentences("I came. Mr. X saw.") == ["I came.", "Mr. X saw."]``
    """
    end = r"(?<!\b\w)(?<!\b[A-Z]\w)(?<!\b[A-Z]\w\w)([.!?][\"”’')\]]*)\s+(?=[\"“‘'(\[]?[A-Z])"
    cut = re.sub(rf"{end}|([。！？][”’」』）]*)", r"\1\2\n", one_line(text))
    return [piece.strip() for piece in cut.split("\n") if piece.strip()]


def with_sentences(english: str, chinese: str) -> list[Pair]:
    """The pair and, where both sides have the same number of sentences, these sentences side by side."""
    pieces = list(zip(sentences(english), sentences(chinese), strict=False))
    same = len(pieces) > 1 and len(sentences(english)) == len(sentences(chinese))
    return [(english, chinese), *(pieces if same else [])]


# --- formats: messages in two languages ---------------------------------------------------------------------


def mo_messages(data: bytes) -> Iterator[Pair]:
    """(original, translation) of a compiled catalogue; a plural original is one more pair. Format: gettext, 10.3."""
    order = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    count, originals, translations = struct.unpack_from(f"{order}3I", data, 8)

    def string(table: int, number: int) -> str:
        length, start = struct.unpack_from(f"{order}2I", data, table + 8 * number)
        return data[start : start + length].decode("utf-8", "replace")

    for number in range(count):
        for original in string(originals, number).split("\x04")[-1].split("\x00"):
            yield original, string(translations, number).split("\x00")[-1]


def po_messages(text: str) -> Iterator[Pair]:
    """(original, translation) of a catalogue in text form; untranslated messages have an empty second side."""
    strings = r'((?:[ \t]*"(?:[^"\\]|\\.)*"\s*?\n)+)'
    entry = rf"^msgid {strings}(?:msgid_plural {strings})?msgstr(?:\[0\])? {strings}"
    for parts in re.findall(entry, text + "\n", re.MULTILINE):
        one, many, chinese = ("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', part)) for part in parts)
        for original in filter(None, (one, many)):
            yield re.sub(r"\\(.)", po_character, original), re.sub(r"\\(.)", po_character, chinese)


def po_character(escape: re.Match[str]) -> str:
    """The character that ``\\n`` and the like stand for."""
    return {"n": "\n", "t": "\t"}.get(escape[1], escape[1])


def properties(text: str) -> dict[str, str]:
    """``key=value`` lines of a Java file; comments are left out."""
    lines = (line.split("=", 1) for line in text.splitlines() if "=" in line and line[0] not in "#!")
    return {key.strip(): re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), value) for key, value in lines}


def crawl_entries(text: str) -> dict[str, str]:
    """``%%%%``, a key, an empty line, a text: the description files of Dungeon Crawl Stone Soup."""
    entries = (entry.strip().split("\n", 1) for entry in text.split("%%%%"))
    return {entry[0].strip(): entry[1] for entry in entries if len(entry) == 2}


def wiki_text(text: str) -> str:
    """A MediaWiki message without its links, choices and bold marks."""
    text = re.sub(r"\{\{(?:PLURAL|GENDER|plural|gender):[^{}|]*\|(?:[^{}|]*\|)*([^{}|]*)\}\}", r"\1", text)
    text = re.sub(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]", r"\1", text)
    return re.sub(r"\[(?:https?:|//|\$)\S+ ([^\]]*)\]", r"\1", text.replace("'''", "").replace("''", ""))


# --- formats: texts in one language -------------------------------------------------------------------------


def roff_paragraphs(source: str) -> list[str]:
    """The prose of a manual page: what stands between ``.nf`` and ``.fi`` is left out, fonts are dropped."""
    out, prose = [""], True
    for line in source.splitlines():
        macro = re.match(r"[.'][ \t]*(\w*|\\\")[ \t]*(.*)", line)
        if not macro:
            out[-1] += f" {line}" if prose else ""
        elif macro[1] in ("nf", "EX", "TS"):
            prose = False
        elif macro[1] in ("B", "I", "SM", "SB", "BR", "IR", "RB", "RI", "BI", "IB"):
            glue = "" if len(macro[1]) == 2 and macro[1][0] != "S" else " "
            parts = [a or b for a, b in re.findall(r'"([^"]*)"|(\S+)', macro[2])]
            out[-1] += " " + glue.join(parts) if prose else ""
        elif macro[1] in ("fi", "EE", "TE", "PP", "P", "LP", "TP", "IP", "HP", "SH", "SS", "RE", "RS", "sp", "TH"):
            prose = prose or macro[1] in ("fi", "EE", "TE", "SH", "SS")
            out.append("")
    return [roff_characters(paragraph) for paragraph in out]


def roff_characters(text: str) -> str:
    """roff escapes as the characters they stand for: ``roff_characters(r"\\fBa\\-b\\fP") == "a-b"``."""
    text = re.sub(r"\\f(?:\[\w*\]|\(..|.)|\\s[-+]?\d|\\[&/,:|^%]|\\\*\(..|\\\*.|\\\".*", "", text)
    named = {"em": "—", "en": "–", "aq": "'", "dq": '"', "lq": "“", "rq": "”", "oq": "‘", "cq": "’", "bu": "•"}
    text = re.sub(r"\\\((..)|\\\[(\w+)\]", lambda m: named.get(m[1] or m[2], ""), text)
    return re.sub(r"\\(.)", lambda m: {"e": "\\", "~": " "}.get(m[1], m[1]), text)


class Blocks(HTMLParser):
    """The block elements of a page: ``.blocks`` holds ``(tag, id, text)`` in reading order."""

    BLOCK = frozenset(
        ("p", "h1", "h2", "h3", "h4", "h5", "li", "td", "th", "dt", "dd", "div", "body", "blockquote", "title", "pre")
    )

    def __init__(self, page: str) -> None:
        super().__init__()
        self.blocks, self.hidden = [("", "", "")], 0
        self.feed(page)
        self.blocks = [block for block in self.blocks if block[2].strip()]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.hidden += tag in ("script", "style")
        if tag in self.BLOCK:
            self.blocks.append((tag, dict(attrs).get("id") or "", ""))

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        self.hidden -= tag in ("script", "style")
        if tag in self.BLOCK:
            self.blocks.append(("", "", ""))

    def handle_data(self, data: str) -> None:
        """Text between two tags."""
        if not self.hidden:
            tag, name, text = self.blocks[-1]
            self.blocks[-1] = (tag, name, text + data)

    def sections(self) -> list[list[tuple[str, str, str]]]:
        """The blocks from one heading to the next."""
        out: list[list[tuple[str, str, str]]] = [[]]
        for block in self.blocks:
            if block[0] in ("title", "h1", "h2", "h3", "h4", "h5"):
                out.append([])
            out[-1].append(block)
        return out


# --- sources: each gives the raw lines of one file ----------------------------------------------------------


def catalogues(names: str, languages: tuple[str, ...]) -> Callable[[Packages], Iterator[Pair]]:
    """Messages of the ``.mo`` files that lie in a folder of one of these languages."""

    def lines(packages: Packages) -> Iterator[Pair]:
        for path in packages.files(names.split(), "*.mo"):
            if set(languages) & set(path.parts):
                yield from ((message(en), message(zh)) for en, zh in mo_messages(path.read_bytes()))

    return lines


def more_games(packages: Packages) -> Iterator[Pair]:
    """Games that keep their messages in formats of their own: SuperTux, Flare, FreeCol, Dungeon Crawl."""
    for path in packages.files(["supertux-data", "flare-game"], "*.po"):
        if path.name in ("zh_CN.po", "data.zh.po"):
            yield from ((message(en), message(zh)) for en, zh in po_messages(read(path)))
    for path in packages.files(["freecol"], "FreeColMessages_zh_CN.properties"):
        yield from same_key(properties, path.with_name("FreeColMessages.properties"), path)
    for path in packages.files(["crawl-common"], "descript/zh/*.txt"):
        if (english := path.parents[1] / path.name).exists():
            yield from same_key(crawl_entries, english, path)


def same_key(parse: Callable[[str], dict[str, str]], english: Path, chinese: Path) -> Iterator[Pair]:
    """The texts that two files keep under the same key."""
    originals = parse(read(english))
    for key, text in parse(read(chinese)).items():
        if isinstance(text, str) and key in originals:
            yield message(originals[key]), message(text)


def mediawiki(packages: Packages) -> Iterator[Pair]:
    """The interface of MediaWiki and of its extensions."""

    def texts(source: str) -> dict[str, str]:
        return {key: wiki_text(text) for key, text in json.loads(source).items() if isinstance(text, str)}

    for path in packages.files(["mediawiki"], "zh-hans.json"):
        if (english := path.with_name("en.json")).exists():
            yield from same_key(texts, english, path)


def libreoffice_help(packages: Packages) -> Iterator[Pair]:
    """Paragraphs of the LibreOffice help that carry the same id in both languages."""
    chinese, english = packages("libreoffice-help-zh-cn"), packages("libreoffice-help-en-us")
    for path in packages.files(["libreoffice-help-zh-cn"], "*.html"):
        original = english / path.relative_to(chinese).as_posix().replace("zh-CN", "en-US")
        if original.exists():
            originals = {name: text for _, name, text in Blocks(read(original)).blocks}
            for _, name, text in Blocks(read(path)).blocks:
                if re.match(r"(par|hd)_id", name) and name in originals:
                    yield one_line(originals[name]), one_line(text)


def help_pages(names: str) -> Callable[[Packages], Iterator[Pair]]:
    """Pages of both languages with as many sections; of these, the ones built of the same elements, side by side."""
    language = re.compile(r"[./-](?:(en|en-US|C)|zh-cn|zh_CN|zh-CN)(?=[./])")

    def lines(packages: Packages) -> Iterator[Pair]:
        pages: dict[str, dict[bool, Path]] = {}
        for path in [*packages.files(names.split(), "*.html"), *packages.files(names.split(), "*.page")]:
            place = path.relative_to(packages.folder).as_posix()
            if marks := language.findall(place):
                pages.setdefault(language.sub("", place), {})[any(marks)] = path
        for page in pages.values():
            if len(page) == 2:
                english, chinese = (Blocks(read(page[side])).sections() for side in (True, False))
                for one, other in zip(english, chinese, strict=False) if len(english) == len(chinese) else ():
                    if [tag for tag, _, _ in one] == [tag for tag, _, _ in other]:
                        yield from ((one_line(a[2]), one_line(b[2])) for a, b in zip(one, other, strict=True))

    return lines


def wordnet(packages: Packages) -> Iterator[str]:
    """Of each meaning: its definition, its first word with the definition, and its examples."""
    for path in packages.files(["wordnet-base"], "data.*"):
        for line in read(path).splitlines():
            if " | " in line and not line.startswith(" "):
                fields, gloss = line.split(" | ", 1)
                definition = re.split(r'[;:]?\s*"', gloss)[0].strip(" ;")
                yield definition
                yield f"{fields.split()[4].replace('_', ' ')}: {definition}"
                yield from (example.strip(" ;") for example in re.findall(r'"([^"]+)"', gloss))


def fortunes(packages: Packages) -> Iterator[str]:
    """Sayings, cut into sentences; the author's name (after ``--``) goes."""
    names = ["fortunes", "fortunes-min", "fortunes-debian-hints", "fortune-anarchism"]
    for path in packages.files(names, "fortunes/*"):
        if not path.suffix:
            for paragraph in re.split(r"\n%\n|\n\s*\n|\n(?=\s+--)", read(path)):
                if not paragraph.strip().startswith("--"):
                    yield from sentences(re.sub(r".\x08", "", paragraph))


def fortunes_zh(packages: Packages) -> Iterator[str]:
    """Chinese poems and proverbs, line by line and, where it is short enough, the whole."""
    for path in packages.files(["fortunes-zh"], "fortunes/*"):
        if not path.suffix:
            for entry in re.sub(r"\x1b\[[\d;]*m", "", read(path)).split("\n%\n"):
                lines = [line.strip() for line in entry.splitlines() if not re.match(r"\s*(作者|《)", line)]
                yield from lines
                yield "".join(lines)


def manual_pages(names: list[str], pattern: str) -> Callable[[Packages], Iterator[str]]:
    """Manual pages, cut into sentences."""

    def lines(packages: Packages) -> Iterator[str]:
        for path in packages.files(names, pattern):
            for paragraph in roff_paragraphs(read(path)):
                yield from sentences(paragraph)

    return lines


def dictionary(name: str) -> Callable[[Packages], Iterator[str]]:
    """A dictionary in dictd's form: indented paragraphs under a headword; links lose their braces."""

    def lines(packages: Packages) -> Iterator[str]:
        for path in packages.files([name], "*.dict.dz"):
            text = re.sub(r"\[(?:1913 Webster|PJC|WordNet|Webster|RP)[^\]]*\]|^\S.*$", "", read(path), flags=re.M)
            for paragraph in re.split(r"\n\s*\n", text):
                yield from sentences(re.sub(r"\{\s*([^{}]*?)\s*\}", r"\1", paragraph))

    return lines


def anarchism(packages: Packages) -> Iterator[str]:
    """An Anarchist FAQ: long prose, cut into sentences."""
    for path in packages.files(["anarchism"], "*.html"):
        for _, _, text in Blocks(read(path)).blocks:
            yield from sentences(text)


def endless_sky(packages: Packages) -> Iterator[str]:
    """Story and dialogue of Endless Sky: the quoted strings of four words or more, and their sentences."""
    for path in packages.files(["endless-sky-data"], "data/**/*.txt"):
        for ticks, quotes in re.findall(r'`([^`\n]+)`|"([^"\n]+)"', read(path)):
            text = re.sub(r"<(\w+)>", r"\1", ticks or quotes)
            if len(text.split()) > 3:
                yield one_line(text)
                yield from sentences(text)


def words(packages: Packages) -> Iterator[str]:
    """The English word list, as it is."""
    return iter(read(packages("wamerican") / "usr/share/dict/american-english").split())


FILES: dict[str, Callable[[Packages], Iterator[Pair] | Iterator[str]]] = {
    "mono_wordnet.txt": wordnet,
    "mono_fortunes_en.txt": fortunes,
    "mono_fortunes_zh.txt": fortunes_zh,
    "pairs_mo_cdda.tsv": catalogues("cataclysm-dda-data", SIMPLIFIED),
    "pairs_mo_cdda_tw.tsv": catalogues("cataclysm-dda-data", TRADITIONAL),
    "pairs_mediawiki.tsv": mediawiki,
    "pairs_mo_isocodes.tsv": catalogues("iso-codes", SIMPLIFIED),
    "pairs_mo_wesnoth.tsv": catalogues("wesnoth-1.16-data", SIMPLIFIED),
    "pairs_mo_wesnoth_tw.tsv": catalogues("wesnoth-1.16-data", TRADITIONAL),
    "pairs_mo_edu.tsv": catalogues(EDUCATION, SIMPLIFIED),
    "pairs_mo_games.tsv": catalogues(GAMES, SIMPLIFIED),
    "pairs_games2.tsv": more_games,
    "pairs_mo_software.tsv": catalogues(SOFTWARE, SIMPLIFIED),
    "pairs_mo_software_tw.tsv": catalogues(SOFTWARE, TRADITIONAL),
    "pairs_mo_libreoffice.tsv": catalogues("libreoffice-l10n-zh-cn", SIMPLIFIED),
    "pairs_help_libreoffice.tsv": libreoffice_help,
    "pairs_help_debian.tsv": help_pages(MANUALS),
    "pairs_help_gnome.tsv": help_pages("gnome-user-docs"),
    "words_en.txt": words,
    "mono_endless_sky.txt": endless_sky,
    "mono_manpages_zh.txt": manual_pages(["manpages-zh"], "zh_CN/man*/*.gz"),
    "mono_manpages_en.txt": manual_pages(["manpages", "manpages-dev"], "man/man*/*.gz"),
    "mono_foldoc.txt": dictionary("dict-foldoc"),
    "mono_jargon.txt": dictionary("dict-jargon"),
    "mono_anarchism.txt": anarchism,
    "mono_gcide.txt": dictionary("dict-gcide"),
}


# --- writing ------------------------------------------------------------------------------------------------


def kept(name: str, lines: Iterable[Pair | str], never: set[str]) -> Iterator[str]:
    """The lines worth writing, each once: texts by the rules above, none whose side is in ``never``."""
    seen: set[str] = set()
    for line in lines:
        for sides in [(line,)] if isinstance(line, str) else with_sentences(*line):
            text = "\t".join(sides)
            if text not in seen and fits(name, *sides) and not never.intersection(map(str.casefold, sides)):
                seen.add(text)
                yield text


def fits(name: str, *sides: str) -> bool:
    """Whether a line belongs into the file ``name``: words all do, Chinese texts must hold Han characters."""
    if len(sides) == 2:
        return is_pair(*sides)
    return name.startswith("words") or (is_text(*sides) and (not name.endswith("_zh.txt") or bool(HAN.search(*sides))))


def columns(paths: Iterable[Path]) -> set[str]:
    """Every column of every line of these ``.tsv`` files, in lower case."""
    lines = (line for path in paths for line in path.read_text(encoding="utf-8").splitlines())
    return {side.strip().casefold() for line in lines for side in line.split("\t")}


def main() -> None:
    """Write the files that are not there yet and print how many lines each has."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, required=True, help="folder for the texts")
    parser.add_argument("--exclude", type=Path, nargs="*", default=[], help=".tsv files whose texts are never written")
    parser.add_argument("--only", nargs="*", default=list(FILES), choices=list(FILES), metavar="NAME")
    args = parser.parse_args()
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        parser.exit(2, "This needs Debian: apt-get and dpkg-deb were not found.\n")
    packages, never, total = Packages(args.to / "packages"), columns(args.exclude), 0
    for name in args.only:
        if not (path := args.to / name).exists():
            texts = list(kept(name, FILES[name](packages), never))
            path.write_text("\n".join(texts) + "\n", encoding="utf-8", newline="\n")
        lines = path.read_text(encoding="utf-8").count("\n")
        total += lines
        print(f"{lines:9,d}  {name}", flush=True)
    print(f"{total:9,d}  lines in all")


if __name__ == "__main__":
    main()
