"""Points made by a scheme: what each kind of design is, and what is said when it cannot be made."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import UserError, check_file, load_experiment
from config.design import Points
from config.loading import load_base, points_of, settings_of, varied
from config.schema import Design
from config.scheme import make_points

BASE = load_base()
LINK, ACCEPTANCE, FROM = "attention.link", "council.acceptance", "levers.dialogue_from"
RANGE = {"low": 0.2, "high": 1.0}


def made(seed: int = 1, **design: Any) -> Points:
    return make_points(Design.model_validate(design), BASE, seed, "question.toml")


def rows(points: Points) -> list[tuple[Any, ...]]:
    return list(zip(*[np.asarray(column).tolist() for column in points.columns().values()], strict=True))


def test_a_factorial_has_every_combination_with_the_last_name_fastest() -> None:
    points = made(kind="factorial", vary={LINK: RANGE, ACCEPTANCE: (0.5, 0.7, 0.9)})
    assert rows(points) == [(a, b) for a in (0.2, 1.0) for b in (0.5, 0.7, 0.9)]


def test_a_grid_has_equal_steps() -> None:
    points = made(kind="grid", size=5, vary={LINK: RANGE, FROM: ("never", "2027Q1")})
    assert [row[0] for row in rows(points)] == [0.2, 0.2, 0.4, 0.4, 0.6, 0.6, 0.8, 0.8, 1.0, 1.0]
    assert [row[1] for row in rows(points)] == ["never", "2027Q1"] * 5


def test_a_list_is_as_written() -> None:
    points = made(kind="list", points=({LINK: 0.3, FROM: "never"}, {FROM: "2030Q1", LINK: 0.4}))
    assert rows(points) == [(0.3, "never"), (0.4, "2030Q1")]


def test_every_choice_meets_every_sample() -> None:
    levers = {FROM: ("never", "2027Q1"), "levers.qmv_from": ("never", "2028Q1")}
    points = made(kind="latin_hypercube", size=6, vary={LINK: RANGE}, levers=levers)
    assert (len(points), points.choices, points.samples, points.levers) == (24, 4, 6, tuple(levers))
    values = points.values[:, 0].reshape(4, 6)
    assert (values == values[0]).all() and len(set(values[0])) == 6
    assert points.variants is not None
    assert points.variants.column(FROM) == ["never"] * 12 + ["2027Q1"] * 12


def test_choices_alone_are_a_factorial() -> None:
    points = made(kind="factorial", levers={FROM: ("never", "2027Q1")})
    assert rows(points) == [("never",), ("2027Q1",)]


@pytest.mark.parametrize(("kind", "rows"), [("latin_hypercube", 16), ("sobol", 16 * 6), ("morris", 16 * 5)])
def test_samples_are_as_many_as_their_scheme_wants_and_lie_in_range(kind: str, rows: int) -> None:
    varying = {LINK: RANGE, "positions.threat": "drawn", "actors.HUN.stance_mean": {"low": -2.0, "high": 0.0}}
    points = made(kind=kind, size=16, chance=True, vary=varying)
    assert len(points) == rows
    columns: Mapping[str, Any] = {name: np.asarray(values, dtype=float) for name, values in points.columns().items()}
    assert columns[LINK].min() >= 0.2 and columns[LINK].max() <= 1.0
    assert columns["actors.HUN.stance_mean"].min() >= -2 and columns["actors.HUN.stance_mean"].max() <= 0
    low, high = BASE.parameters["positions.threat"].range or (0, 0)
    assert low <= columns["positions.threat"].min() < columns["positions.threat"].max() <= high
    assert points.luck is not None and points.luck.min() >= 0


def test_luck_is_a_factor_of_its_own() -> None:
    """In a Latin hypercube all points have other luck; of a trajectory of Morris one step alone changes it."""
    luck = made(kind="latin_hypercube", size=9, chance=True, vary={LINK: RANGE}).luck
    assert luck is not None and len(set(luck.tolist())) == 9
    points = made(kind="morris", size=5, chance=True, vary={LINK: RANGE, ACCEPTANCE: (0.5, 0.9)})
    assert points.luck is not None
    for trajectory in points.luck.reshape(5, 4):
        assert np.count_nonzero(np.diff(trajectory)) == 1
    assert len({*points.luck.tolist()}) == 10


def test_a_star_is_everything_that_is_uncertain_and_not_named() -> None:
    uncertain = [name for name, one in BASE.parameters.items() if one.draw is not None]
    points = made(kind="latin_hypercube", size=4, vary={"*": "drawn", "files.patience": (3, 9)})
    assert set(points.names) == {*uncertain, "files.patience"}
    files = made(kind="latin_hypercube", size=4, vary={"files.*": "drawn"})
    assert set(files.names) == {name for name in uncertain if name.startswith("files.")}


def test_a_whole_number_stays_whole() -> None:
    points = made(kind="latin_hypercube", size=20, vary={"actors.HUN.us_troops": {"low": 8.0, "high": 12.0}})
    assert points.variants is not None
    assert {row[0] for row in points.variants.rows} <= {8, 9, 10, 11, 12}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**40), kind=st.sampled_from(["latin_hypercube", "sobol", "morris"]))
def test_the_same_seed_makes_the_same_points(seed: int, kind: str) -> None:
    design = {"kind": kind, "size": 4, "chance": True, "vary": {LINK: RANGE, "delivery.factor": "drawn"}}
    assert made(seed, **design).digest == made(seed, **design).digest != made(seed + 1, **design).digest


# What is wrong

HEAD = """question = "What if?"
scenarios = ["outlook"]
policies = ["none"]
runs = 1
seed = 1
until = "2027Q4"
"""


def asked(folder: Path, text: str, head: str = HEAD) -> Path:
    path = folder / "question.toml"
    path.write_text(head + text)
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[design]\nkind = "sobl"\n', "design.kind"),
        ('[design]\nkind = "sobol"\n', "design.vary: is missing"),
        ('[design]\nkind = "list"\n', "design.points: is missing"),
        ('[design]\nvary = { "attention.link" = [0.5] }\n', "design.table: is missing"),
        ('[design]\nkind = "sobol"\nvary = { "attention.link" = "drawn" }\n', "design.size: is missing"),
        ('[design]\nkind = "sobol"\nsize = 100\nvary = { "attention.link" = "drawn" }\n',
         "design.size = 100: is no power of two; allowed: 64, 128, 256, ... (the nearest is 128)"),
        ('[design]\nkind = "factorial"\nsize = 3\nvary = { "attention.link" = [0.5] }\n', "design.size: has no place"),
        ('[design]\nkind = "factorial"\nvary = { "attention.link" = "drawn" }\n', "has no levels"),
        ('[design]\nkind = "factorial"\nchance = true\nvary = { "attention.link" = [0.5] }\n', "design.chance: has no"),
        ('[design]\nkind = "factorial"\ntable = "a.csv"\nvary = { "attention.link" = [0.5] }\n',
         'design.table: has no place here; allowed: vary, for kind "factorial" (did you mean kind = "table"?)'),
        ('[design]\nkind = "grid"\nvary = { "attention.link" = { low = 0.1, high = 0.5 } }\n', "design.size: is miss"),
        ('[design]\nkind = "factorial"\nvary = { "attention.link" = 0.5 }\n', "did you mean [0.5]?"),
        ('[design]\nkind = "factorial"\nvary = { "attention.link" = [] }\n', "is empty"),
        ('[design]\nkind = "factorial"\nvary = { "attention.link" = [0.5, 0.5] }\n', "0.5 stands twice"),
        ('[design]\nkind = "factorial"\nvary = { "attention.link" = [0.5, [1]] }\n', "value 2 is no number"),
        ('[design]\nkind = "factorial"\nvary = { "attention.lnk" = [0.5] }\n', "did you mean 'attention.link'?"),
        ('[design]\nkind = "factorial"\nvary = { "attention.link" = [0.5, 7] }\n',
         'design.vary."attention.link" = 7: is out of range'),
        ('[design]\nkind = "factorial"\nvary = { "levers.qmv_from" = [5] }\n', "levers.qmv_from = 5: is not a quarter"),
        ('[design]\nkind = "factorial"\nvary = { "actors.XYZ.gdp" = [5] }\n', "is no parameter"),
        ('[design]\nkind = "factorial"\nvary = { "chance" = [5] }\n', "allowed: chance = true in [design]"),
        ('[design]\nkind = "latin_hypercube"\nsize = 4\nvary = { "files.patience" = "drawn" }\n', "is not uncertain"),
        ('[design]\nkind = "latin_hypercube"\nsize = 4\nvary = { "money.x*" = "drawn" }\n', "names no uncertain"),
        ('[design]\nkind = "latin_hypercube"\nsize = 4\nvary = { "files.*" = [1] }\n', "cannot be given values"),
        ('[design]\nkind = "factorial"\nvary = { "attention.link" = [0.5] }\nlevers = { "attention.link" = [0.5] }\n',
         "is varied and a lever"),
        ('[design]\nkind = "list"\npoints = [{ "attention.link" = 0.5 }, { "files.patience" = 3 }]\n',
         "design.points[1]"),
        ('[design]\nkind = "list"\npoints = [{ "attention.link" = 0.5 }, {}]\n', "is no point"),
        ('[design]\nkind = "list"\npoints = [{ "attention.link" = 9 }]\n', "is out of range"),
        ('analyses = ["sobol"]\n', "allowed: [design] with kind = \"sobol\""),
        ('analyses = ["sobl"]\n', "sobol"),
        ('analyses = ["shapley", "shapley"]\n', "is named twice"),
        ('[design]\nkind = "grid"\nsize = 100\nvary = { "attention.*" = "drawn", "positions.*" = "drawn" }\n',
         "points; allowed: at most 10,000,000"),
        ('[design]\nkind = "factorial"\nvary = { "attention.link" = [0.5] }\n[set]\n"attention.link" = 0.3\n',
         "differs between the points of the design"),
    ],
)  # fmt: skip
def test_a_design_that_cannot_be_made_says_where_and_why(tmp_path: Path, text: str, said: str) -> None:
    path = asked(tmp_path, text)
    with pytest.raises(UserError) as caught:
        check_file(path)
    assert said in str(caught.value) and "question.toml" in str(caught.value) and "\n" not in str(caught.value)


def test_luck_of_its_own_wants_one_run_a_point(tmp_path: Path) -> None:
    text = '[design]\nkind = "morris"\nsize = 4\nchance = true\nvary = { "attention.link" = "drawn" }\n'
    assert check_file(asked(tmp_path, text)) == "experiment of 12 parameter sets x 1 runs"
    with pytest.raises(UserError, match=r"runs = 7: is too many where chance is a factor; allowed: 1"):
        check_file(asked(tmp_path, text, HEAD.replace("runs = 1", "runs = 7")))


def test_what_does_not_vary_may_be_fixed(tmp_path: Path) -> None:
    text = '[design]\nkind = "factorial"\nrest = "fixed"\nvary = { "attention.link" = [0.3, 0.6] }\n'
    question = load_experiment(str(asked(tmp_path, text)))
    assert points_of(question) is not None
    settings = settings_of(question, "outlook", "none")
    assert settings.posterior is None and not any(one.draw for one in settings.parameters.values())
    free = settings_of(load_experiment(str(asked(tmp_path, text.replace("fixed", "drawn")))), "outlook", "none")
    assert free.posterior is not None and free.parameters["attention.champion"].draw is not None


def test_a_variant_is_the_settings_with_its_values_over_everything() -> None:
    from config import resolve

    before = resolve("outlook", "dialogue")
    row = {FROM: "2030Q1", "actors.HUN.stance_mean": -2.0, "actors.FRA.strategy": 0, "positions.speakers": 3,
           "instruments.csdp_fpa.quarters": 5, "council.acceptance": 1.0}  # fmt: skip
    after = varied(before, row)
    assert after == resolve("outlook", "dialogue", row)
    hungary, france = (next(one for one in after.members if one.iso3 == code) for code in ("HUN", "FRA"))
    assert hungary.at("stance_mean", before.start) == -2 and not france.has("strategy", before.start)
