"""Status files: what is right is kept as it is written, every mistake is one message that names what is near."""

import tomllib
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import LADDERS, PARTNERS, Settings, UserError, load_experiment, quarter_index, quarter_name, resolve
from config.checking import said, tuples
from config.loading import settings_of
from config.schema import Experiment, Status
from config.status import PATHS, RUNG_PATH, load_status, with_status

KNOWN = """title = "What was read in the papers"
until = "2028Q4"
open = ["csdp_fpa"]
stages = [
  { instrument = "csdp_fpa", stage = "negotiating", quarter = "2027Q1" },
  { instrument = "csdp_fpa", stage = "signed", quarter = "2027Q4", depth = 0.5 },
  { instrument = "naval_exercise", stage = "lapsed", quarter = "2027Q2" },
  { instrument = "naval_exercise", stage = "negotiating", quarter = "2027Q3" },
  { partner = "DEU", instrument = "raa", stage = "negotiating", quarter = "2027Q3" },
]
steps = [{ ladder = "force", step = 2, quarter = "2027Q2" }]
governments = [{ state = "HUN", quarter = "2026Q4", stance = 0.5 }, { state = "JPN", quarter = "2028Q1" }]
seats = [{ quarter = "2028Q3", chamber = "upper", share = 0.5, partner = false, source = "papers" }]
regimes = [{ pressure = "russia", regime = "tense", from = "2026Q3", until = "2027Q3" }]
"""


@cache
def outlook() -> Settings:
    return resolve("outlook", "none", until="2029Q4")


def status_of(until: str, stages: list[tuple[str, str, str]], **more: Any) -> Status:
    """A status from (file, stage, quarter), a file as "csdp_fpa" or "FRA/raa"."""
    rows = []
    for file, stage, quarter in stages:
        partner, slash, rung = file.partition("/")
        where = {"partner": partner, "instrument": rung} if slash else {"instrument": file}
        rows.append({**where, "stage": stage, "quarter": quarter})
    return Status.model_validate({"title": "known", "until": until, "stages": tuple(rows), **more})


@pytest.fixture
def known_as(tmp_path: Path) -> Callable[..., Settings]:
    """known_as(old, new): the outlook with the status file above, in which `new` stands for `old`."""

    def load(old: str = "", new: str = "") -> Settings:
        assert old in KNOWN
        path = tmp_path / "known.toml"
        path.write_text(KNOWN.replace(old, new, 1) if old else KNOWN, encoding="utf-8")
        return with_status(outlook(), load_status(path), said(path))

    return load


# What is right


def test_a_right_status_is_kept_as_it_is_written(known_as: Callable[..., Settings]) -> None:
    found = known_as().status
    assert found is not None
    assert (found.title, quarter_name(found.until), found.open) == (
        "What was read in the papers",
        "2028Q4",
        ("csdp_fpa",),
    )
    assert [one.file for one in found.stages] == ["csdp_fpa"] * 2 + ["naval_exercise"] * 2 + ["DEU/raa"]
    assert [one.depth for one in found.stages] == [None, 0.5, None, None, None]
    assert [quarter_name(one.quarter) for one in found.stages[:2]] == ["2027Q1", "2027Q4"]
    assert [(one.state, one.stance) for one in found.governments] == [("HUN", 0.5), ("JPN", None)]


def test_an_experiment_with_a_status_can_be_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    path.write_text(KNOWN, encoding="utf-8")
    question = load_experiment("smoke", until="2029Q4", status=path)
    again = Experiment.model_validate(tuples({**question.as_file(), "name": "smoke"}))
    assert again.status == question.status == load_status(path)
    there, back = (settings_of(one, "outlook", "none") for one in (question, again))
    assert there == back
    assert there.fingerprint() == back.fingerprint()


def test_settings_with_a_status_come_back_from_their_json(known_as: Callable[..., Settings]) -> None:
    known = known_as()
    again = Settings.model_validate(tuples(known.model_dump(mode="json", by_alias=True)))
    assert again == known
    assert again.fingerprint() == known.fingerprint() != outlook().fingerprint()


