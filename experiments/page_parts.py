"""What the page of a report is made of: tables, pictures, sections, as the template `pages/report.html` shows them."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

import matplotlib.style
from matplotlib.figure import Figure
from PIL import Image

from experiments.figures.style import DPI, STYLE

COLOURS = 128
"""Of a picture: enough for what is drawn, and a third of the size."""


@dataclass(frozen=True)
class Table:
    """A table for the template: text in all cells, a line end begins small print; `words` are columns of words.

    `inline` lets small print follow in the same line where the screen is wide enough.
    """

    caption: str
    head: Sequence[str]
    groups: Mapping[str, Sequence[Sequence[str]]]
    notes: Sequence[str] = ()
    words: frozenset[int] = frozenset({0})
    inline: bool = False


@dataclass(frozen=True)
class Picture:
    """A figure as PNG within the page; width and height in CSS pixels."""

    title: str
    note: str
    base64: str
    width: int
    height: int


@dataclass(frozen=True)
class Part:
    """A part of a section, such as one scenario; without a title where there is only one."""

    title: str = ""
    tables: Sequence[Table] = ()
    pictures: Sequence[Picture] = ()
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A section of the page."""

    anchor: str
    title: str
    texts: Sequence[str] = ()
    sentences: Sequence[str] = ()
    parts: Sequence[Part] = ()
    code: Sequence[str] = ()


def picture(figure: Figure) -> Picture:
    """A figure in few colours; its title tells what it shows, its note of which runs."""
    content, small = BytesIO(), BytesIO()
    with matplotlib.style.context(["default", STYLE]):
        figure.savefig(content, format="png", dpi=DPI)
    with Image.open(content) as image:
        width, height = image.size
        few = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        few.save(small, format="png", optimize=True)
    title, note = (" ".join(text.split()) for text in (figure.get_suptitle(), figure.get_supxlabel()))
    scale = 96 / DPI
    code = base64.b64encode(small.getvalue()).decode("ascii")
    return Picture(title, note, code, round(width * scale), round(height * scale))
