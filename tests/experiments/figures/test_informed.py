"""The picture of prior and posterior: every parameter in it, the best informed first, nothing outside the sheet."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from config.calendar import quarter_index
from config.loading import load_base
from experiments.calibrating import Informed, plan_of
from experiments.figures.informed import informed, placed
from experiments.figures.style import SMALL, WIDTH, save
from experiments.labels import PARAMETERS, parameter_label

EVEN = (0.0, -1.0, 1.0)
UNTIL = quarter_index("2024Q3")
ROWS = (
    Informed("positions.constant", (-1.3, -1.876, -0.724), (-1.38, -1.923, -0.88), 0.086, -0.2),
    Informed("tracks.opening", (0.35, 0.154, 0.797), (0.205, 0.128, 0.368), 0.377, -1.04),
    Informed("files.forecast", (0.5, 0.05, 0.95), (0.5, 0.05, 0.95), -0.004, 0.0),
    Informed("money.ceiling_of_all", (4000.0, 3000.0, 5000.0), (9000.0, 8500.0, 9500.0), 0.75, 8.0),
    Informed("files.least_factor", (1.0, 0.78, 1.28), (1.1, 0.6, 1.6), -0.3, 0.1),
)
MANY = tuple(Informed(f"family.name_{number}", EVEN, EVEN, 0.0, 0.0) for number in range(30))


def words(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_every_parameter_has_its_name_and_figures_and_the_best_informed_comes_first() -> None:
    figure = informed(ROWS, UNTIL, 57_344)
    told = words(figure)
    ordered = [row.name for row in sorted(ROWS, key=lambda row: -row.contraction)]
    names = [parameter_label(name) for name in ordered]
    assert [word for word in told if word in names] == names
    assert [word for word in told if word.endswith(" %")] == ["75 %", "38 %", "9 %", "0 %", "−30 %"]
    assert "[0.15, 0.80]" in told and "0.20 [0.13, 0.37]" in told
    assert "[−1.88, −0.72]" in told and "−1.38 [−1.92, −0.88]" in told
    assert "9,000 [8,500, 9,500]" in told
    note = figure.get_supxlabel().replace("\n", " ")
    assert "2024Q3" in note and "57,344 histories" in note


def test_medians_stand_where_they_lie_in_the_prior() -> None:
    axes = informed(ROWS[:3], UNTIL, 200).axes[0]
    dots = [float(np.ravel(line.get_xdata())[0]) for line in axes.lines if line.get_marker() == "o"]
    assert dots == pytest.approx([0.5 - 0.5 * 0.145 / 0.196, 0.5 - 0.5 * 0.08 / 0.576, 0.5])


def test_places_on_the_priors_own_scale() -> None:
    prior = (1.0, 0.5, 3.0)
    assert [placed(value, prior) for value in (0.5, 0.75, 1.0, 2.0, 3.0, 5.0)] == [0.0, 0.25, 0.5, 0.75, 1.0, 1.5]
    assert placed(0.25, prior) == -0.25
    assert placed(2.0, (2.0, 2.0, 2.0)) == 0.5


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], MANY])
def test_few_and_many_are_drawn_in_type_that_can_be_read_within_the_sheet_and_apart(rows: tuple[Informed, ...]) -> None:
    figure = informed(rows, UNTIL, 200)
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    figure.draw(renderer)
    assert figure.get_figwidth() == WIDTH
    axes, legend = figure.axes
    for text in axes.texts:
        box = text.get_window_extent()
        assert float(text.get_fontsize()) >= SMALL
        assert box.x0 >= 0 and box.x1 <= figure.bbox.x1, text.get_text()
    for at in {text.get_position()[1] for text in axes.texts}:
        line = sorted(
            (one.get_window_extent() for one in axes.texts if one.get_position()[1] == at), key=lambda b: b.x0
        )
        assert all(left.x1 <= right.x0 for left, right in pairwise(line)), "figures of one row stand apart"
    parts = [
        figure._suptitle.get_window_extent(),  # type: ignore[attr-defined]
        legend.get_legend().get_window_extent(),  # type: ignore[union-attr]
        axes.get_tightbbox(renderer),
        figure._supxlabel.get_window_extent(),  # type: ignore[attr-defined]
    ]
    for upper, lower in pairwise(parts):
        assert upper.y0 >= lower.y1 - 1
    assert parts[-1].y0 >= 0


def test_names_leave_room_for_the_panel() -> None:
    """All that are calibrated have a name in words, which ends left of the panel."""
    names = plan_of().parameters
    assert set(names) <= set(PARAMETERS) <= set(load_base().parameters)
    assert len({parameter_label(name) for name in names}) == len(names)
    figure = informed([Informed(name, EVEN, EVEN, 0.0, 0.0) for name in names], UNTIL, 200)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    labels = {parameter_label(name) for name in names}
    ends = [text.get_window_extent().x1 for text in axes.texts if text.get_text() in labels]
    assert len(ends) == len(names) and max(ends) < axes.get_window_extent().x0


def test_other_parameters_are_named_by_their_own_name() -> None:
    assert parameter_label("money.ceiling_of_all") == "money: ceiling of all"


def test_drawn_again_it_is_the_same_to_the_byte(tmp_path: Path) -> None:
    once, again = (save(informed(ROWS, UNTIL, 200), tmp_path / name, "informed") for name in "ab")
    assert [file.read_bytes() for file in once] == [file.read_bytes() for file in again]
