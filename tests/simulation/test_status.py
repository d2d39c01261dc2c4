"""What is known happens in every run and nothing else does; from the next quarter on chance takes over."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from config import (
    LADDERS,
    PARTNERS,
    PRESSURES,
    REGIMES,
    Settings,
    Status,
    UserError,
    quarter_index,
    quarter_name,
    resolve,
)
from config.status import with_status
from simulation.model import PartnershipModel
from tests.config.test_status import status_of
from tests.simulation.playing import SEED, Table, Tables, assert_same, of_run, where

R = 11
"""Runs of each case."""
EVERYTHING = ("trajectories", "transitions", "actors")
UNTIL, HORIZON = "2013Q4", "2015Q4"

Stages = list[tuple[str, str, str]]
Story = dict[str, list[tuple[str, str]]]
"""By file its stages with their quarters, in order."""

STAGES: Stages = [
    # without mandate: in force, lapsed, opened again
    ("cyber_dialogue", "negotiating", "2010Q1"),
    ("cyber_dialogue", "in_force", "2010Q4"),
    ("cyber_dialogue", "lapsed", "2012Q1"),
    ("cyber_dialogue", "negotiating", "2012Q2"),
    # with mandate, of the Union alone
    ("csdp_fpa", "mandated", "2010Q2"),
    ("csdp_fpa", "negotiating", "2010Q4"),
    ("csdp_fpa", "signed", "2011Q3"),
    ("csdp_fpa", "in_force", "2013Q4"),
    # mixed
    ("spa_framework", "mandated", "2010Q3"),
    ("spa_framework", "negotiating", "2010Q4"),
    ("spa_framework", "signed", "2010Q4"),
    ("spa_framework", "provisional", "2011Q1"),
    ("spa_framework", "in_force", "2013Q1"),
    # rungs: at leisure, all in one quarter, and no further than the signature
    ("GBR/information_protection", "negotiating", "2010Q1"),
    ("GBR/information_protection", "signed", "2011Q1"),
    ("GBR/information_protection", "in_force", "2011Q3"),
    ("SWE/co_development", "negotiating", "2012Q3"),
    ("SWE/co_development", "signed", "2012Q3"),
    ("SWE/co_development", "in_force", "2012Q3"),
    ("FRA/acsa", "negotiating", "2010Q1"),
    ("FRA/acsa", "signed", "2010Q2"),
    # known for a while, then open
    ("space_security", "negotiating", "2010Q2"),
]
OPEN = ("space_security", "naval_exercise", "DEU/information_protection")
STEPS = (("transfers", 1, "2010Q1"), ("secrecy", 1, "2011Q2"), ("transfers", 2, "2013Q4"))


def in_story(table: Table) -> Story:
    """The transitions of one run, file by file."""
    story: Story = {}
    for partner, instrument, stage, quarter in zip(
        *(table[name] for name in ("partner", "instrument", "stage", "quarter")), strict=True
    ):
        file = str(instrument) if partner == "EU" else f"{partner}/{instrument}"
        story.setdefault(file, []).append((str(stage), quarter_name(int(quarter))))
    return story


def of_first_files(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A file's story without the deepening of what is in force."""
    found, deepening = [], False
    for stage, quarter in told:
        if not deepening and stage != "reopened":
            found.append((stage, quarter))
        deepening = stage == "reopened" or (deepening and stage not in ("deepened", "withdrawn", "lapsed"))
        if stage == "lapsed" and (stage, quarter) not in found:
            found.append((stage, quarter))
    return found


def listed(stages: Stages) -> Story:
    story: Story = {}
    for file, stage, quarter in stages:
        story.setdefault(file, []).append((stage, quarter))
    return story


def files_of(settings: Settings) -> list[str]:
    return [one.slug for one in settings.instruments] + [
        f"{iso}/{rung.slug}" for iso in PARTNERS for rung in settings.rungs
    ]


def steps_of(steps: Any) -> tuple[dict[str, Any], ...]:
    return tuple({"ladder": ladder, "step": step, "quarter": quarter} for ladder, step, quarter in steps)


def model_of(settings: Settings, status: Status, runs: Any = range(R)) -> PartnershipModel:
    return PartnershipModel(with_status(settings, status, "known.toml"), runs=runs, seed=SEED, record=EVERYTHING)


