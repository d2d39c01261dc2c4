"""Events are those of config/record.csv, each asked about until it happens; rates come from what may be seen."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import Settings, load_record, resolve
from config.calendar import CALIBRATED_TO, NEVER, START, quarter_index
from config.schema import LADDERS, PARTNERS, RecordRow
from experiments.analysis.events import Event, Record, times
from experiments.analysis.references import Spell, at_risk
from experiments.analysis.scores import Observed
from experiments.hindcasting import LAST, ORIGINS

ROWS = load_record()
END = quarter_index(LAST)
STARTS = [quarter_index(name) for name in ORIGINS]
ORIGIN = pytest.mark.parametrize("origin", STARTS, ids=ORIGINS)


@cache
def settings() -> Settings:
    return resolve("hindcast", "none", prior=True)


@cache
def record() -> Record:
    return Record(settings(), ROWS, CALIBRATED_TO, END)


def of(*rows: RecordRow) -> Record:
    """Another record, in the same catalogue."""
    return Record(settings(), rows, CALIBRATED_TO, END)


def row(file: str, stage: str, date: str, use: str = "calibrate") -> RecordRow:
    partner, _, instrument = file.rpartition("/")
    return RecordRow.model_validate(
        {"partner": partner or "EU", "instrument": instrument, "stage": stage, "date": date, "use": use}
        | {"note": "", "source": "made up"}
    )


def name(one: RecordRow) -> str:
    return f"{one.instrument if one.partner == 'EU' else f'{one.partner}/{one.instrument}'} {one.stage}"


@cache
def happened() -> dict[str, RecordRow]:
    """What is on record since 2010 with a stage or step of the model, by name of the event.

    Left out: what is context; Sweden's equipment agreement, known too little; the plan's lapse, which is in the table.
    """
    told = [one for one in ROWS if one.use != "context" and one.rank and one.first >= settings().start]
    assert len(names := {name(one) for one in told}) == len(told) > 60
    assert "strategic_dialogue_action_plan lapsed" in names
    return {name(one): one for one in told if one.stage != "lapsed"}


def by_name(origin: int, of: Record | None = None) -> dict[str, Event]:
    events = (of or record()).events(origin)
    found = {event.name: event for event in events}
    assert len(found) == len(events), "each is asked about once"
    return found


# Events of the record


@ORIGIN
def test_what_happens_from_an_origin_on_is_asked_about_and_nothing_that_happened_before(origin: int) -> None:
    asked = {one: event for one, event in by_name(origin).items() if not event.observed.censored}
    assert set(asked) == {one for one, row in happened().items() if row.first >= origin}
    for one, event in asked.items():
        told = happened()[one]
        assert (event.observed.first, event.observed.last, event.use) == (told.first, told.last, told.use)


@ORIGIN
def test_what_is_said_not_to_have_happened_had_not(origin: int) -> None:
    window = "calibrate" if origin < CALIBRATED_TO else "validate"
    until = {"calibrate": CALIBRATED_TO, "validate": END}[window]
    censored = [event for event in record().events(origin) if event.observed.censored]
    assert len(censored) > 20
    for event in censored:
        assert event.name not in happened()
        assert (event.use, event.observed) == (window, Observed.not_by(until)), "once, until the end of its window"
    assert len({event.file for event in censored}) == len(censored), "the next stage or step of a file, no further one"


@ORIGIN
def test_every_file_and_ladder_that_has_come_to_no_end_has_a_next_stage_to_ask_about(origin: int) -> None:
    until = CALIBRATED_TO if origin < CALIBRATED_TO else END
    files = [one.slug for one in settings().instruments if one.opens <= until]
    files += [f"{iso}/{rung.slug}" for iso in PARTNERS for rung in settings().rungs]
    tops = {f"JPN/{ladder}": len(getattr(settings().japan.ladders, ladder)) for ladder in LADDERS}
    ended = {one.removesuffix(" in_force") for one in happened() if one.endswith(" in_force")} | {"joint_declaration"}
    ended |= {file for file, top in tops.items() if f"{file} step {top}" in happened()}
    asked = {event.file for event in record().events(origin) if event.observed.censored}
    assert asked == {*files, *tops} - ended - {"SWE/equipment_transfer"}


@ORIGIN
def test_nothing_after_the_window_of_calibration_is_for_calibration(origin: int) -> None:
    for event in record().events(origin):
        if event.use == "calibrate":
            assert event.observed.censored or event.observed.last <= CALIBRATED_TO
            assert event.observed.until == CALIBRATED_TO, "so that early events do not count more than late ones"
        else:
            assert event.use == "validate" and event.observed.until == (END if event.observed.censored else NEVER)


@ORIGIN
def test_no_event_is_asked_about_before_its_own_earlier_stages(origin: int) -> None:
    """Stages of a file come in the order of its path, from the one after that reached before the origin."""
    for file in record().files():
        path = record().path(file)
        reached = record().reached(file, origin)
        stages = [path.index(event.stage) for event in record().events(origin) if event.file == file]
        assert stages == sorted(set(stages))
        if stages:
            assert stages[0] > (path.index(reached) if reached else -1)


def test_events_are_named_and_put_in_classes_fields_and_clusters() -> None:
    found = by_name(STARTS[0])
    for one, kind, domain, cluster in (
        ("csdp_fpa mandated", "R2 mandated", "operations", "csdp_fpa"),
        ("epf_sea negotiating", "R3 negotiating", "maritime", "epf_sea"),
        ("FRA/raa negotiating", "raa negotiating", "bilateral", "FRA/raa"),
        ("GBR/co_development signed", "co_development signed", "bilateral", "co_development"),
        ("ITA/co_development in_force", "co_development in_force", "bilateral", "co_development"),
        ("spa_framework signed", "R5 signed", "political", "spa and epa"),
        ("economic_partnership_agreement signed", "R8 signed", "civil", "spa and epa"),
        ("JPN/transfers step 2", "JPN/transfers", "Japan", "JPN/transfers"),
    ):
        assert (found[one].kind, found[one].domain, found[one].cluster) == (kind, domain, cluster)


# Rules, one at a time


def test_a_vague_date_is_an_event_as_long_as_it_lies_ahead_as_a_whole() -> None:
    vague = of(row("GBR/raa", "signed", "2015-02/2016-05"))
    observed = Observed.happened(quarter_index("2015Q1"), quarter_index("2016Q2"), CALIBRATED_TO)
    assert by_name(quarter_index("2015Q1"), vague)["GBR/raa signed"].observed == observed
    assert "GBR/raa signed" not in by_name(quarter_index("2015Q2"), vague)
    reached = [vague.reached("GBR/raa", quarter_index(at)) for at in ("2016Q2", "2016Q3")]
    assert reached == ["", "signed"]


def test_of_a_rung_that_never_moved_one_asks_for_the_signature_as_talks_are_not_always_announced() -> None:
    assert by_name(quarter_index("2014Q1"), of())["ESP/raa signed"].observed == Observed.not_by(CALIBRATED_TO)
    talks = of(row("ESP/raa", "negotiating", "2012"))
    assert [one for one in by_name(quarter_index("2014Q1"), talks) if one.startswith("ESP/raa")] == ["ESP/raa signed"]
    signed = of(row("ESP/raa", "signed", "2013"))
    assert [one for one in by_name(quarter_index("2014Q1"), signed) if one.startswith("ESP/raa")] == [
        "ESP/raa in_force"
    ]


def test_of_an_instrument_that_is_not_yet_lawful_nobody_asks() -> None:
    """The loans for defence exist since 2025Q2, after what calibration looks at."""
    assert not any("safe_association" in one for one in by_name(quarter_index("2022Q1")))
    assert by_name(CALIBRATED_TO)["safe_association mandated"].use == "validate"


def test_a_file_known_too_little_is_left_out() -> None:
    assert "SWE/equipment_transfer" not in record().files()
    assert "SWE/equipment_transfer" in of().files()
    assert not any("SWE/equipment_transfer" in one for one in by_name(STARTS[0]))


def test_what_lapses_begins_anew() -> None:
    again = of(
        row("cyber_dialogue", "in_force", "2012-02"),
        row("cyber_dialogue", "lapsed", "2014-05"),
        row("cyber_dialogue", "in_force", "2019-08"),
    )
    reached = [again.reached("cyber_dialogue", quarter_index(at)) for at in ("2012Q1", "2012Q2", "2014Q3", "2019Q4")]
    assert reached == ["", "in_force", "lapsed", "in_force"]
    event = by_name(quarter_index("2015Q1"), again)["cyber_dialogue in_force"]
    assert event.observed.first == quarter_index("2019Q3")
    assert again.target(event, quarter_index("2015Q1")).stages[-1] == "R0 in_force"
    once = by_name(quarter_index("2013Q1"), again)["cyber_dialogue in_force"]
    assert again.target(once, quarter_index("2013Q1")).stages[-1] == "R0 in_force", "seen from before the lapse"


def test_the_plan_of_2001_is_open_to_talks_after_it_has_lapsed() -> None:
    slug = "strategic_dialogue_action_plan"
    assert settings().table.of(slug).lapses == quarter_index("2012Q1")
    assert record().reached(slug, settings().start) == ""
    assert record().opens(slug) == quarter_index("2012Q2")
    event = by_name(STARTS[0])[f"{slug} negotiating"]
    assert record().target(event, STARTS[0]).opens == quarter_index("2012Q2")


def test_steps_of_ladders_are_asked_about_one_after_another() -> None:
    steps = [event for event in record().events(quarter_index("2014Q3")) if event.file == "JPN/transfers"]
    assert [(event.stage, event.use) for event in steps] == [("step 2", "calibrate"), ("step 3", "validate")]
    force = [event for event in record().events(quarter_index("2014Q3")) if event.file == "JPN/force"]
    assert [(event.stage, event.observed.censored) for event in force] == [("step 1", False), ("step 2", True)]


# Targets: the way to an event


@ORIGIN
def test_the_way_to_an_event_ends_with_it_and_leaves_out_what_had_been_reached(origin: int) -> None:
    before = [one for one in happened().values() if one.last < origin]
    for event in record().events(origin):
        target = record().target(event, origin)
        assert target.stages[-1] == event.kind
        assert target.opens <= event.observed.first
        if event.file.startswith("JPN/"):
            taken = sum(one.partner == "JPN" and f"JPN/{one.instrument}" == event.file for one in before)
            assert target.stages == (event.kind,) * (int(event.stage[-1]) - taken)
        else:
            reached = {record().kind(event.file, name(one).split()[1]) for one in before if event.file in name(one)}
            path = [record().kind(event.file, stage) for stage in record().path(event.file)]
            assert not reached & set(target.stages)
            assert [path.index(kind) for kind in target.stages] == sorted({path.index(kind) for kind in target.stages})


@pytest.mark.parametrize(
    ("event", "origin", "stages"),
    [
        ("spa_framework provisional", "2010Q1", ("R5 mandated", "R5 negotiating", "R5 signed", "R5 provisional")),
        ("spa_framework provisional", "2014Q1", ("R5 signed", "R5 provisional")),
        ("spa_framework in_force", "2024Q3", ("R5 in_force",)),
        ("security_of_information signed", "2018Q1", ("R2 mandated", "R2 negotiating", "R2 signed")),
        ("csdp_fpa negotiating", "2010Q1", ("R2 mandated", "R2 negotiating")),
        ("csdp_fpa negotiating", "2014Q1", ("R2 negotiating",)),
        ("cyber_dialogue in_force", "2010Q1", ("R0 negotiating", "R0 in_force")),
        ("FRA/acsa in_force", "2010Q1", ("acsa negotiating", "acsa signed", "acsa in_force")),
        ("DEU/acsa in_force", "2024Q3", ("acsa in_force",)),
        ("JPN/transfers step 3", "2010Q1", ("JPN/transfers",) * 3),
        ("JPN/transfers step 3", "2014Q2", ("JPN/transfers",) * 3),
        ("JPN/transfers step 3", "2014Q3", ("JPN/transfers",) * 2),
    ],
)
def test_the_way_to_an_event(event: str, origin: str, stages: tuple[str, ...]) -> None:
    assert record().target(by_name(quarter_index(origin))[event], quarter_index(origin)).stages == stages


def test_a_stage_that_nobody_ever_waited_for_is_no_part_of_the_way() -> None:
    """Provisional application of the framework agreement is kept aside: calibration knows of no such class."""
    event = by_name(quarter_index("2014Q1"))["spa_framework in_force"]
    assert record().target(event, quarter_index("2014Q1")).stages == ("R5 signed", "R5 in_force")


@pytest.mark.parametrize(
    ("slug", "opens"), [("safe_association", "2025Q2"), ("security_defence_partnership", "2022Q2")]
)
def test_nothing_can_happen_before_the_rules_allow_it(slug: str, opens: str) -> None:
    event = next(event for event in record().events(CALIBRATED_TO) if event.file == slug)
    assert record().target(event, CALIBRATED_TO).opens == quarter_index(opens)
    assert record().opens("FRA/raa") == settings().start and record().opens("csdp_fpa") == START


# Spells: what was at risk, for calibration's eyes


def spells_of(of: Record, file: str) -> list[Spell]:
    return of._spells_of(file)


def middle(observed: Observed) -> float:
    return (observed.first + observed.last + 1) / 2


def aside() -> set[str]:
    """Files of which something before the end of calibration's window is kept for validation."""
    return {one.rpartition(" ")[0] for one, row in happened().items()
            if row.use == "validate" and row.last <= CALIBRATED_TO}  # fmt: skip