def test_settings_learn_seats_regimes_and_governments() -> None:
    known = with_status(outlook(), Status.model_validate(tuples(tomllib.loads(KNOWN))), "known.toml")
    assert set(known.japan.elections) - set(outlook().japan.elections) == set(
        known.status.seats if known.status else ()
    )
    quarters = [row.quarter for row in known.japan.elections]
    assert quarters == sorted(quarters)
    assert [(one.pressure, one.regime) for one in known.regimes] == [("russia", "tense")]
    assert [one.stance for one in known.governments_of("HUN", quarter_index("2026Q4"))] == [0.5]
    assert known.governments_of("HUN", quarter_index("2027Q1")) == []


def test_regimes_of_a_status_go_before_those_of_the_scenario() -> None:
    world = resolve("taiwan_crisis", "none")
    pinned = {"pressure": "china", "regime": "calm", "from": "2026Q3", "until": "2027Q1"}
    known = with_status(world, status_of("2026Q4", [], regimes=(pinned,)), "known.toml")
    assert known.regimes[:-1] == world.regimes
    assert known.regimes[-1].regime == "calm", "the last one of a pressure is the one that counts"


def test_a_status_may_stand_in_an_experiment_file(tmp_path: Path) -> None:
    body = 'question = "?"\nscenarios = ["outlook"]\npolicies = ["none"]\nruns = 2\nseed = 1\nuntil = "2029Q4"\n'
    path = tmp_path / "mine.toml"
    path.write_text(body + "\n[status]\n" + KNOWN, encoding="utf-8")
    assert load_experiment(str(path)).status == Status.model_validate(tuples(tomllib.loads(KNOWN)))
    path.write_text(body + "\n[status]\n" + KNOWN.replace('"csdp_fpa"]', '"csdp_fap"]'), encoding="utf-8")
    with pytest.raises(UserError, match=r"mine\.toml: open = .csdp_fap.: is no file.*'csdp_fpa'"):
        load_experiment(str(path))


@pytest.mark.parametrize(
    "stages",
    [
        [],
        [("csdp_fpa", "signed", "2026Q3")],  # mandated at the start: talks may be left out
        [("security_of_information", "signed", "2026Q3"), ("security_of_information", "in_force", "2026Q4")],
        [("hybrid_fimi", "negotiating", "2027Q1"), ("hybrid_fimi", "in_force", "2027Q1")],
        [("hybrid_fimi", "in_force", "2027Q1"), ("hybrid_fimi", "lapsed", "2027Q1")],
        [("mutual_assistance", "signed", "2027Q1"), ("mutual_assistance", "provisional", "2027Q2")],
        [("FRA/raa", "signed", "2026Q3"), ("FRA/raa", "in_force", "2026Q3")],
        [("NLD/acsa", "signed", "2027Q1"), ("NLD/acsa", "in_force", "2027Q1")],
        [("spa_framework", "lapsed", "2027Q1"), ("spa_framework", "mandated", "2027Q2")],
    ],
)
def test_what_may_be_left_out(stages: list[tuple[str, str, str]]) -> None:
    known = with_status(outlook(), status_of("2027Q4", stages), "known.toml")
    assert known.status is not None
    assert len(known.status.stages) == len(stages)


def test_a_file_lapsed_by_the_start_table_may_be_opened_again_but_not_before() -> None:
    world = resolve("hindcast", "none", until="2015Q4")
    slug = "strategic_dialogue_action_plan"
    assert quarter_name(world.table.of(slug).lapses) == "2012Q1"
    with_status(world, status_of("2014Q4", [(slug, "negotiating", "2012Q2")]), "known.toml")
    for quarter in ("2011Q2", "2012Q1"):
        with pytest.raises(UserError, match=f"negotiating in {quarter}.*the nearest is 2012Q2"):
            with_status(world, status_of("2014Q4", [(slug, "negotiating", quarter)]), "known.toml")


