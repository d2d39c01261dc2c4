"""What was forecast of dated events from one quarter on, and what happened: every event a row."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import blended_transform_factory

from config.calendar import NEVER, quarter_name
from experiments.analysis.scores import Forecast, Observed
from experiments.figures.style import (
    FAINT,
    INK,
    NORMAL,
    PAPER,
    SMALL,
    SOFT,
    WIDTH,
    axes_at,
    sheet,
    styled,
    year_axis,
)
from experiments.labels import counted, wrapped

LIGHT, MIDDLE = "#cfdff0", "#6098cd"
"""Bars: lighter than a black mark and darker than a white one, also in grey."""
ROW, HEADING = 0.235, 0.30
"""Height of a row and of a group's heading in inches."""
LABEL = 30
"""Letters in a line of a label."""
TOP = 0.80
"""Inches from the title to the first row, for the legend."""
RIGHT = 0.62
"""Inches for the share that comes later."""
BAR, TICK = 0.26, 0.38
"""Half the height of a bar and of the mark of the median in rows; the middle 90 % are drawn half as high."""


@dataclass(frozen=True)
class Row:
    """One event: its name, the heading it stands under, forecast and record, and whether the model was fitted to it."""

    label: str
    group: str
    forecast: Forecast
    observed: Observed
    fitted: bool


@styled
def hindcast(rows: Sequence[Row], scenario: str, runs: int) -> Figure:
    """Forecasts of one origin and horizon, in the order given; rows of one group stand together under its heading."""
    spans = {(row.forecast.origin, row.forecast.horizon) for row in rows}
    if len(spans) != 1:
        raise ValueError(f"a figure shows forecasts of one origin and horizon, not of {len(spans)}")
    ((origin, horizon),) = spans
    first, last = quarter_name(origin), quarter_name(horizon)
    note = (
        f"Scenario {scenario}, {counted(runs)} from {first}; events that had not happened before. A bar that reaches "
        f"the right edge goes on beyond it. Numbers: probability that it comes after {last} or never, bold where more "
        "than half. Triangle: until then it had not happened. Line through a mark: it happened at some time in these "
        "quarters. Black: the model was fitted to it; white: it was not."
    )
    labels = [wrapped(row.label, LABEL) for row in rows]
    places, end = _places([row.group for row in rows], labels)
    figure = sheet(1.0, f"What was forecast from {first} on, and what happened", note)
    note_high = 0.165 * (figure.get_supxlabel().count("\n") + 1)
    figure.set_layout_engine("none")
    figure.set_figheight((TOP + end + 0.36 + note_high) / 0.965)
    left = 0.22 + 0.073 * max(len(line) for label in labels for line in label.split("\n"))
    axes = axes_at(figure, left, TOP, WIDTH - RIGHT - left, end)
    for place, row in zip(places, rows, strict=True):
        _row(axes, place, row)
    _frame(axes, places, labels, [row.group for row in rows], end)
    year_axis(axes, origin / 4, (horizon + 1) / 4, most=7)
    _legend(axes_at(figure, 0.1, 0.32, WIDTH - 0.2, 0.4))
    return figure


def _places(groups: Sequence[str], labels: Sequence[str]) -> tuple[list[float], float]:
    """Middle of each row in inches from the top, and the end of the last one."""
    at, places, before = 0.0, list[float](), None
    for group, label in zip(groups, labels, strict=True):
        height = ROW + 0.135 * label.count("\n")
        at += height + (0.0 if group == before else HEADING)
        places.append(at - height / 2)
        before = group
    return places, at


