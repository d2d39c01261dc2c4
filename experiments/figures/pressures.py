"""Four pressures: what was seen, what happened, and which regime that speaks for."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from config.calendar import quarter_index
from config.schema import PRESSURES, REGIMES
from experiments.analysis.hidden_markov import Floats
from experiments.analysis.regimes import FIRST, LAST, SCALES, Event, Material, Reading
from experiments.figures.style import (
    DECLARED_LINE,
    DPI,
    FAINT,
    INK,
    OPERATIONAL,
    PAPER,
    SMALL,
    SOFT,
    STYLE,
    sheet,
    styled,
    year_axis,
)

TITLES = {"russia": "Russia", "china": "China", "north_korea": "North Korea", "us_retrenchment": "US retrenchment"}
NAMES = {
    "risk_russia": "newspapers on risk: Russia",
    "risk_china": "newspapers on risk: China",
    "scrambles_china": "take-offs against Chinese aircraft",
    "launch_days": "days with missile launches",
    "risk_korea": "newspapers on risk: Korea",
    "troops_in_union": "US troops in the Union, change in a year (fewer is up)",
}
SHADES = {"calm": "#f1f1f1", "tense": "#a9c7e6", "crisis": "#08488a"}
"""Light, middle and dark, in grey too."""
MARKS = {"up": "^", "down": "v"}
LEVELS = (1.58, 1.36)
"""Heights of labels of events; neighbours take turns."""
CLOSE = 2.3
"""Years between labels at one height."""


@styled
def picture(known: Mapping[str, Material], smoothed: Mapping[str, Floats]) -> Figure:
    """One panel for each pressure; `smoothed` is (quarters, 3) for each, chances given all evidence."""
    figure = sheet(
        10.2,
        "Regimes of the four pressures, as the record speaks for them",
        "Upper half of a panel: series between their lowest and highest value, on the scale on which they are read; "
        "triangles are dated shocks, up or down, bars what lasts longer (a war, presidents who stand by alliances or "
        "doubt them). Lower half: chance of calm, tension and "
        "crisis given all evidence, with the parameters that fit best.",
    )
    axes = figure.subplots(8, 1, sharex=True, gridspec_kw={"height_ratios": [1.45, 1.0] * 4})
    for place, pressure in enumerate(PRESSURES):
        upper, lower = axes[2 * place], axes[2 * place + 1]
        upper.set_title(TITLES[pressure], fontweight="bold")
        _evidence(upper, known[pressure])
        _events(upper, known[pressure].events)
        _areas(lower, smoothed[pressure], named=place == 0)
        for event in known[pressure].events:
            if event.brief:
                for each in (upper, lower):
                    each.axvline(event.begins / 4 + 0.125, color=SOFT, linewidth=0.6, linestyle=(0, (1, 2)), zorder=3)
    year_axis(axes[-1], quarter_index(FIRST) / 4, quarter_index(LAST) / 4 + 0.25, most=10)
    return figure


def save_picture(figure: Figure, folder: Path) -> Path:
    """Write pressures.png, the same to the byte for the same figure."""
    folder.mkdir(parents=True, exist_ok=True)
    with matplotlib.style.context(["default", STYLE]):
        figure.savefig(folder / "pressures.png", dpi=DPI, metadata={"Software": None})
    return folder / "pressures.png"


def _evidence(axes: Axes, known: Material) -> None:
    looks = ((OPERATIONAL, "-", "o"), (DECLARED_LINE, "--", "s"))
    for reading, (colour, line, mark) in zip(known.readings, looks, strict=False):
        quarters, values = _scaled(reading, known)
        axes.plot(quarters / 4 + 0.125, values, line, color=colour, marker=mark, markersize=2.2, linewidth=1.1,
                  label=NAMES.get(reading.series, reading.series))  # fmt: skip
    axes.set_ylim(-0.06, 1.8)
    axes.set_yticks([0, 1], ["low", "high"])
    axes.spines["left"].set_bounds(0, 1)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=2, borderaxespad=0, handlelength=2.2, borderpad=0)


def _scaled(reading: Reading, known: Material) -> tuple[Floats, Floats]:
    """Quarters of a series and its values between 0 and 1."""
    values = known.series[reading.series]
    quarters = np.array(sorted(values), dtype=float)
    raw = np.array([values[int(quarter)][0] for quarter in quarters])
    seen = reading.sign * SCALES["sqrt" if reading.scale == "count" else reading.scale](raw)
    return quarters, (seen - seen.min()) / max(float(np.ptp(seen)), 1e-9)


def _events(axes: Axes, events: tuple[Event, ...]) -> None:
    last, level = -np.inf, 0
    for event in sorted((event for event in events if event.brief), key=lambda event: event.begins):
        at = event.begins / 4 + 0.125
        right = at > quarter_index(LAST) / 4 - 1.5
        level = 1 - level if at - last < (2 * CLOSE if right else CLOSE) else 0
        axes.plot(at, 1.16, MARKS[event.direction], color=INK, markersize=5, zorder=4)
        axes.text(at + (0.12 if right else -0.12), LEVELS[level], event.label, fontsize=SMALL, va="center",
                  ha="right" if right else "left", zorder=5,
                  bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.6})  # fmt: skip
        last = at
    across = blended_transform_factory(axes.transData, axes.transAxes)
    end = quarter_index(LAST) + 1
    for row, event in enumerate(event for event in events if not event.brief):
        height = -0.02 - 0.045 * (row % 2)
        ends = min(event.ends, end) / 4
        shade = SHADES[event.regime] if event.regime != "calm" else FAINT
        axes.plot([event.begins / 4, ends], [height, height], color=shade, linewidth=3.5, solid_capstyle="butt",
                  transform=across, clip_on=False)  # fmt: skip


def _areas(axes: Axes, chances: Floats, named: bool) -> None:
    """Stacked from crisis at the bottom to calm at the top; every quarter a step."""
    edges = (quarter_index(FIRST) + np.arange(len(chances) + 1)) / 4
    bottom = np.zeros(len(chances))
    for regime in reversed(REGIMES):
        top = bottom + chances[:, REGIMES.index(regime)]
        axes.stairs(top, edges, baseline=bottom, fill=True, color=SHADES[regime], linewidth=0)
        axes.stairs(top, edges, baseline=None, color=INK, linewidth=0.5)
        bottom = top
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 1], ["0", "1"])
    if named:
        for x, y, regime, colour in ((2010.5, 0.5, "calm", INK), (2017.5, 0.45, "tense", INK),
                                     (2024.2, 0.5, "crisis", PAPER)):  # fmt: skip
            axes.text(x, y, regime, color=colour, ha="center", va="center", fontsize=SMALL, fontweight="bold")