def test_spells_of_a_file_follow_one_another_until_it_has_happened_or_the_window_ends() -> None:
    assert aside() == {"FRA/raa", "spa_framework"}
    for file in record().files():
        spells = spells_of(record(), file)
        path = [record().kind(file, stage) for stage in record().path(file)]
        assert [spell.kind for spell in spells] == path[: len(spells)], file
        for spell, following in pairwise(spells):
            assert following.begin == max(middle(spell.observed), spell.begin) and not spell.observed.censored
        if not spells:
            assert file in ("joint_declaration", "FRA/raa")
            continue
        assert spells[0].begin == max(settings().start, record().opens(file))
        last, ended = spells[-1], spells[-1].kind == path[-1] and not spells[-1].observed.censored
        assert ended or file in aside() or last.observed == Observed.not_by(CALIBRATED_TO)
        end = CALIBRATED_TO + 1 if last.observed.censored else middle(last.observed)
        risk = sum(at_risk(spell, START, NEVER)[0] for spell in spells)
        assert risk == pytest.approx(max(0.0, end - spells[0].begin)), "no time is left out and none counts twice"


def test_spells_of_a_ladder_follow_one_another_too() -> None:
    for ladder in LADDERS:
        spells = [spell for spell in record().spells() if spell.kind == f"JPN/{ladder}"]
        assert spells[0].begin == settings().start
        for spell, following in pairwise(spells):
            assert following.begin == spell.observed.first + 0.5
    transfers = [spell.observed for spell in record().spells() if spell.kind == "JPN/transfers"]
    assert transfers == [
        Observed.happened(quarter_index("2014Q2"), until=CALIBRATED_TO),
        Observed.happened(quarter_index("2023Q4"), until=CALIBRATED_TO),
        Observed.not_by(CALIBRATED_TO),
    ]


