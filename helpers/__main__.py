"""Command line: ``python -m helpers`` with ``walk``, ``where``, ``download`` or ``verify``.

``walk`` shows a text on its way to a vector, stage by stage, with shapes and values. ``where`` says which
checkpoint would be used, and why. ``download`` brings the real bge-m3 to this disk; ``verify`` says whether
what is here is the real one and computed right. Bad input: one line on standard error and exit code 2.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from helpers.checkpoint.find import Checkpoint
    from helpers.pipeline import BgeM3, Walk

COMMANDS = {
    "walk": "show the way of a text to its vector",
    "where": "say which checkpoint is used",
    "download": "bring the real bge-m3 to this disk (2.3 GB to fetch)",
    "verify": "say whether a checkpoint is the real bge-m3, and computed right here",
}
ENVIRONMENT = "use the Python of this project's .venv, or install what it needs: pip install -r requirements.txt"
EXAMPLES = ["什么是大型语言模型？", "What is a large language model?"]


def as_json(bge: BgeM3, walk: Walk) -> str:
    """The walk as JSON: the checkpoint, then for each text its tokens, ids, mask, shapes and vector."""
    chosen, config, (texts_here, length) = bge.checkpoint, bge.model.config, walk.ids.shape
    maps = [config.num_hidden_layers, texts_here, config.num_attention_heads, length, length]  # not kept here
    texts = [
        {
            "text": text,
            "tokens": walk.tokens[row],
            "ids": walk.ids[row].tolist(),
            "mask": walk.mask[row].tolist(),
            "shapes": walk.shapes() | {"attentions": maps},
            "vector": walk.vectors[row].tolist(),
        }
        for row, text in enumerate(walk.texts)
    ]
    about = {"kind": chosen.kind, "path": str(chosen.path), "why": chosen.why, "max_length": chosen.max_length}
    return json.dumps({"checkpoint": about, "texts": texts}, ensure_ascii=False)


def numbers(row: list[float], count: int = 6) -> str:
    """The first numbers of a vector for reading."""
    return "  ".join(f"{value:+.4f}" for value in row[:count]) + (" …" if len(row) > count else "")


def as_text(bge: BgeM3, walk: Walk) -> str:
    """The walk for the terminal: every stage with its shape, and the values of each text's ``<s>``."""
    shapes = walk.shapes()
    lines = [str(bge), ""]
    for row, text in enumerate(walk.texts):
        real = int(walk.mask[row].sum())
        lines += [
            f"text            {text}",
            f"1 tokenization  {' '.join(walk.tokens[row])}",
            f"  input ids     {walk.ids[row].tolist()}   {shapes['ids']}",
            f"  mask          {walk.mask[row].tolist()}   {real} real tokens",
            f"2 embeddings    word      {shapes['word']}   <s>: {numbers(walk.word[row, 0].tolist())}",
            f"                position  {shapes['position']}   ids {walk.position_ids[row].tolist()}",
            f"                sum, LayerNorm      <s>: {numbers(walk.hidden_states[0][row, 0].tolist())}",
        ]
        for number, state in enumerate(walk.hidden_states[1:], 1):
            title = "3 encoder" if number == 1 else ""
            lines.append(f"{title:<15} layer {number:<3} {list(state.shape)}   <s>: {numbers(state[row, 0].tolist())}")
        lines += [
            f"4 pooling       {shapes['pooled']}   {numbers(walk.pooled[row].tolist())}",
            f"5 normalization {shapes['vectors']}   {numbers(walk.vectors[row].tolist())}"
            f"   length {walk.vectors[row].norm():.6f}",
            "",
        ]
    if len(walk.texts) > 1:
        lines.append("cosine similarity")
        cosines = (walk.vectors @ walk.vectors.T).tolist()
        lines += ["  " + "  ".join(f"{value:+.3f}" for value in row) for row in cosines]
    return "\n".join(lines).rstrip()


