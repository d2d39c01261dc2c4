"""One style for all pictures: read in colour, by colour-blind readers, in grey print and on a phone.

What must be told apart differs in lightness and in line or mark, never in hue alone. Type is at least 9 points at
7 inches of width. Files come out the same to the byte when drawn again with the same libraries.
"""

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import ParamSpec

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from config.calendar import quarter_index
from experiments.files import Place, write_aside
from experiments.labels import wrapped

WIDTH = 7.0
"""Inches; every figure has this width."""

DPI = 200
SMALL, NORMAL, LARGE = 9.0, 9.5, 12.0
"""Sizes of type in points."""

OPERATIONAL, DECLARED, DECLARED_LINE = "#08488a", "#e58a00", "#c06c00"
"""Dark blue and orange (after Okabe and Ito 2008): apart for all kinds of colour vision, and dark and light in grey."""

INK, SOFT, FAINT, PAPER = "#1a1a1a", "#6e6e6e", "#d4d4d4", "#ffffff"
HEAT = "Blues"
"""Single-hue map for shares and levels: the more, the darker."""

STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": SMALL,
    "axes.titlesize": NORMAL,
    "axes.labelsize": SMALL,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.linewidth": 0.7,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "axes.axisbelow": True,
    "svg.hashsalt": "partnership",
    "svg.fonttype": "path",
    "path.simplify": True,
}

P = ParamSpec("P")


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw in this style whatever the reader's own settings of matplotlib are, and leave those as they were."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with matplotlib.style.context(["default", STYLE]):
            return draw(*args, **kwargs)

    return drawn


def sheet(height: float, title: str, note: str) -> Figure:
    """An empty figure with its title above and, below, a note that says scenario, runs and what is shown."""
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.06))
    FigureCanvasAgg(figure)
    figure.suptitle(wrapped(title, 66), x=0.012, ha="left", fontsize=LARGE, fontweight="bold")
    figure.supxlabel(wrapped(note.replace(" %", "\u00a0%"), 102), x=0.012, ha="left", fontsize=SMALL, color=SOFT)
    return figure


def axes_at(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place in inches from the left edge and from the title.

    A layout found by search differs in the last bits from one drawing to the next, and the SVG with it.
    """
    high = figure.get_figheight()
    return figure.add_axes((left / WIDTH, 0.98 - (top + height) / high, width / WIDTH, height / high))


def save(figure: Figure, folder: Place, stem: str) -> list[Place]:
    """Write a figure as PNG and SVG, without date, so that the same figure makes the same files."""
    metadata = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
    files: list[Place] = []
    for kind, said in metadata.items():
        content = BytesIO()
        with matplotlib.style.context(["default", STYLE]):
            figure.savefig(content, format=kind, dpi=DPI if kind == "png" else "figure", metadata=said)
        files.append(folder / f"{stem}.{kind}")
        write_aside(files[-1], content.getvalue())
    return files


def year(quarter: str) -> float:
    """Beginning of a quarter as a decimal year."""
    return quarter_index(quarter) / 4


def year_axis(axes: Axes, first: float, last: float, most: int = 5) -> None:
    """Whole years on the horizontal axis, at most `most` + 1 of them, round ones where there is room."""
    span = max(last - first, 1.0)
    step = next((step for step in (1, 2, 5, 10, 20, 50) if span / step <= most), 100)
    axes.set_xticks([at for at in range(0, 3000, step) if first - 1e-9 <= at <= last + 1e-9])
    axes.set_xlim(first, last)