@st.composite
def right_stages(draw: st.DrawFn) -> list[tuple[str, str, str]]:
    """Stages of some files that follow one another as they can, from the start of the outlook to 2029Q4."""
    world = outlook()
    rows: list[tuple[str, str, str]] = []
    files = [one.slug for one in world.instruments] + [f"{iso}/{rung.slug}" for iso in PARTNERS for rung in world.rungs]
    for file in draw(st.lists(st.sampled_from(files), unique=True, max_size=6)):
        partner, slash, rung = file.partition("/")
        of_union = {one.slug: one.rule for one in world.instruments}
        path = RUNG_PATH if slash else PATHS[of_union[file]]
        start = world.table.rung(partner, rung) if slash else world.table.of(file)
        place = path.index(start.stage) + 1 if start.stage in path else 0
        quarter = world.start
        for stage in path[place:]:
            waits = not slash and stage in ("in_force", "provisional") and "signed" in path
            waits |= stage == "negotiating" and (file, "mandated") in [row[:2] for row in rows]
            quarter += draw(st.integers(1 if waits else 0, 3))
            if quarter > world.until or draw(st.integers(0, 5)) == 0:
                break
            rows.append((file, stage, quarter_name(quarter)))
    return rows


@settings(deadline=None, max_examples=60)
@given(right_stages())
def test_whatever_follows_the_path_of_its_class_is_accepted(stages: list[tuple[str, str, str]]) -> None:
    with_status(outlook(), status_of("2029Q4", stages), "known.toml")


@settings(deadline=None, max_examples=60)
@given(right_stages(), st.data())
def test_two_stages_of_a_file_in_the_other_order_are_refused(stages: list[tuple[str, str, str]], data: Any) -> None:
    pairs = [(one, other) for one, other in pairwise(stages) if one[0] == other[0]]
    if not pairs:
        return
    first, second = data.draw(st.sampled_from(pairs))
    at = stages.index(first)
    swapped = [*stages[:at], second, first, *stages[at + 2 :]]
    with pytest.raises(UserError) as caught:
        with_status(outlook(), status_of("2029Q4", swapped), "known.toml")
    assert caught.value.key == f"stages ({first[0]})"


@pytest.mark.parametrize("after", ["provisional", "in_force"])
def test_what_the_union_signs_waits_a_quarter_at_least(after: str) -> None:
    slug = "mutual_assistance" if after == "provisional" else "csdp_fpa"
    with pytest.raises(UserError, match=f"{after} in 2027Q1.*the nearest is 2027Q2"):
        with_status(outlook(), status_of("2027Q4", [(slug, "signed", "2027Q1"), (slug, after, "2027Q1")]), "known.toml")


# What is wrong