def test_every_row_for_calibration_counts_once_in_its_class() -> None:
    counted = pd.Series([spell.kind for spell in record().spells() if not spell.observed.censored]).value_counts()
    dated: dict[str, list[str]] = {}
    for one, told in happened().items():
        file, _, stage = one.partition(" ")
        if told.use == "calibrate":
            dated.setdefault(record().kind(file, stage), []).append(one)
    for kind, names in dated.items():
        assert counted[kind] >= len(names), names
    exact = [spell.observed.first for spell in record().spells() if spell.observed.first == spell.observed.last]
    assert len(exact) == sum(len(names) for names in dated.values())


def test_a_stage_that_nobody_dated_was_reached_at_some_time_before_the_next_one() -> None:
    found = of(row("ESP/acsa", "signed", "2015-05"))
    first, last = quarter_index("2010Q1"), quarter_index("2015Q2")
    half = (first + last + 1) / 2
    assert spells_of(found, "ESP/acsa") == [
        Spell("acsa negotiating", first, Observed.happened(first, last)),
        Spell("acsa signed", half, Observed.happened(last)),
        Spell("acsa in_force", last + 0.5, Observed.not_by(CALIBRATED_TO)),
    ]
    two = of(row("csdp_fpa", "signed", "2015-05"))
    mandated, negotiating, signed, _ = spells_of(two, "csdp_fpa")
    assert mandated.observed == Observed.happened(first, last)
    assert negotiating.observed.last == last and mandated.begin < negotiating.begin < signed.begin < last + 0.5


