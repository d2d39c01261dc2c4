"""The chronicle tells what was recorded, all of it and nothing else, and leaves the history as it is."""

import json
from collections import Counter
from functools import cache

import numpy as np
import pytest

from agents.institutions.peace_facility import PeaceFacility
from config import PRESSURES, Settings, quarter_index, resolve
from simulation.chronicle import Chronicle, Event
from simulation.instruments import RATIFIED_BY_MEMBERS
from simulation.recorder import STAGES
from simulation.sentences import BODIES, SENTENCES, Names, euros, joined, sentence, signed
from tests.simulation.playing import SEED, assert_same, play

CASES = [
    ("outlook", "none", 17),
    ("hindcast", "none", 3),
    ("taiwan_crisis", "qmv", 5),
    ("outlook", "framework+indo_pacific_strategy+dialogue", 8),
    ("outlook", "lift_fragmentation+amendment", 2),
    ("russian_victory", "lift_constitution+lift_attention", 12),
]
"""Scenarios, policies and runs that between them show nearly every kind of event."""


@cache
def settings_of(scenario: str, policy: str) -> Settings:
    return resolve(scenario, policy)


@cache
def told(scenario: str, policy: str, run: int) -> Chronicle:
    chronicle = Chronicle(settings_of(scenario, policy), run, SEED)
    chronicle.run()
    return chronicle


@pytest.fixture(params=CASES, ids=lambda case: "-".join(map(str, case)))
def chronicle(request: pytest.FixtureRequest) -> Chronicle:
    return told(*request.param)


def of_kind(chronicle: Chronicle, *kinds: str) -> list[Event]:
    return [event for event in chronicle.events if event.kind in kinds]


def by_quarter(chronicle: Chronicle, events: list[Event], number: str) -> list[float]:
    """Sums of a number over the events of each quarter of the run, added in the order of the story."""
    sums = dict.fromkeys(chronicle.tables()["trajectories"]["quarter"].tolist(), 0.0)
    for event in events:
        sums[event.quarter] += event.numbers[number]
    return list(sums.values())


# The history is that of a model without a chronicle


@pytest.mark.parametrize(("scenario", "policy", "run"), CASES)
def test_a_chronicle_changes_no_bit_of_its_run(scenario: str, policy: str, run: int) -> None:
    assert_same(told(scenario, policy, run).tables(), play(settings_of(scenario, policy), [run]))


def test_two_chronicles_of_a_run_tell_the_same() -> None:
    again = Chronicle(settings_of("outlook", "none"), 17, SEED)
    again.run()
    assert again.events == told("outlook", "none", 17).events


# What is told is what was recorded


def test_every_recorded_transition_is_told_once_and_nothing_else(chronicle: Chronicle) -> None:
    table = chronicle.tables()["transitions"]
    recorded = Counter(zip(*(table[name] for name in ("quarter", "partner", "instrument", "stage")), strict=True))
    found = Counter(event.transition for event in chronicle.events if event.transition is not None)
    assert found == recorded
    assert set(found.values()) == {1}


def test_every_euro_of_the_trajectories_is_in_the_story(chronicle: Chronicle) -> None:
    table = chronicle.tables()["trajectories"]
    ukraine = by_quarter(chronicle, of_kind(chronicle, "money_ukraine", "money_released"), "paid")
    sea = by_quarter(chronicle, of_kind(chronicle, "money_south_east_asia"), "paid")
    np.testing.assert_array_equal(ukraine, table["peace_facility_ukraine"])
    np.testing.assert_array_equal(sea, table["peace_facility_indo_pacific"])


def test_a_chronicle_that_is_not_told_which_tells_run_0() -> None:
    unsaid, first = Chronicle(settings_of("outlook", "none")), Chronicle(settings_of("outlook", "none"), 0, 1)
    unsaid.run()
    first.run()
    assert unsaid.events == first.events


def test_what_was_released_had_been_blocked(chronicle: Chronicle) -> None:
    """Stock at the start and all blocked requests are what was released and what still waits."""
    start = chronicle.settings.table.peace_facility.blocked_eur_m
    blocked = sum(event.numbers["requested"] for event in of_kind(chronicle, "money_blocked"))
    released = sum(event.numbers["released"] for event in of_kind(chronicle, "money_released"))
    facility: PeaceFacility = chronicle.peace_facility
    assert start + blocked == pytest.approx(released + float(facility.blocked_stock[0]))


def test_vetoes_and_dilution_are_those_of_the_trajectories(chronicle: Chronicle) -> None:
    table = chronicle.tables()["trajectories"]
    events = of_kind(chronicle, "veto", "blocked")
    stopped = Counter(event.quarter for event in events)
    assert [stopped[quarter] for quarter in table["quarter"].tolist()] == table["vetoes"].tolist()
    dilution = by_quarter(chronicle, of_kind(chronicle, "vote"), "dilution")
    np.testing.assert_array_equal(dilution, table["dilution"])


def test_ladders_in_the_story_end_where_the_trajectories_end(chronicle: Chronicle) -> None:
    table = chronicle.tables()["trajectories"]
    for ladder in ("force", "transfers", "secrecy", "missions"):
        steps = [event for event in of_kind(chronicle, "ladder") if event.details["ladder"] == (ladder,)]
        last = getattr(chronicle.settings.table.ladders, ladder)
        for event in steps:
            assert event.numbers["step_before"] == last
            last = event.numbers["step"]
        assert last == table[f"step_{ladder}"][-1]


# Who is named may be named