@pytest.mark.parametrize(
    ("old", "new", "key", "value", "near"),
    [
        # names
        ('"csdp_fpa"]', '"csdp_fap"]', "open", "csdp_fap", "csdp_fpa"),
        ('"csdp_fpa"]', '"DEU/aksa"]', "open", "DEU/aksa", "DEU/acsa"),
        ('instrument = "csdp_fpa"', 'instrument = "csdp_fap"', "stages.instrument", "csdp_fap", "csdp_fpa"),
        ('instrument = "raa"', 'instrument = "raaa"', "stages.instrument", "raaa", "'raa'"),
        ('instrument = "raa"', 'instrument = "csdp_fpa"', "stages.instrument", "csdp_fpa", "the nearest is"),
        ('instrument = "csdp_fpa"', 'instrument = "raa"', "stages.instrument", '"raa"', "the nearest is"),
        ('partner = "DEU"', 'partner = "DEI"', "stages.partner", "DEI", "DEU"),
        ('partner = "DEU"', 'partner = "POL"', "stages.partner", "POL", "the nearest is"),
        ('"HUN"', '"HUM"', "governments.state", "HUM", "HUN"),
        ('"JPN"', '"Japan"', "governments.state", "Japan", "JPN"),
        ('"force"', '"forse"', "steps[0].ladder", "forse", "force"),
        ('"upper"', '"uper"', "seats[0].chamber", "uper", "upper"),
        ('"russia"', '"rusia"', "regimes[0].pressure", "rusia", "russia"),
        ('"tense"', '"tens"', "regimes[0].regime", "tens", "tense"),
        # keys
        ("title", "titel", "titel", "papers", "title"),
        ("stance =", "stanse =", "governments[0].stanse", "0.5", "stance"),
        ("depth =", "deep =", "stages[1].deep", "0.5", "depth"),
        ("partner = false", "komeito = false", "seats[0].komeito", "false", "the nearest is"),
        ('title = "What was read in the papers"\n', "", "title", "", ""),
        ('until = "2028Q4"\n', "", "until", "", ""),
        # values
        ('open = ["csdp_fpa"]', 'open = "csdp_fpa"', "open", "csdp_fpa", '["csdp_fpa"]'),
        ("depth = 0.5", "depth = 1.5", "stages[1].depth", "1.5", "the nearest is 1"),
        ("share = 0.5", "share = 50", "seats[0].share", "50", "the nearest is 1"),
        ("step = 2", "step = 0", "steps[0].step", "0", "the nearest is 1"),
        ("step = 2", "step = 2.5", "steps[0].step", "2.5", "the nearest is 2"),
        ('"2028Q4"', '"2028Q5"', "until", "2028Q5", "2028Q4"),
        ('"2027Q1"', '"2027-Q1"', "stages[0].quarter", "2027-Q1", "2027Q1"),
        # stages
        ('"negotiating", quarter = "2027Q1"', '"talks", quarter = "2027Q1"', "stages[0].stage", "talks", "nearest"),
        ('"negotiating", quarter = "2027Q1"', '"provisional", quarter = "2027Q1"', "stages (csdp_fpa)", "provisional",
         "negotiating"),
        ('"negotiating", quarter = "2027Q1"', '"mandated", quarter = "2027Q1"', "stages (csdp_fpa)",
         "mandated in 2027Q1", "the nearest is negotiating"),
        ('"2027Q1"', '"2028Q1"', "stages (csdp_fpa)", "signed in 2027Q4", "the nearest is 2028Q1"),
        ('"signed"', '"negotiating"', "stages (csdp_fpa)", "negotiating in 2027Q4", "the nearest is signed"),
        ('"signed"', '"in_force"', "stages (csdp_fpa)", "in_force in 2027Q4", "the stage before it"),
        ('"signed"', '"lapsed"', "stages (csdp_fpa)", "lapsed in 2027Q4", "the stage before it"),
        ('"lapsed"', '"in_force"', "stages (naval_exercise)", "in_force in 2027Q2", "the nearest is lapsed"),
        ('"2027Q2" },\n  { inst', '"2027Q3" },\n  { inst', "stages (naval_exercise)", "negotiating in 2027Q3",
         "the nearest is 2027Q4"),
        ('"raa", stage = "negotiating"', '"raa", stage = "mandated"', "stages (DEU/raa)", "mandated", "nearest"),
        ('"raa", stage = "negotiating"', '"raa", stage = "in_force"', "stages (DEU/raa)", "in_force in", "before it"),
        ('"raa", stage = "negotiating"', '"acsa", stage = "signed"', "stages (DEU/acsa)", "signed in",
         "the nearest is none"),
        # ladders
        ("step = 2", "step = 3", "steps.force", "step 3 in 2027Q2", ""),
        ("step = 2", "step = 1", "steps.force", "step 1 in 2027Q2", ""),
        ('"force", step = 2', '"transfers", step = 4', "steps.transfers", "step 4 in 2027Q2", ""),
        ('quarter = "2027Q2" }]', 'quarter = "2027Q2" }, { ladder = "force", step = 3, quarter = "2027Q2" }]',
         "steps.force", "step 3 in 2027Q2", ""),
        # time
        ('until = "2028Q4"', 'until = "2031Q4"', "until", "2031Q4", "2029Q4"),
        ('until = "2028Q4"', 'until = "2026Q2"', "until", "2026Q2", "2026Q3"),
        ('"2027Q1"', '"2026Q2"', "stages[0].quarter", "2026Q2", "2026Q3"),
        ('"2027Q4"', '"2029Q1"', "stages[1].quarter", "2029Q1", "2028Q4"),
        ('quarter = "2027Q2" }]', 'quarter = "2029Q1" }]', "steps[0].quarter", "2029Q1", "2028Q4"),
        ('"2028Q1" }]', '"2029Q1" }]', "governments[1].quarter", "2029Q1", "2028Q4"),
        ('"2028Q3"', '"2029Q3"', "seats[0].quarter", "2029Q3", "2028Q4"),
        ('"2028Q3"', '"2026Q3"', "seats[0].quarter", "2026Q3", ""),
        ('until = "2027Q3" }]', 'until = "2029Q2" }]', "regimes[0].until", "2029Q2", "2029Q1"),
        (', until = "2027Q3"', "", "regimes[0].until", "never", "2029Q1"),
        ('from = "2026Q3"', 'from = "2027Q3"', "regimes[0].until", "2027Q3", ""),
    ],
)  # fmt: skip
def test_every_mistake_is_one_message(
    known_as: Callable[..., Settings], old: str, new: str, key: str, value: str, near: str
) -> None:
    with pytest.raises(UserError) as caught:
        known_as(old, new)
    error, text = caught.value, str(caught.value)
    assert error.file.endswith("known.toml")
    assert error.key == key, text
    assert value in error.value, text
    assert near in error.suggestion, text
    assert error.allowed, text
    assert all(part in text for part in (error.file, error.key, error.value, error.allowed, error.suggestion))
    assert "\n" not in text


