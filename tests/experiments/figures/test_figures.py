"""Every figure is drawn, also of thin results, says what it shows, and comes out the same to the byte."""

import logging
from pathlib import Path

import matplotlib
import pandas as pd
import pytest

from config.schema import MEMBER_STATES
from experiments.figures import draw, pictures
from experiments.figures.style import SMALL, WIDTH
from experiments.figures.tile_map import GRID, tile_map
from tests.experiments.synthetic import THREE, findings

ALL = ["depth", "effects", "break_even", "timeline", "bilateral", "tile_map"]
MANY = ("none", *(f"policy_{number}" for number in range(11)))


def names(**kwargs: object) -> list[str]:
    return [name.removesuffix("_outlook") for name, _ in pictures(findings(**kwargs))]  # type: ignore[arg-type]


def test_all_figures_are_drawn_as_png_and_svg_and_again_the_same_to_the_byte(tmp_path: Path):
    once, again = (draw(findings(runs=10), tmp_path / folder) for folder in ("once", "again"))
    assert [file.name for file in once] == [f"{name}_outlook.{kind}" for name in ALL for kind in ("png", "svg")]
    for first, second in zip(once, again, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name
        assert first.stat().st_size > 5000


def test_a_readers_own_settings_neither_matter_nor_change(tmp_path: Path):
    plain = draw(findings(runs=4, policies=("none",)), tmp_path / "plain")
    with matplotlib.rc_context({"lines.linewidth": 9.0, "font.size": 20.0}):
        own = draw(findings(runs=4, policies=("none",)), tmp_path / "own")
        assert matplotlib.rcParams["lines.linewidth"] == 9.0
    assert [file.read_bytes() for file in plain] == [file.read_bytes() for file in own]


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ({"runs": 1}, ALL),
        ({"runs": 12, "moves": False}, ALL),
        ({"runs": 12, "policies": ("none",)}, ["depth", "timeline", "bilateral", "tile_map"]),
        ({"runs": 12, "policies": THREE[1:]}, ALL),
        ({"runs": 12, "policies": MANY}, [name for name in ALL if name != "break_even"]),
        ({"runs": 12, "first": "2027Q1", "last": "2027Q1"}, ALL),
        ({"runs": 12, "first": "2010Q1", "last": "2040Q4"}, ALL),
    ],
)
def test_thin_and_wide_results_are_drawn_too(case: dict[str, object], expected: list[str]):
    drawn = dict(pictures(findings(**case)))  # type: ignore[arg-type]
    assert [name.removesuffix("_outlook") for name in drawn] == expected
    for figure in drawn.values():
        figure.draw_without_rendering()


def test_of_many_policies_the_picture_of_depth_leaves_out_parts_of_others():
    policies = ("none", "a", "b", "c", "a+b", "a+c", "b+c", "a+b+c")
    figure = dict(pictures(findings(runs=4, policies=policies)))["depth_outlook"]
    titles = [axes.get_title("left") for axes in figure.axes if axes.get_title("left")]
    assert titles == ["no policy", "a", "b", "c", "a + b + c"]


def test_what_was_not_recorded_is_left_out_and_the_log_says_so(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO):
        assert names(runs=6, without=("actors",)) == ALL[:-1]
    assert "actors" in caplog.text
    assert names(runs=6, without=("trajectories", "actors")) == ["timeline", "bilateral"]
    assert names(runs=6, without=("trajectories", "transitions", "actors")) == []


def test_every_figure_says_scenario_and_number_of_runs_in_type_that_can_be_read():
    for _, figure in pictures(findings(runs=12)):
        note = figure.get_supxlabel()
        assert "outlook" in note and "12 " in note
        assert figure.get_figwidth() == WIDTH
        figure.draw_without_rendering()
        sizes = [text.get_fontsize() for axes in figure.axes for text in axes.texts if text.get_text()]
        assert min([SMALL, *sizes]) >= SMALL


def test_the_map_has_every_member_state_once_and_two_neighbours():
    assert set(GRID) == {*MEMBER_STATES, "JPN"}
    assert len(set(GRID.values())) == len(GRID)


def test_a_state_without_a_tile_is_named():
    positions = findings(runs=4, policies=("none",)).positions
    more = positions.head(1).assign(actor="MNE")
    note = "".join(text.get_text() for text in tile_map(pd.concat([positions, more]), "outlook", 4).texts)
    assert "Without a tile: MNE." in " ".join(note.split())