def tables_of(settings: Settings, status: Status, runs: Any = range(R)) -> Tables:
    model = model_of(settings, status, runs)
    model.run()
    return model.tables()


def until(table: Table, quarter: str) -> Table:
    """The rows up to a quarter."""
    return where(table, table["quarter"] <= quarter_index(quarter))


@cache
def hindcast(policy: str = "none") -> Settings:
    return resolve("hindcast", policy, until=HORIZON)


@cache
def rich() -> Status:
    governments = (
        {"state": "HUN", "quarter": "2011Q3", "stance": -1.5},
        {"state": "POL", "quarter": "2012Q1"},
        {"state": "JPN", "quarter": "2012Q2", "stance": 0.75},
    )
    return status_of(UNTIL, STAGES, open=OPEN, steps=steps_of(STEPS), governments=governments)


@pytest.fixture(scope="module")
def told() -> Tables:
    """The hindcast that knows all that."""
    return tables_of(hindcast(), rich())


# While it is known


def test_every_run_shows_what_is_listed_in_the_quarters_listed(told: Tables) -> None:
    expected = listed(STAGES)
    for run in range(R):
        story = in_story(until(of_run(told["transitions"], run), UNTIL))
        for file in files_of(hindcast()):
            seen = of_first_files(story.get(file, []))
            if file not in OPEN:
                scripted = [("lapsed", "2012Q1")] if file == "strategic_dialogue_action_plan" else []
                assert seen == expected.get(file, scripted), f"run {run}: {file}"
        assert of_first_files(story["space_security"])[:1] == expected["space_security"]


def test_deepening_and_open_files_are_left_to_chance(told: Tables) -> None:
    stories = [in_story(until(of_run(told["transitions"], run), UNTIL)) for run in range(R)]
    assert any(stage == "reopened" for story in stories for rows in story.values() for stage, _ in rows)
    for file in ("space_security", "naval_exercise"):
        assert len({str(story.get(file)) for story in stories}) > 1, file


def test_ladders_take_the_steps_listed_and_no_others(told: Tables) -> None:
    table = until(told["trajectories"], UNTIL)
    for ladder in LADDERS:
        start = getattr(hindcast().table.ladders, ladder)
        steps = [(quarter_index(quarter), step) for name, step, quarter in STEPS if name == ladder]
        expected = [
            max([start, *(step for when, step in steps if when <= quarter)]) for quarter in table["quarter"].tolist()
        ]
        assert table[f"step_{ladder}"].tolist() == expected


def test_governments_take_office_when_listed_with_the_stance_given(told: Tables) -> None:
    actors = told["actors"]

    def stance(state: str, quarter: str) -> list[float]:
        here = (actors["actor"] == state) & (actors["quarter"] == quarter_index(quarter))
        return [float(value) for value in actors["stance"][here]]

    assert stance("HUN", "2011Q3") == [-1.5] * R
    assert len(set(stance("HUN", "2011Q2"))) == R, "before, each run has its own"
    assert stance("JPN", "2012Q2") == [0.75] * R
    free = tables_of(hindcast(), status_of(UNTIL, []))["actors"]
    here = (free["actor"] == "POL") & (free["quarter"] == quarter_index("2011Q4"))
    assert stance("POL", "2011Q4") == free["stance"][here].tolist()
    before, after = stance("POL", "2011Q4"), stance("POL", "2012Q1")
    assert all(one != other for one, other in zip(before, after, strict=True)), "a new one, without a stance given"
    assert len(set(after)) == R


def test_depth_is_as_given_or_worth_signing() -> None:
    rows = [
        {"instrument": "csdp_fpa", "stage": "signed", "quarter": "2010Q2", "depth": 0.9},
        {"instrument": "joint_capacity_missions", "stage": "signed", "quarter": "2010Q2"},
        {"instrument": "cyber_dialogue", "stage": "in_force", "quarter": "2010Q2", "depth": 0.123},
        {"partner": "FRA", "instrument": "raa", "stage": "signed", "quarter": "2010Q2", "depth": 0.25},
        {"partner": "SWE", "instrument": "raa", "stage": "signed", "quarter": "2010Q2"},
    ]
    status = Status.model_validate({"title": "known", "until": "2010Q2", "stages": tuple(rows)})
    model = model_of(resolve("hindcast", "none", {"files.least_factor": 2.5}, until="2010Q2"), status)
    model.run()
    at, place = model.partnership, model.partnership.place
    np.testing.assert_array_equal(at.drafted[place["csdp_fpa"]], 0.9)
    np.testing.assert_array_equal(at.agreed[place["cyber_dialogue"]], 0.123)
    missions = place["joint_capacity_missions"]
    assert (at.drafted[missions] >= np.minimum(1.0, at.least[missions] * 2.5)).all()
    raa = model.tracks.slugs.index("raa")
    np.testing.assert_array_equal(model.tracks.agreed[PARTNERS.index("FRA"), raa], 0.25)
    assert (model.tracks.agreed[PARTNERS.index("SWE"), raa] >= model.tracks.least[raa]).all()