@pytest.mark.parametrize("content", [b"\xff\xfe", b"title = ", b"[[["])
def test_what_cannot_be_read_is_one_message(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "torn.toml"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"torn\.toml"):
        load_status(path)
    with pytest.raises(UserError, match=r"no\.toml"):
        load_status(tmp_path / "no.toml")


def test_a_step_above_the_ladder_is_refused_on_every_ladder() -> None:
    for ladder in LADDERS:
        top = len(getattr(outlook().japan.ladders, ladder))
        begun = getattr(outlook().table.ladders, ladder)
        climb = [{"ladder": ladder, "step": n, "quarter": f"{2027 + n}Q1"} for n in range(begun + 1, top + 1)]
        until = "2029Q4" if top <= 2 else "2031Q4"
        world = resolve("outlook", "none", until=until)
        with_status(world, status_of(until, [], steps=tuple(climb)), "known.toml")
        over = {"ladder": ladder, "step": top + 1, "quarter": until}
        with pytest.raises(UserError, match=f"steps.{ladder} = .step {top + 1} in {until}.: does not follow"):
            with_status(world, status_of(until, [], steps=(*climb, over)), "known.toml")


def test_what_cannot_have_been_is_refused() -> None:
    """A project before projects were open to others; two governments at once; two regimes at once."""
    free = resolve("hindcast", "none")
    until = {"title": "impossible", "until": "2014Q4"}
    pesco = {"instrument": "pesco_project", "stage": "negotiating", "quarter": "2012Q1"}
    office = {"state": "FRA", "quarter": "2012Q2"}
    tense = {"pressure": "china", "regime": "tense", "from": "2011Q1", "until": "2013Q1"}
    for key, rows in (
        ("stages", (pesco,)),
        ("governments", (office, office)),
        ("regimes", (tense, {**tense, "from": "2012Q4", "until": "2014Q1"})),
    ):
        status = Status.model_validate({**until, key: rows})
        with pytest.raises(UserError, match=key):
            with_status(free, status, "status.toml")
