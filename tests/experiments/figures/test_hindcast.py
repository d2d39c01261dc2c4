"""The picture of forecasts and events is drawn from anything that can be scored, and the same to the byte."""

from itertools import count, pairwise, product
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from config.calendar import NEVER, quarter_index
from experiments.analysis.references import nothing_changes
from experiments.analysis.scores import Forecast, Observed, from_ensemble
from experiments.figures.hindcast import Row, hindcast
from experiments.figures.style import SMALL, WIDTH, save

ORIGIN, HORIZON = quarter_index("2013Q1"), quarter_index("2026Q2")
RECORDS = [
    Observed.happened(ORIGIN),
    Observed.happened(ORIGIN - 3, ORIGIN + 2),
    Observed.happened(HORIZON - 1, HORIZON + 3),
    Observed.happened(HORIZON + 2),
    Observed.not_by(ORIGIN + 20),
    Observed.not_by(HORIZON),
]


def forecasts() -> list[Forecast]:
    """Soon; open; almost never; never."""
    when = ORIGIN + np.arange(200) // 4
    return [
        from_ensemble(np.minimum(when, ORIGIN + 1), ORIGIN, HORIZON),
        from_ensemble(when, ORIGIN, HORIZON),
        from_ensemble(np.where(when < ORIGIN + 4, when, NEVER), ORIGIN, HORIZON),
        nothing_changes(ORIGIN, HORIZON, 1e6),
    ]


def rows() -> list[Row]:
    cases = product(forecasts(), RECORDS, (True, False))
    names = (f"event {number}{', with a name of two lines' * (number % 5 == 0)}" for number in count())
    return [
        Row(name, f"group {place // 9}", *case) for place, (name, case) in enumerate(zip(names, cases, strict=False))
    ]


def written(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_everything_that_can_be_scored_is_drawn_and_again_the_same_to_the_byte(tmp_path: Path):
    some = rows()[::3]
    once, again = (save(hindcast(some, "hindcast", 200), tmp_path / name, "hindcast") for name in ("once", "again"))
    for first, second in zip(once, again, strict=True):
        assert first.read_bytes() == second.read_bytes()
        assert first.stat().st_size > 5000


def test_every_row_has_its_name_and_the_share_that_comes_later():
    made = rows()[::12]
    figure = hindcast(made, "hindcast", 200)
    labels = [label.get_text().replace("\n", " ") for label in figure.axes[0].get_yticklabels()]
    assert labels == [row.label for row in made]
    shares = [text for text in written(figure) if text.strip("<>").isdigit()]
    assert shares == ["<1", "<1", f"{100 * made[2].forecast.later:.0f}", ">99"]
    assert [text for text in written(figure) if text.startswith("group")] == list(dict.fromkeys(r.group for r in made))


def test_it_says_scenario_runs_origin_and_horizon_in_type_that_can_be_read():
    figure = hindcast(rows()[:3], "hindcast", 1200)
    note = figure.get_supxlabel().replace("\n", " ")
    assert all(word in note for word in ("hindcast", "1,200 runs", "2013Q1", "2026Q2"))
    assert figure.get_figwidth() == WIDTH
    figure.draw_without_rendering()
    sizes = [text.get_fontsize() for axes in figure.axes for text in axes.texts if text.get_text()]
    assert min(sizes) >= SMALL


def test_nothing_is_drawn_outside_of_the_sheet_nor_over_one_another():
    for made in (rows()[:1], rows()[::3]):
        figure = hindcast(made, "hindcast", 200)
        renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
        figure.draw(renderer)
        axes, legend = figure.axes
        parts = [
            figure._suptitle.get_window_extent(),  # type: ignore[attr-defined]
            legend.get_legend().get_window_extent(),
            axes.get_tightbbox(renderer),
            figure._supxlabel.get_window_extent(),  # type: ignore[attr-defined]
        ]
        for upper, lower in pairwise(parts):
            assert upper.y0 >= lower.y1 - 1
        for part in parts:
            assert part.x0 >= 0 and part.x1 <= figure.bbox.x1 and part.y0 >= 0 and part.y1 <= figure.bbox.y1


def test_forecasts_of_different_origins_need_figures_of_their_own():
    other = Row("later", "", nothing_changes(ORIGIN + 1, HORIZON, 9), Observed.not_by(HORIZON), True)
    with pytest.raises(ValueError, match="one origin and horizon, not of 2"):
        hindcast([*rows()[:1], other], "hindcast", 9)