def test_what_is_known_needs_no_slot_and_is_not_given_up() -> None:
    """Talks on what the Council would not let pass, without any slot, longer than files are kept; then concluded."""
    stuck = {
        "files.slots_high_representative": 0,
        "files.patience": 3,
        "files.least_factor": 3,
        "council.acceptance": 0.1,
    }
    settings = resolve("hindcast", "none", stuck, until="2013Q4")
    stages = [("hybrid_fimi", "negotiating", "2010Q2"), ("hybrid_fimi", "in_force", "2012Q2")]
    stages += [("csdp_fpa", "mandated", "2010Q1"), ("csdp_fpa", "negotiating", "2010Q2")]
    model = model_of(settings, status_of("2013Q3", stages))
    model.run()
    for run in range(R):
        story = in_story(until(of_run(model.tables()["transitions"], run), "2013Q3"))
        assert story["hybrid_fimi"] == listed(stages)["hybrid_fimi"]
        assert story["csdp_fpa"] == listed(stages)["csdp_fpa"]
    assert (model.partnership.file[model.partnership.place["csdp_fpa"]] == 0).all(), "but once chance has its way again"


def test_a_conclusion_alone_says_that_there_were_talks() -> None:
    stages = [("hybrid_fimi", "in_force", "2010Q2"), ("csdp_fpa", "signed", "2010Q3"), ("NLD/acsa", "signed", "2010Q3")]
    tables = tables_of(resolve("hindcast", "none", until="2010Q4"), status_of("2010Q4", stages))
    for run in range(R):
        story = in_story(of_run(tables["transitions"], run))
        assert story["hybrid_fimi"] == [("negotiating", "2010Q2"), ("in_force", "2010Q2")]
        assert story["csdp_fpa"] == [("negotiating", "2010Q3"), ("signed", "2010Q3")]
        assert story["NLD/acsa"] == [("signed", "2010Q3")]


def test_a_mandate_is_not_taken_up_in_its_own_quarter() -> None:
    """The model itself takes a quarter from a mandate to talks."""
    stages = [("csdp_fpa", "mandated", "2010Q2"), ("csdp_fpa", "negotiating", "2010Q2")]
    with pytest.raises(UserError, match="the nearest is 2010Q3"):
        model_of(resolve("hindcast", "none", until="2010Q4"), status_of("2010Q4", stages))


def test_seats_of_a_status_are_elections_of_the_record() -> None:
    rows = [("2027Q2", "lower", 0.61, False), ("2027Q2", "upper", 0.4, True), ("2027Q4", "lower", 0.3, True)]
    names = ("quarter", "chamber", "share", "partner")
    seats = tuple({**dict(zip(names, row, strict=True)), "source": "papers"} for row in rows)
    model = model_of(resolve("outlook", "none", until="2028Q4"), status_of("2028Q2", [], seats=seats))
    seen = {}
    while model.quarter <= model.settings.until:
        model.step()
        seen[quarter_name(model.quarter - 1)] = model.diet.lower, model.diet.upper, model.diet.partner
    for quarter, lower, upper, partner in [("2027Q2", 0.61, 0.4, True), ("2027Q3", 0.61, 0.4, True),
                                           ("2027Q4", 0.3, 0.4, True)]:  # fmt: skip
        for values, value in zip(seen[quarter], (lower, upper, partner), strict=True):
            assert (values == value).all(), quarter
    start = model.settings.table.japan
    assert (seen["2027Q1"][0] == start.lower_house_share).all(), "no other election up to the last one listed"


