"""What the record tells of the parameters: prior against posterior, every parameter a row, the best informed first."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from config.calendar import quarter_name
from experiments.calibrating import Informed
from experiments.figures.patterns import shown
from experiments.figures.style import FAINT, OPERATIONAL, PAPER, SMALL, SOFT, WIDTH, axes_at, sheet, styled
from experiments.labels import parameter_label

TITLE = "What the record tells of the parameters"
ROW, TOP = 0.24, 1.0
"""Heights in inches: of a row, and from the title to the first."""
LEFT, WIDE = 2.2, 1.55
"""Inches from the left edge to the panel, and its width; figures stand right of it."""
PRIOR_AT, POSTERIOR_AT, CONTRACTION_AT = LEFT + WIDE + 0.94, LEFT + WIDE + 2.38, WIDTH - 0.08
"""Inches from the left edge to the right ends of the columns of figures."""
MARGIN = 0.12
"""How far the panel goes at least beyond the prior's 5 and 95 %, in lengths between the two."""
LIGHT = "#cfdff0"
"""Light blue: apart from the dark bars and the black ticks in grey too."""
BAND, BAR = 0.36, 0.13
"""Half the heights of prior and posterior in rows."""
DOT: Mapping[str, Any] = {"marker": "o", "color": OPERATIONAL, "markeredgecolor": PAPER, "markersize": 6.5}


@styled
def informed(rows: Sequence[Informed], until: int, histories: int) -> Figure:
    """Rows of `experiments.calibrating.informed`, for a record to quarter `until` that weighed so many histories."""
    rows = sorted(rows, key=lambda row: row.contraction, reverse=True)
    figure = sheet(1.0, TITLE, _note(until, histories))
    depth, note_high = ROW * len(rows), 0.165 * (figure.get_supxlabel().count("\n") + 1)
    figure.set_layout_engine("none")
    figure.set_figheight((TOP + depth + 0.5 + note_high) / 0.97)
    axes = axes_at(figure, LEFT, TOP, WIDE, depth)
    for at, row in enumerate(rows):
        _row(axes, at + 0.5, row)
    _frame(axes, rows)
    _legend(axes_at(figure, 0.12, 0.4, WIDTH - 0.24, 0.3))
    return figure


def _note(until: int, histories: int) -> str:
    return (
        f"Record to {quarter_name(until)}, {histories:,} histories. Each row has a scale of its own, on which 5, 50 "
        "and 95 % of the prior stand at the same places; figures, 5 and 95 % in brackets after the median, are in the "
        "parameter's own unit. Contraction: how much narrower the parameter has become, in per cent of the prior's "
        "standard deviation; about 0 where the record tells nothing of it. The posterior holds for all parameters "
        "together: what is told of two at once does not show here."
    )


def _row(axes: Axes, at: float, row: Informed) -> None:
    """One parameter: the prior's band and median, the posterior's bar and median, all in figures beside them."""
    _text(axes, 0.12, at, parameter_label(row.name))
    axes.fill_between([0.0, 1.0], at - BAND, at + BAND, color=LIGHT, linewidth=0)
    axes.vlines(0.5, at - BAND, at + BAND, color=SOFT, linewidth=1.2)
    middle, low, high = (placed(value, row.prior) for value in row.posterior)
    axes.fill_between([low, high], at - BAR, at + BAR, color=OPERATIONAL, linewidth=0)
    axes.plot(middle, at, zorder=3, **DOT)
    told = shown([*row.prior, *row.posterior])
    _text(axes, PRIOR_AT, at, f"[{told[1]}, {told[2]}]", ha="right", color=SOFT)
    _text(axes, POSTERIOR_AT, at, f"{told[3]} [{told[4]}, {told[5]}]", ha="right")
    _text(axes, CONTRACTION_AT, at, f"{100 * row.contraction:.0f} %".replace("-0 ", "0 ").replace("-", "−"), ha="right")


def placed(value: float, prior: tuple[float, float, float]) -> float:
    """A value on the scale on which the prior's 5, 50 and 95 % are 0, 1/2 and 1; linear between and beyond."""
    middle, low, high = prior
    side = high - middle if value >= middle else middle - low
    return 0.5 + 0.5 * (value - middle) / side if side > 0 else 0.5


def _text(axes: Axes, at_inches: float, row: float, text: str, **style: Any) -> None:
    """Text beside the panel, at a distance from the figure's left edge."""
    axes.text((at_inches - LEFT) / WIDE, row, text, transform=axes.get_yaxis_transform(), va="center_baseline",
              fontsize=SMALL, clip_on=False, **style)  # fmt: skip


def _frame(axes: Axes, rows: Sequence[Informed]) -> None:
    ends = [placed(value, row.prior) for row in rows for value in row.posterior]
    axes.set_xlim(min(-MARGIN, *ends) - 0.05, max(1.0 + MARGIN, *ends) + 0.05)
    axes.set_ylim(len(rows), 0.0)
    axes.set_xticks([0.0, 0.5, 1.0], ["5 %", "50 %", "95 %"])
    axes.set_xlabel("of the prior", labelpad=1.0)
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    for at, head in ((PRIOR_AT, "prior"), (POSTERIOR_AT, "posterior"), (CONTRACTION_AT, "contraction")):
        axes.text((at - LEFT) / WIDE, 1.0, head, transform=axes.transAxes, ha="right", va="bottom", color=SOFT)


def _legend(axes: Axes) -> None:
    axes.set_axis_off()
    handles: list[Line2D | Patch] = [
        Patch(facecolor=LIGHT, label="prior, 5 to 95 %"),
        Line2D(
            [], [], color=SOFT, marker="|", markersize=9.0, markeredgewidth=1.2, linestyle="none", label="its median"
        ),
        Patch(facecolor=OPERATIONAL, label="posterior, 5 to 95 %"),
        Line2D([], [], linestyle="none", label="its median", **DOT),
    ]
    axes.legend(handles=handles, loc="center left", ncols=4, borderaxespad=0.0, columnspacing=1.8)