def test_pivotal_states_and_those_who_oppose_are_voters(chronicle: Chronicle) -> None:
    catalogue = {one.slug: one for one in chronicle.settings.instruments}
    members = {one.iso3: one for one in chronicle.settings.members}
    for event in of_kind(chronicle, "vote", "veto", "stalled", "withdrawn"):
        one = catalogue[event.instruments[0]]
        roles = ("pivotal", "vetoed_by", "opposed", "abstained_declared", "abstained")
        states = [code for role in roles for code in event.details.get(role, ())]
        for code in states:
            assert members[code].has("member", event.quarter)
            assert not (one.defence and members[code].has("opt_out", event.quarter))
            assert one.rule != "R9" or members[code].has("pesco", event.quarter)


def test_nobody_votes_in_two_ways(chronicle: Chronicle) -> None:
    for event in of_kind(chronicle, "vote"):
        states = [
            code for role in ("opposed", "abstained_declared", "abstained") for code in event.details.get(role, ())
        ]
        assert len(states) == len(set(states))


def test_a_draft_is_the_smallest_of_what_the_two_sides_bring(chronicle: Chronicle) -> None:
    for event in of_kind(chronicle, "vote", "veto", "stalled", "reopened"):
        n = event.numbers
        assert n["draft"] == min(n["midpoint"], n["cap"], n["wish"])


def test_a_thinned_out_draft_enters_at_what_passes(chronicle: Chronicle) -> None:
    for event in of_kind(chronicle, "vote"):
        kinds = ("signed", "in_force", "deepened", "deepening_signed")
        signed = [
            other
            for other in of_kind(chronicle, *kinds)
            if other.quarter == event.quarter and other.instruments == event.instruments
        ]
        assert signed[0].numbers["depth"] == min(event.numbers["draft"], event.numbers["passes"])


def test_actors_and_instruments_are_known(chronicle: Chronicle) -> None:
    states = {one.iso3 for one in chronicle.settings.members}
    slugs = {one.slug for one in chronicle.settings.instruments} | {one.slug for one in chronicle.settings.rungs}
    for event in chronicle.events:
        assert set(event.actors) <= states | set(BODIES) | set(PRESSURES)
        assert len(set(event.actors)) == len(event.actors)
        assert set(event.instruments) <= slugs


def test_all_members_ratify_before_a_mixed_agreement_is_concluded(chronicle: Chronicle) -> None:
    mixed = {one.slug for one in chronicle.settings.instruments if one.rule in RATIFIED_BY_MEMBERS}
    if chronicle.levers.on("lift_fragmentation"):
        assert not of_kind(chronicle, "ratified")
        return
    done: dict[str, Event] = {}
    for event in of_kind(chronicle, "ratified", "union_concludes"):
        slug = event.instruments[0]
        if event.kind == "ratified":
            assert slug in mixed
            done[slug] = event
        elif slug in mixed:
            assert done[slug].numbers["ratified"] == done[slug].numbers["members"]
            assert "still_missing" not in done[slug].details


def test_a_history_from_2010_tells_who_ratified() -> None:
    events = of_kind(told("hindcast", "none", 3), "ratified")
    framework = [event for event in events if event.instruments == ("spa_framework",)]
    states = [code for event in framework for code in event.details["ratified_by"]]
    assert 0 < len(states) == len(set(states))


# Sentences


def test_sentences_are_short_and_whole(chronicle: Chronicle) -> None:
    for event in chronicle.events:
        assert event.text[0] == event.text[0].upper()
        assert event.text.endswith(".")
        assert len(event.text) < 500
        assert "  " not in event.text
        assert not set(event.text) & set("{}[]_")


def test_sentences_are_functions_of_the_event(chronicle: Chronicle) -> None:
    for event in chronicle.events:
        assert sentence(event, chronicle.names) == event.text


def test_every_kind_has_a_sentence_and_nearly_every_kind_is_met() -> None:
    met = {event.kind for case in CASES for event in told(*case).events}
    assert met <= set(SENTENCES)
    assert set(STAGES) <= set(SENTENCES)
    assert len(met) >= 0.7 * len(SENTENCES)


def test_a_veto_reads_as_such() -> None:
    names = Names({"HUN": "Hungary"}, {"csdp_fpa": "Framework participation agreement"})
    event = Event(8105, "veto", ("HUN",), ("csdp_fpa",), {}, {"vetoed_by": ("HUN",)})
    assert sentence(event, names) == "Framework participation agreement: vetoed by Hungary."


def test_lists_and_money_in_prose() -> None:
    assert [joined([]), joined(["a"]), joined(["a", "b"]), joined(["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert [signed(-0.001, 2), signed(0.25, 1), signed(-1.25, 1)] == ["+0.00", "+0.2", "-1.2"]
    assert [euros(0.25), euros(12.4), euros(1234.5)] == ["EUR 0.2 million", "EUR 12 million", "EUR 1,234 million"]


def test_the_story_is_in_order_of_time_and_begins_at_the_start(chronicle: Chronicle) -> None:
    quarters = [event.quarter for event in chronicle.events]
    assert quarters == sorted(quarters)
    assert (chronicle.events[0].kind, quarters[0]) == ("start", chronicle.settings.start)
    assert sum(event.kind == "start" for event in chronicle.events) == 1


def test_events_are_plain_json(chronicle: Chronicle) -> None:
    for event in chronicle.events:
        content = json.loads(json.dumps(event.as_json(), allow_nan=False))
        assert list(content) == ["quarter", "kind", "actors", "instruments", "numbers", "details", "text"]
        assert quarter_index(content["quarter"]) == event.quarter