def test_regimes_of_a_status_hold_while_they_are_known() -> None:
    pins = ({"pressure": "china", "regime": "calm", "from": "start", "until": "2027Q3"},)
    world = resolve("taiwan_crisis", "none", until="2029Q4")
    model = model_of(world, status_of("2027Q2", [], regimes=pins))
    row, free = PRESSURES.index("china"), model_of(world, status_of("2027Q2", []))
    while model.quarter <= model.settings.until:
        model.step()
        free.step()
        if model.quarter <= quarter_index("2027Q3"):
            assert (model.pressures.regime[row] == REGIMES.index("calm")).all()
        elif any(one.pressure == "china" and one.begins < model.quarter <= one.ends for one in world.regimes):
            np.testing.assert_array_equal(model.pressures.regime[row], free.pressures.regime[row])


def test_levers_come_after_what_is_known_and_runs_that_they_moved_ahead_wait() -> None:
    """A step is taken where it is the next one: a run that a lever has brought there already goes no further."""
    on = {"levers.reinterpretation_strength": 0.3, "levers.reinterpretation_from": "start"}
    settings = resolve("outlook", "reinterpretation", on, until="2028Q4")
    status = status_of("2028Q4", [], steps=steps_of([("force", 2, "2027Q3")]))
    table = tables_of(settings, status)["trajectories"]
    before = table["step_force"][table["quarter"] == quarter_index("2027Q2")]
    assert set(before.tolist()) == {1, 2}
    assert set(table["step_force"][table["quarter"] >= quarter_index("2027Q3")].tolist()) == {2}


# Afterwards, and in no company


def test_afterwards_runs_differ_again(told: Tables) -> None:
    stories = []
    for run in range(R):
        later = {
            file: [(stage, quarter) for stage, quarter in rows if quarter > UNTIL]
            for file, rows in in_story(of_run(told["transitions"], run)).items()
            if file not in OPEN
        }
        stories.append(str(sorted((file, rows) for file, rows in later.items() if rows)))
    assert len(set(stories)) > R / 2


@pytest.mark.parametrize("scenario", ["hindcast", "outlook"])
def test_where_nothing_has_happened_nothing_happens(scenario: str) -> None:
    start = resolve(scenario, "none").start
    last = quarter_name(start + 9)
    settings = resolve(scenario, "none", until=start + 15)
    tables = tables_of(settings, status_of(last, []))
    for run in range(R):
        for file, rows in in_story(until(of_run(tables["transitions"], run), last)).items():
            scripted = [("lapsed", "2012Q1")] if file == "strategic_dialogue_action_plan" else []
            assert of_first_files(rows) == (scripted if scenario == "hindcast" else []), file
    still = until(tables["trajectories"], last)
    for ladder in LADDERS:
        assert set(still[f"step_{ladder}"].tolist()) == {getattr(settings.table.ladders, ladder)}
    moved = where(tables["transitions"], tables["transitions"]["quarter"] > quarter_index(last))
    begun = np.isin(moved["stage"].astype(str), ["mandated", "negotiating", "signed", "in_force"])
    assert len(set(moved["run"][begun].tolist())) > R / 2, "but then it does"


def test_a_status_of_which_everything_is_open_holds_ladders_alone() -> None:
    """With ladders out of reach anyway nothing is left that a status could do: the same world, bit by bit."""
    unreachable = {f"japan.{name}": 0 for name in (*LADDERS, "amendment")}
    settings = resolve("hindcast", "none", unreachable, until="2012Q4")
    free = PartnershipModel(settings, runs=range(R), seed=SEED, record=EVERYTHING)
    free.run()
    assert_same(tables_of(settings, status_of("2012Q2", [], open=tuple(files_of(settings)))), free.tables())


def test_a_run_does_not_notice_its_companions() -> None:
    together = tables_of(hindcast(), rich())
    apart = tables_of(hindcast(), rich(), runs=[7, 900, 3])
    for run in (3, 7):
        assert_same(
            {name: of_run(table, run) for name, table in apart.items()},
            {name: of_run(table, run) for name, table in together.items()},
        )


# What a run of the model has done by itself


CASES = [("outlook", "none", "2030Q4"), ("outlook", "dialogue+framework+qmv", "2030Q4"), ("hindcast", "none", "2015Q4")]
SLOTS = {"files.slots_high_representative": 40, "files.slots_commission": 40}
"""Enough for all: what is known needs none, so that others might get what they did not have."""