class Parser(argparse.ArgumentParser):
    """argparse, but what is wrong with the arguments takes one line."""

    def error(self, message: str) -> NoReturn:
        """One line on standard error and exit code 2, in place of argparse's usage text."""
        self.exit(2, f"error: {' '.join(message.split())}; see 'python -m helpers --help'\n")


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line, read; what is wrong with it ends the program with one line."""
    parser = Parser(prog="python -m helpers", description="Inside bge-m3, in the terminal.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, told in COMMANDS.items():
        command = commands.add_parser(name, help=told)
        if name == "download":
            command.add_argument("--to", metavar="DIR", help="a folder of its own; default: models/bge-m3")
            continue
        default = "real" if name == "verify" else "auto"
        command.add_argument("--checkpoint", default=default, help=f"auto, mini, real, or a folder; default: {default}")
        if name == "walk":
            command.add_argument("texts", nargs="*", metavar="TEXT", help="default: a question in Chinese and English")
            command.add_argument("--json", action="store_true", help="everything as JSON, vectors in full precision")
    return parser.parse_args(argv)


def verify(found: Checkpoint) -> int:
    """Print every finding and the verdict for a checkpoint; 0 if it is the real one and computed right, else 1."""
    from helpers.checkpoint.recorded import recorded_figures
    from helpers.checkpoint.verify import files, findings
    from helpers.pipeline import BgeM3

    print(found.path)
    print(files(found.path), flush=True)
    bge = BgeM3.from_checkpoint(found.path, device="cpu")  # as the figures were recorded
    print(bge)
    wrong = []
    for finding in findings(bge, recorded_figures()):
        print(finding, flush=True)
        wrong += [finding.stage] if finding.right is False else []
    if wrong:
        print(f"This is not the real bge-m3, or it is computed wrong here. First wrong stage: {wrong[0]}.")
        return 1
    print("This is the real bge-m3, and your installation computes it right (on the CPU, in float32).")
    return 0


def run(options: argparse.Namespace) -> int:
    """One command; its exit code. What it needs is imported when it is known, so that mistakes are told at once."""
    if options.command == "download":
        from helpers.checkpoint.download import download

        print(download(options.to), flush=True)
        return 0
    from helpers.checkpoint.find import find

    found = find(options.checkpoint)  # before torch is imported, so that a wrong path is told at once
    if options.command == "where":
        print(f"{found}\n{found.path}", flush=True)
        return 0
    if options.command == "verify":
        return verify(found)
    from helpers.pipeline import BgeM3

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        bge = BgeM3.from_checkpoint(options.checkpoint)
        walk = bge.walk(options.texts or EXAMPLES, attentions=False)  # 8,192 tokens' maps would take 100 GB
    for warning in caught:
        print(f"warning: {warning.message}", file=sys.stderr)
    print(as_json(bge, walk) if options.json else as_text(bge, walk), flush=True)
    return 0


def namesakes() -> list[Path]:
    """Other modules named ``helpers`` here or on Python's path: a script may import one in place of this package."""
    folders = {Path(folder).resolve() for folder in [os.curdir, *sys.path]}
    found = [folder / name for folder in folders for name in ("helpers.py", "helpers/__init__.py")]
    return sorted(path for path in found if path.is_file() and path.parent != Path(__file__).resolve().parent)


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code is returned."""
    options = arguments(argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    for path in namesakes():
        print(
            f"note: {path} is named helpers too, and a script may import it in place of this package", file=sys.stderr
        )
    try:
        return run(options)
    except BrokenPipeError:  # a reader like ``head`` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        kept = "; what was downloaded is kept, and the same command goes on from there"
        print(f"stopped{kept if options.command == 'download' else ''}", file=sys.stderr)
        return 130
    except ImportError as error:  # in most cases another Python than the one that was set up
        print(f"error: {sys.executable} lacks something ({error}); {ENVIRONMENT}", file=sys.stderr)
        return 2
    except (ValueError, TypeError, OSError, RuntimeError, MemoryError) as error:
        print(f"error: {' '.join(str(error).split()) or type(error).__name__}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
