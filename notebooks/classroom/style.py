"""One look for every figure: colour-blind-safe, readable on light and dark pages, Chinese never as boxes.

Figures stand on a white card of their own, so a dark page changes nothing about them. Chinese glyphs come
from a subset of Noto Sans CJK SC (8,000 characters, SIL Open Font License) inside this folder, so a
figure looks the same on Linux, macOS and Windows whatever fonts they have.
"""

from __future__ import annotations

import io
import re
from functools import cache
from pathlib import Path

import matplotlib
from IPython.display import display
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator

FONT = Path(__file__).parent / "fonts" / "NotoSansSC-subset.otf"
# Okabe & Ito 2008, "Color Universal Design": told apart with every common kind of colour blindness
BLUE, ORANGE, GREEN, PURPLE, SKY, RED, YELLOW, BLACK = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000",
)  # fmt: skip
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED)
COLOURMAP = "cividis"  # even in lightness, so it also reads in grey


def use_style() -> None:
    """Set matplotlib's defaults for the notebooks; call once at the top of a page."""
    font_manager.fontManager.addfont(str(FONT))
    chinese = font_manager.FontProperties(fname=str(FONT)).get_name()
    matplotlib.rcParams.update(
        {
            "font.family": ["DejaVu Sans", chinese],
            "font.size": 10,
            "axes.titlesize": 12,
            "axes.titlelocation": "left",
            "axes.prop_cycle": matplotlib.cycler(color=PALETTE),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.unicode_minus": False,
            "image.cmap": COLOURMAP,
            "figure.facecolor": "white",
            "figure.dpi": 110,
            "savefig.facecolor": "white",
            "savefig.bbox": "tight",
        }
    )


@cache
def glyphs() -> frozenset[int]:
    """Code points that the figures' two fonts can draw."""
    fonts = (FT2Font(font_manager.findfont("DejaVu Sans")), FT2Font(str(FONT)))
    return frozenset().union(*(font.get_charmap() for font in fonts))


def drawable(text: str, longest: int | None = None) -> str:
    """The text as a label of a figure: never a box, never a formula, never too long.

    A character that the fonts lack (Hangul, emoji) or that cannot be seen becomes its ``U+…`` code; ``$`` is
    kept from being read as mathematics; beyond ``longest`` characters the label ends in ``…``. ``png`` does this
    to every text of a figure; what was drawable before stays as it is.

    >>> drawable("猫🙂"), drawable("tokenization", 6)
    ('猫U+1F642', 'token…')
    """
    shown = "".join(c if c.isprintable() and ord(c) in glyphs() else f"U+{ord(c):04X}" for c in text)
    if longest is not None and len(shown) > longest:
        shown = shown[: longest - 1] + "…"
    return re.sub(r"(?<!\\)\$", r"\\$", shown)


def make_drawable(figure: Figure) -> None:
    """Make every text of a figure ``drawable``, line by line, since any of them may hold a reader's words.

    Only the numbers of logarithmic axes stay the formulas that matplotlib makes of them.
    """

    def lines(text: str) -> str:
        return "\n".join(drawable(line) for line in text.split("\n"))

    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if isinstance(axis.get_major_locator(), FixedLocator):  # places that were named
            axis.set_ticklabels([lines(label.get_text()) for label in axis.get_ticklabels()])
    for text in figure.findobj(Text):
        if r"\mathdefault" not in text.get_text():
            text.set_text(lines(text.get_text()))


def png(figure: Figure, dpi: float | None = None) -> bytes:
    """A figure as the bytes of a PNG image, for an output or an image control; all that its texts say is drawn."""
    make_drawable(figure)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=dpi or "figure")
    return image.getvalue()


def show(figure: Figure, alt: str) -> None:
    """Display a finished figure; ``alt`` says in words what it shows, for readers who cannot see it.

    It is stored as the image's alternative text; the sentence under a figure is the page's own.
    Raises ``ValueError`` if it says too little.
    """
    if len(alt.split()) < 4:
        raise ValueError("describe the figure in a sentence, for readers who cannot see it")
    data = {"image/png": png(figure), "text/plain": alt}
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)