def _row(axes: Axes, place: float, row: Row) -> None:
    """Bars from the beginning of their first quarter to the end of their last, the median in the middle of its own."""
    forecast, end = row.forecast, (row.forecast.horizon + 1) / 4
    axes.hlines(place, forecast.origin / 4, end, color=FAINT, linewidth=0.6, zorder=1)
    for level, colour, half in ((0.9, LIGHT, 0.5 * BAR), (0.5, MIDDLE, BAR)):
        begin = forecast.quantile((1 - level) / 2)
        if begin != NEVER:
            stop = min((forecast.quantile((1 + level) / 2) + 1) / 4, end)
            axes.fill_between([begin / 4, stop], place - half * ROW, place + half * ROW, color=colour, linewidth=0)
    middle = forecast.quantile(0.5)
    if middle != NEVER:
        for colour, width in ((PAPER, 4.0), (INK, 1.8)):
            axes.vlines(middle / 4 + 0.125, place - TICK * ROW, place + TICK * ROW, color=colour, linewidth=width,
                        zorder=3)  # fmt: skip
    _mark(axes, place, row)
    across = blended_transform_factory(axes.transAxes, axes.transData)
    axes.text(1.0 + 0.5 / axes.get_position().width / WIDTH, place, _per_cent(forecast.later), transform=across,
              ha="right", va="center_baseline", fontweight="bold" if middle == NEVER else "normal")  # fmt: skip


def _mark(axes: Axes, place: float, row: Row) -> None:
    """What happened, when; a triangle where it had not happened when last seen."""
    forecast, observed = row.forecast, row.observed
    beyond = observed.first > forecast.horizon
    fill = INK if row.fitted else PAPER
    if observed.censored or beyond:
        at, shape, size = min(observed.first, forecast.horizon + 1) / 4, ">", 7.0
    else:
        first, last = max(observed.first, forecast.origin), min(observed.last, forecast.horizon)
        at, shape, size = (first + last + 1) / 8, "o", 6.2
        if last > first:
            for colour, width in ((PAPER, 3.4), (INK, 1.4)):
                axes.hlines(place, first / 4, (last + 1) / 4, color=colour, linewidth=width, zorder=4)
    for colour, more, edge in ((PAPER, 2.2, PAPER), (fill, 0.0, INK)):
        axes.plot(at, place, shape, markersize=size + more, markerfacecolor=colour, markeredgecolor=edge,
                  markeredgewidth=1.3, zorder=5, clip_on=False)  # fmt: skip


def _per_cent(share: float) -> str:
    return "<1" if share < 0.005 else ">99" if share >= 0.995 else f"{100 * share:.0f}"


def _frame(axes: Axes, places: Sequence[float], labels: Sequence[str], groups: Sequence[str], end: float) -> None:
    axes.set_ylim(end, 0.0)
    axes.set_yticks(list(places), list(labels))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=FAINT, linewidth=0.5)
    axes.spines["left"].set_visible(False)
    left = axes.get_position().x0 * WIDTH
    wide = axes.get_position().width * WIDTH
    across = blended_transform_factory(axes.transAxes, axes.transData)
    for number, (place, label, group) in enumerate(zip(places, labels, groups, strict=True)):
        if number == 0 or group != groups[number - 1]:
            above = place - ROW / 2 - 0.0675 * label.count("\n") - 0.4 * HEADING
            axes.text((0.1 - left) / wide, above, group, transform=across, va="center", ha="left", fontsize=NORMAL,
                      fontweight="bold")  # fmt: skip
    axes.text(1.0 + 0.5 / wide, 0.6 * HEADING, "later, %", transform=across, ha="right", va="center", color=SOFT)


def _legend(axes: Axes) -> None:
    axes.set_axis_off()
    handles = [
        Patch(facecolor=MIDDLE, label="middle 50 %"),
        Patch(facecolor=LIGHT, label="middle 90 %"),
        _sign("|", INK, "median", 10.0),
        _sign(">", INK, "had not happened", 7.0),
        _sign("o", INK, "happened (fitted to)", 6.2),
        _sign("o", PAPER, "happened (kept aside)", 6.2),
    ]
    axes.legend(handles=handles, loc="upper left", ncols=3, fontsize=SMALL, borderaxespad=0.0, columnspacing=1.6)


def _sign(shape: str, fill: str, label: str, size: float) -> Line2D:
    return Line2D([], [], marker=shape, linestyle="none", markerfacecolor=fill, markeredgecolor=INK, label=label,
                  markeredgewidth=1.6, markersize=size)  # fmt: skip