def test_of_a_file_with_something_kept_aside_nobody_knows_how_long_it_stood_still() -> None:
    known = row("ESP/acsa", "negotiating", "2012-05")
    open_ended = spells_of(of(known), "ESP/acsa")
    assert [spell.observed.censored for spell in open_ended] == [False, True]
    assert spells_of(of(known, row("ESP/acsa", "signed", "2014", "validate")), "ESP/acsa") == open_ended[:1]
    assert spells_of(of(known, row("ESP/acsa", "signed", "2025", "validate")), "ESP/acsa") == open_ended, "later"


def other_dates(change: Callable[[RecordRow], RecordRow | None]) -> Record:
    rows = [change(one) if one.use == "validate" and one.rank else one for one in ROWS]
    return of(*(one for one in rows if one is not None))


def moved(one: RecordRow) -> RecordRow:
    """Before or after the end of the window as it was, but on another day."""
    return one.model_copy(update={"date": "2020-01-01" if one.last <= CALIBRATED_TO else "2026-06-29"})


def gone_if_later(one: RecordRow) -> RecordRow | None:
    return one if one.last <= CALIBRATED_TO else None


@pytest.mark.parametrize("change", [moved, gone_if_later])
def test_spells_do_not_know_what_is_kept_for_validation(
    change: Callable[[RecordRow], RecordRow | None],
) -> None:
    other = other_dates(change)
    assert other.events(STARTS[0]) != record().events(STARTS[0])
    assert other.spells() == record().spells()