@cache
def ample(scenario: str, policy: str, horizon: str) -> Settings:
    return resolve(scenario, policy, SLOTS, until=horizon)


@cache
def left_alone(scenario: str, policy: str, horizon: str) -> Tables:
    model = PartnershipModel(ample(scenario, policy, horizon), runs=range(R), seed=SEED, record=EVERYTHING)
    model.run()
    return model.tables()


def as_status(settings: Settings, tables: Tables, run: int, last: str) -> Status | None:
    """Stages and steps of one run up to a quarter as a status; None if it gave up a first file."""
    stages: Stages = []
    for file, rows in in_story(until(of_run(tables["transitions"], run), last)).items():
        told = of_first_files(rows)
        if any(stage == "withdrawn" for stage, _ in told):
            return None
        scripted = "" if "/" in file else quarter_name(settings.table.of(file).lapses)
        stages += [(file, stage, quarter) for stage, quarter in told if (stage, quarter) != ("lapsed", scripted)]
    steps = []
    path = until(of_run(tables["trajectories"], run), last)
    for ladder in LADDERS:
        step = getattr(settings.table.ladders, ladder)
        for quarter, now in zip(path["quarter"].tolist(), path[f"step_{ladder}"].tolist(), strict=True):
            steps += [(ladder, step + 1, quarter_name(quarter))] if now > step else []
            step = now
    return status_of(last, stages, steps=steps_of(steps))


@pytest.mark.parametrize(("scenario", "policy", "horizon"), CASES)
def test_who_knows_what_happens_anyway_changes_nothing(scenario: str, policy: str, horizon: str) -> None:
    """A run that is told its own story lives it once more, to the last bit; so it does if half of it is left open."""
    settings, free = ample(scenario, policy, horizon), left_alone(scenario, policy, horizon)
    known = {run: as_status(settings, free, run, horizon) for run in range(R)}
    ours = [(run, status) for run, status in known.items() if status is not None][:2]
    assert ours
    for run, status in ours:
        named = {one.file for one in status.stages}
        assert len(named) > 3
        some = tuple(file for file in files_of(settings) if file not in named)
        for open_ in ((), some):
            told = tables_of(settings, status.model_copy(update={"open": open_}), runs=[run])
            assert_same(told, {name: of_run(table, run) for name, table in free.items()})


@pytest.mark.parametrize(("scenario", "policy", "horizon"), CASES[2:])
def test_a_story_told_halfway_is_kept_so_far_by_every_run(scenario: str, policy: str, horizon: str) -> None:
    settings, free = ample(scenario, policy, horizon), left_alone(scenario, policy, horizon)
    half = "2013Q2"
    run, status = next((run, one) for run in range(R) if (one := as_status(settings, free, run, half)) is not None)
    told = tables_of(settings, status)
    own = {name: of_run(table, run) for name, table in free.items() if name != "runs"}
    assert_same(
        {name: until(of_run(table, run), half) for name, table in told.items() if name != "runs"},
        {name: until(table, half) for name, table in own.items()},
    )
    expected = {file: of_first_files(rows) for file, rows in in_story(until(own["transitions"], half)).items()}
    for other in range(R):
        story = in_story(until(of_run(told["transitions"], other), half))
        seen = {file: of_first_files(rows) for file, rows in story.items()}
        assert {file: rows for file, rows in seen.items() if rows} == {f: rows for f, rows in expected.items() if rows}


def test_from_the_quarter_after_ladders_are_left_to_chance() -> None:
    model = model_of(hindcast(), rich())
    below = np.zeros(R, dtype=np.int64)
    while model.quarter <= quarter_index(UNTIL):
        model.step()
        assert model.status.step("transfers", below) is not None
    model.step()
    assert model.status.step("transfers", below) is None


def test_a_government_that_is_known_counts_as_new_in_its_quarter() -> None:
    model = model_of(hindcast(), rich())
    row = [one.name for one in model.member_states.members].index("HUN")
    elected = {}
    while model.quarter <= quarter_index("2011Q4"):
        quarter = quarter_name(model.quarter)
        model.step()
        elected[quarter] = model.member_states.elected[row].tolist()
    assert elected["2011Q3"] == [True] * R
    assert elected["2011Q4"] == [False] * R