# When it happened in each run


COLUMNS = ["run", "quarter", "partner", "instrument", "stage"]
Rows = Sequence[tuple[int, int, str, str, str]]


def event(file: str, stage: str) -> Event:
    return Event(file, stage, "calibrate", Observed.not_by(CALIBRATED_TO), "", "")


EVENTS = [
    event("csdp_fpa", "negotiating"),
    event("csdp_fpa", "signed"),
    event("FRA/raa", "negotiating"),
    event("GBR/raa", "negotiating"),
    event("JPN/force", "step 1"),
    event("JPN/force", "step 2"),
]


def found(rows: Rows, steps: Sequence[tuple[int, int, int]], runs: int, origin: int) -> dict[str, list[int]]:
    trajectories = pd.DataFrame(steps, columns=["run", "quarter", "step_force"]).astype(int)
    transitions = pd.DataFrame(rows, columns=COLUMNS).astype({"run": int, "quarter": int})
    return times(EVENTS, transitions, trajectories, range(runs), origin)


def test_the_first_quarter_counts_in_each_run_from_the_origin_on() -> None:
    rows = [
        (0, 8050, "EU", "csdp_fpa", "negotiating"),
        (0, 8060, "EU", "csdp_fpa", "negotiating"),
        (0, 8070, "EU", "csdp_fpa", "negotiating"),
        (2, 8055, "EU", "csdp_fpa", "negotiating"),
        (1, 8061, "EU", "csdp_fpa", "signed"),
        (1, 8062, "FRA", "raa", "negotiating"),
        (2, 8055, "GBR", "raa", "negotiating"),
    ]
    steps = [(0, 8054, 0), (0, 8055, 2), (0, 8056, 2), (1, 8055, 1), (1, 8056, 2), (2, 8055, 0), (2, 8056, 0)]
    assert found(rows, steps, 3, 8055) == {
        "csdp_fpa negotiating": [8060, NEVER, 8055],
        "csdp_fpa signed": [NEVER, 8061, NEVER],
        "FRA/raa negotiating": [NEVER, 8062, NEVER],
        "GBR/raa negotiating": [NEVER, NEVER, 8055],
        "JPN/force step 1": [8055, 8055, NEVER],
        "JPN/force step 2": [8055, 8056, NEVER],
    }


def test_without_any_change_nothing_ever_happens() -> None:
    assert found([], [], 2, 8055) == {one.name: [NEVER, NEVER] for one in EVENTS}


def by_loop(one: Event, rows: Rows, steps: Sequence[tuple[int, int, int]], run: int, origin: int) -> int:
    """The twin of `times`, for one event and one run."""
    first = NEVER
    for number, quarter, partner, instrument, stage in rows:
        file = instrument if partner == "EU" else f"{partner}/{instrument}"
        if number == run and quarter >= origin and (file, stage) == (one.file, one.stage):
            first = min(first, quarter)
    for number, quarter, step in steps:
        if number == run and quarter >= origin and one.file == "JPN/force" and step >= int(one.stage[-1]):
            first = min(first, quarter)
    return first


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(8050, 8060),
        st.sampled_from(["EU", "FRA", "GBR"]),
        st.sampled_from(["csdp_fpa", "raa"]),
        st.sampled_from(["negotiating", "signed"]),
    ),
    max_size=30,
)
STEPS = st.lists(st.tuples(st.integers(0, 4), st.integers(8050, 8060), st.integers(0, 2)), max_size=20)


@given(rows=CHANGES, steps=STEPS, origin=st.integers(8050, 8061))
def test_times_agree_with_a_plain_loop(rows: Rows, steps: list[tuple[int, int, int]], origin: int) -> None:
    quarters = found(rows, steps, 5, origin)
    for one in EVENTS:
        assert quarters[one.name] == [by_loop(one, rows, steps, run, origin) for run in range(5)]
        assert (np.array(quarters[one.name]) >= origin).all()
