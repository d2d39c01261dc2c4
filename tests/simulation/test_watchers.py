"""What is told at the edges that histories seldom meet: a phase is acted by hand while its watcher looks on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from agents.institutions.council import MONEY, Topic
from agents.japan import AMENDED, FORCE, REINTERPRETED
from config import LADDERS, NEVER, PARTNERS, Settings, resolve
from simulation.chronicle import Chronicle, Event
from simulation.delivery import Means
from simulation.instruments import NEGOTIATING, NO_FILE, SIGNED
from simulation.negotiation import Terms
from simulation.tracks import SIGNED as RUNG_SIGNED
from simulation.watchers import WATCHERS
from simulation.watchers.files import ONLY, ballot
from tests.simulation.playing import SEED
from tests.twin.portable import logistic

HALF = 0.5
JUST_ABOVE = float(np.nextafter(HALF, 1))


@cache
def world(policy: str, overrides: tuple[tuple[str, Any], ...]) -> Settings:
    return resolve("outlook", policy, dict(overrides))


def quarter(overrides: dict[str, Any] | None = None, policy: str = "none") -> Chronicle:
    """The story after its first quarter."""
    chronicle = Chronicle(world(policy, tuple((overrides or {}).items())), 0, SEED)
    chronicle.step()
    return chronicle


def nothing() -> None:
    """Act nothing."""


def noted(c: Chronicle, phase: str, act: Callable[[], None] = nothing, *kinds: str) -> list[Event]:
    """What is told of a phase in which just this happens; of these kinds, where some are given."""
    before = len(c.events)
    with WATCHERS[phase](c):
        act()
    return [event for event in c.events[before:] if not kinds or event.kind in kinds]


def numbers(events: list[Event], *names: str) -> list[tuple[float, ...]]:
    return [tuple(event.numbers[name] for name in names) for event in events]


def named(events: list[Event], role: str) -> list[tuple[str, ...]]:
    return [event.details.get(role, ()) for event in events]


def relative(level: float, ambition: float) -> float:
    """The relative depth that comes to just this level."""
    near = level / ambition
    return next(float(x) for x in (near, np.nextafter(near, 0), np.nextafter(near, 9)) if x * ambition == level)


def members(c: Chronicle) -> list[str]:
    return [c.codes[row] for row in c.member_states.rows]


# Japan and the states


@pytest.mark.parametrize(("seats", "majority"), [(HALF, 0), (JUST_ABOVE, 1)])
def test_half_of_the_seats_is_no_majority(seats: float, majority: int) -> None:
    c = quarter()

    def elect() -> None:
        c.diet.lower, c.diet.upper, c.diet.quarters_sat = np.array([seats]), np.array([seats]), np.array([0])

    found = noted(c, "elect", elect, "lower_house", "upper_house")
    assert numbers(found, "majority", "share") == [(majority, seats)] * 2
    k = c.partnership.place["spa_framework"]
    c.partnership.file[k], c.partnership.age[k], c.partnership.japan_ready[k] = SIGNED, 1, False

    def approve() -> None:
        c.partnership.japan_ready[k] = True

    assert numbers(noted(c, "ratify", approve, "diet"), "majority") == [(majority,)]


def test_a_stance_at_the_limit_is_not_yet_a_spoilers() -> None:
    c = quarter()
    states, limit = c.member_states, float(np.ravel(c.parameters.governments.spoiler)[0])
    beyond = float(np.nextafter(limit, -9))
    before = {"AUT": limit, "BEL": limit, "BGR": beyond, "CYP": beyond}
    after = {"AUT": limit, "BEL": beyond, "BGR": limit, "CYP": beyond}
    for iso, stance in before.items():
        states.stance[c.codes.index(iso)] = stance

    def elect() -> None:
        states.elected = np.array([[iso in after] for iso in c.codes])
        for iso, stance in after.items():
            states.stance[c.codes.index(iso)] = stance

    found = noted(c, "elect", elect, "governments", "spoiler", "spoiler_leaves")
    told = [(event.kind, event.actors, "again" in event.details) for event in found]
    assert told == [("spoiler", ("BEL",), False), ("spoiler_leaves", ("BGR",), False), ("spoiler", ("CYP",), True),
                    ("governments", ("AUT",), False)]  # fmt: skip


@pytest.mark.parametrize("shock", [False, True])
@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        (0, 1, ["guideline"]),
        (1, 1, ["guideline"]),
        (2, 8, ["guideline"]),
        (2, 1, []),
        (1, 0, ["guideline_ends"]),
        (0, 0, []),
    ],
)
def test_a_guideline_is_told_when_it_is_new_and_when_it_ends(
    before: int, after: int, kinds: list[str], shock: bool
) -> None:
    c = quarter()
    c.european_council.guideline_left, c.pressures.shock = np.array([before]), np.array([shock])

    def meet() -> None:
        c.european_council.guideline_left = np.array([after])

    found = noted(c, "elect", meet, "guideline", "no_guideline", "guideline_ends")
    assert [event.kind for event in found] == ["no_guideline"] * (shock and kinds != ["guideline"]) + kinds
    assert all(event.numbers["quarters"] == after for event in found if event.kind == "guideline")


@pytest.mark.parametrize(
    ("policy", "strength", "before", "after", "lever"),
    [
        ("amendment", 5, 0, AMENDED, ("amendment",)),
        ("amendment", 5, 1, REINTERPRETED, ()),
        ("amendment", 0, 2, AMENDED, ()),
        ("reinterpretation", 5, 1, REINTERPRETED, ("reinterpretation",)),
        ("reinterpretation", 5, 2, AMENDED, ()),
        ("reinterpretation", 0, 1, REINTERPRETED, ()),
        ("none", 5, 2, AMENDED, ()),
    ],
)
def test_a_step_is_a_levers_where_its_draw_carried_it(
    policy: str, strength: float, before: int, after: int, lever: tuple[str, ...]
) -> None:
    overrides = {"levers.amendment_strength": strength, "levers.reinterpretation_strength": strength}
    starts = {} if policy == "none" else {f"levers.{policy}_from": "start"}
    c = quarter({**overrides, **starts}, policy)
    c.constitution.step[FORCE] = before

    def climb() -> None:
        c.constitution.step[FORCE] = after

    (event,) = noted(c, "take_positions", climb)
    assert (event.kind, event.details["ladder"]) == ("ladder", (LADDERS[FORCE],))
    assert (event.numbers["step_before"], event.numbers["step"]) == (before, after)
    assert event.details.get("lever", ()) == lever


# Files


@pytest.mark.parametrize("slug", ["hybrid_fimi", "security_of_information", "edf_participation"])
def test_the_forecast_is_the_chance_that_what_passes_is_worth_signing(slug: str) -> None:
    c = quarter({"files.forecast_width": 0.2})
    k = c.partnership.place[slug]
    one = c.partnership.catalogue[k]
    c.partnership.file[k] = NO_FILE

    def open_talks() -> None:
        c.partnership.file[k] = NEGOTIATING

    (event,) = noted(c, "open_files", open_talks)
    passes = min(1.0, float(c.council.passes_without_noise(one)[0]) / one.ambition)
    wanted = logistic((passes - float(c.negotiation.terms.least[k, 0])) / 0.2)
    assert event.kind == "negotiating" and event.numbers["forecast"] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("acceptance", [0.2, 0.6, 1.2])
def test_each_voter_stands_to_the_draft_as_its_bounds_say(acceptance: float) -> None:
    c = quarter({"council.acceptance": acceptance, "council.file_noise": 0.1})
    met: dict[str, int] = {}
    for k, one in enumerate(c.partnership.catalogue):
        found = ballot(c, k)
        assert (found is None) == (one.rule == "R0")
        if found is None:
            continue
        level, (accept, veto, declared) = c.council.passes(k, one, ONLY)
        draft = float(c.negotiation.terms.draft[k, 0]) * one.ambition
        least = float(c.negotiation.terms.least[k, 0]) * one.ambition
        wanted: dict[str, list[str]] = {
            "opposed": [],
            "declared": [],
            "abstained": [],
            "in favour": [],
            "vetoed_by": [],
        }
        for place, row in enumerate(c.council.voters(one).rows):
            tolerates, quiet, likes = float(veto[place, 0]), float(declared[place, 0]), float(accept[place, 0])
            stands = "in favour" if draft <= likes else "abstained" if draft <= quiet else "declared"
            wanted["opposed" if draft > tolerates else stands].append(c.codes[row])
            if (likes if one.rule == "R7" else tolerates) < least:
                wanted["vetoed_by"].append(c.codes[row])
        for stands, states in wanted.items():
            assert stands == "in favour" or getattr(found, stands) == states, (one.slug, stands)
            met[stands] = met.get(stands, 0) + len(states)
        assert found.passes == min(1.0, float(level[0]) / one.ambition)
        assert bool(found.pivotal) == (found.passes * one.ambition < draft - 1e-12), one.slug
    assert met["opposed"] or met["in favour"]


def test_the_first_of_the_members_can_be_the_pivot() -> None:
    c = quarter()
    k = c.partnership.place["osa_coordination"]
    c.council.noise[k][:] = 9.0
    c.council.noise[k][c.codes.index("AUT")] = -9.0
    found = ballot(c, k)
    assert found is not None and found.pivotal == ["AUT"]
    c.council.noise[k][:] = 9.0
    found = ballot(c, k)
    assert found is not None and found.pivotal == [] and found.opposed == []


def test_who_goes_just_so_far_does_not_stand_against() -> None:
    c = quarter()
    k = c.partnership.place["osa_coordination"]
    one, (_, bounds) = c.partnership.catalogue[k], c.council.passes(k, c.partnership.catalogue[k], ONLY)
    for kind in ("accept", "declared", "veto"):
        bound = getattr(bounds, kind)[:, 0]
        voter = int(np.argsort(bound)[3])
        at = np.full_like(c.negotiation.terms.cap, relative(float(bound[voter]), one.ambition))
        c.negotiation.terms = Terms(cap=at, wish=at, mid=at, least=at)
        found = ballot(c, k)
        assert found is not None
        code = c.codes[c.council.voters(one).rows[voter]]
        beyond = {
            "accept": found.abstained + found.declared + found.opposed,
            "declared": found.declared + found.opposed,
        }
        assert code not in beyond.get(kind, found.opposed + found.vetoed_by)
        assert len(beyond.get(kind, found.opposed)) == 3


@pytest.mark.parametrize(
    ("slug", "ripe", "least", "agreed", "vetoed"),
    [
        ("hybrid_fimi", True, 1.0, False, True),
        ("hybrid_fimi", False, 1.0, False, False),  # no vote was due
        ("hybrid_fimi", True, 0.0, False, False),  # nothing is less than that
        ("hybrid_fimi", True, 1.0, True, False),  # by majority nobody has a veto
        ("osa_coordination", True, 1.0, True, True),  # of which defence is left out
        ("edf_participation", True, 1.0, False, False),  # nor is it ever unanimous
    ],
)
def test_a_veto_is_told_where_one_state_can_stop_what_is_ripe(
    slug: str, ripe: bool, least: float, agreed: bool, vetoed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    c = quarter({"levers.qmv_from": "start", "levers.qmv_strength": 1.0}, "qmv")
    k = c.partnership.place[slug]
    c.european_council.passerelle = np.array([agreed])
    c.council.noise[k][:] = -9.0
    c.partnership.file[k] = NEGOTIATING
    c.negotiation.concluded[:] = False
    c.negotiation.terms = replace(c.negotiation.terms, least=np.full_like(c.negotiation.terms.least, least))
    monkeypatch.setattr(c.council, "_slack", np.zeros_like(c.council.noise[k]))
    monkeypatch.setattr(c.council, "_standings", {})
    monkeypatch.setattr(c.negotiation, "ripe", lambda: np.full(c.partnership.file.shape, ripe))
    found = [event for event in noted(c, "negotiate", nothing, "veto") if event.instruments == (slug,)]
    assert named(found, "vetoed_by") == [tuple(members(c))] * vetoed


@pytest.mark.parametrize(
    ("slug", "aut", "cap", "mid", "least", "held", "actors"),
    [
        ("osa_coordination", -9.0, 1.0, 1.0, 0.9, "council", ("AUT",)),
        ("osa_coordination", -9.0, 1.0, 1.0, None, "", ()),  # what passes is just worth it
        ("osa_coordination", 9.0, 0.5, 1.0, 0.6, "ladder", ("JPN",)),
        ("osa_coordination", 9.0, 0.5, 1.0, 0.5, "", ()),  # so is the draft
        ("cyber_dialogue", 9.0, 1.0, 0.5, 0.6, "midpoint", ("JPN",)),
    ],
)
def test_talks_stall_below_what_is_worth_signing(
    slug: str, aut: float, cap: float, mid: float, least: float | None, held: str, actors: tuple[str, ...]
) -> None:
    c = quarter()
    k = c.partnership.place[slug]
    c.council.noise[k][:] = 9.0
    c.council.noise[k][c.codes.index("AUT")] = aut
    c.partnership.file[k], c.negotiation.concluded[k] = NEGOTIATING, False
    found = ballot(c, k)
    passes = 1.0 if found is None else found.passes
    each = {"cap": cap, "mid": mid, "wish": 1.0, "least": passes if least is None else least}
    full = {name: np.full_like(c.negotiation.terms.cap, value) for name, value in each.items()}
    c.negotiation.terms = Terms(**full)
    told = [event for event in noted(c, "negotiate", nothing, "stalled") if event.instruments == (slug,)]
    assert [event.actors for event in told] == [actors] * bool(held)
    assert named(told, "held_by") == [(held,)] * bool(held)
    assert named(told, "pivotal") == [actors if held == "council" else ()] * bool(held)
    assert numbers(told, "passes") == [(passes,)] * bool(held)


def topic(c: Chronicle, name: str, opposed: tuple[str, ...], vetoed: bool) -> Topic:
    """A topic on which these states are opposed."""
    rows, one = c.member_states.rows, np.array([True])
    here = np.array([[c.codes[row] in opposed] for row in rows])
    return Topic(name, one, np.array([0.7]), rows, here, ~here, one & vetoed, one & vetoed)


def test_who_stops_other_business_is_told_and_who_is_outvoted() -> None:
    c = quarter()
    c.council.agenda = [topic(c, "russia", ("HUN", "SVK"), True), topic(c, "china", ("HUN",), False),
                        topic(c, "enlargement", (), False)]  # fmt: skip
    found = noted(c, "negotiate", nothing, "blocked", "outvoted", "bargain")
    assert [(event.kind, event.details["topic"]) for event in found] == [
        ("blocked", ("russia",)),
        ("outvoted", ("china",)),
    ]
    assert named(found, "blocked_by") == [("HUN", "SVK"), ()] and named(found, "opposed") == [(), ("HUN",)]
    assert numbers(found, "asked") == [(0.7,)] * 2


@pytest.mark.parametrize("lift", [0.0, 1.0])
@pytest.mark.parametrize("elected", [False, True])
@pytest.mark.parametrize("holds", [False, True])
def test_a_block_of_money_is_told_of_those_who_did_not_hold_it_before(holds: bool, elected: bool, lift: float) -> None:
    c = quarter({"business.lift": lift})
    hungary = c.codes.index("HUN")
    c.council.holding = np.zeros_like(c.council.holding)
    c.council.holding[hungary] = holds
    c.member_states.elected = np.zeros_like(c.member_states.elected)
    c.member_states.elected[hungary] = elected
    c.council.agenda = [topic(c, MONEY, ("HUN", "SVK"), True)]
    found = noted(c, "negotiate", nothing, "blocked", "outvoted", "bargain")
    kept, bargain = holds and not elected and not lift, bool(holds and lift)
    assert named([one for one in found if one.kind == "blocked"], "blocked_by") == [
        ("SVK",) if kept else ("HUN", "SVK")
    ]
    assert [one.actors for one in found if one.kind == "bargain"] == [("HUN",)] * bargain
    assert len(found) == 1 + bargain


def test_parliament_consents_or_withholds_and_is_told_once_until_it_changes() -> None:
    c = quarter()
    k = c.partnership.place["spa_framework"]
    c.partnership.file[k], c.partnership.age[k], c.partnership.drafted[k] = SIGNED, 1, 0.75

    def told(position: float) -> list[tuple[str, tuple[str, ...], float]]:
        c.european_parliament.position = np.array([position])
        found = noted(c, "ratify", nothing, "parliament_consents", "parliament_withholds")
        return [(one.kind, one.instruments, one.numbers["level"]) for one in found]

    level = 0.75 * c.partnership.catalogue[k].ambition
    no, yes = ("parliament_withholds", ("spa_framework",), level), ("parliament_consents", ("spa_framework",), level)
    assert [told(0.0), told(0.0), told(1.0), told(1.0), told(0.0)] == [[no], [], [yes], [], [no]]

    def conclude() -> None:
        c.partnership.file[k] = NO_FILE

    noted(c, "ratify", conclude)
    c.partnership.file[k] = SIGNED
    assert told(0.0) == [no], "the next agreement is another"
    c.partnership.age[k] = 0
    assert told(1.0) == [], "nothing in the quarter of the signature"


def test_members_that_ratify_are_told_and_the_last_three_that_are_missing() -> None:
    c = quarter()
    k, everyone = c.partnership.place["spa_framework"], members(c)
    c.partnership.file[k], c.partnership.age[k] = SIGNED, 1
    c.ratifications.needed[k][:] = 1.0
    c.partnership.ratified[k][:] = 0.0

    def told(states: list[str]) -> list[tuple[tuple[str, ...], float, tuple[str, ...]]]:
        def ratify() -> None:
            for iso in states:
                c.partnership.ratified[k][c.codes.index(iso)] = 1.0

        found = noted(c, "ratify", ratify, "ratified")
        assert all(one.numbers["members"] == len(everyone) for one in found)
        return [
            (one.details["ratified_by"], one.numbers["ratified"], one.details.get("still_missing", ())) for one in found
        ]

    many, last = everyone[:-4], everyone[-4:]
    assert told(many) == [(tuple(many), len(many), ())]
    assert told(last[:1]) == [(tuple(last[:1]), len(many) + 1, tuple(last[1:]))]
    assert told([]) == []
    assert told(last) == [(tuple(last[1:]), len(everyone), ())]


# Money


@pytest.mark.parametrize("stock", [0.0, 0.5])
@pytest.mark.parametrize("paid", [0.0, 0.5])
def test_sums_below_a_million_are_told(paid: float, stock: float) -> None:
    c = quarter()
    c.peace_facility.blocked_stock = np.array([stock])

    def pay() -> None:
        c.peace_facility.paid_ukraine, c.peace_facility.paid_indo_pacific = np.array([paid]), np.array([paid])

    found = noted(c, "pay", pay, "money_ukraine", "money_released", "money_south_east_asia")
    kind = "money_released" if stock else "money_ukraine"
    assert [event.kind for event in found] == [kind, "money_south_east_asia"] * (paid > 0)
    assert numbers(found, "paid") == [(paid,)] * (2 * (paid > 0))


def test_the_second_vote_on_southeast_asia_is_told_when_somebody_stops_it() -> None:
    c = quarter({"council.acceptance": 0.5, "council.tolerance": 0.3})
    at, k = c.partnership, c.partnership.place["epf_sea"]
    one = at.catalogue[k]
    passes, bounds = c.council.passes(k, one, ONLY)
    most = float(passes[0])
    just = relative(most, one.ambition)

    def told(agreed: float) -> list[tuple[str, ...]]:
        at.agreed[k] = agreed
        found = noted(c, "pay", nothing, "money_south_east_asia_blocked")
        assert numbers(found, "level", "passes") == [(agreed * one.ambition, most)] * len(found)
        return named(found, "blocked_by")

    def against(agreed: float) -> tuple[str, ...]:
        rows = c.council.voters(one).rows
        return tuple(c.codes[row] for row, v in zip(rows, bounds.veto[:, 0], strict=True) if agreed * one.ambition > v)

    at.in_force[k] = False
    assert told(1.0) == [], "nothing is in force"
    at.in_force[k] = True
    assert told(just) == [], "what passes is paid"
    assert 0 < len(against(0.9)) < len(members(c)) and against(0.9) != against(just + 1e-9)
    assert [told(0.9), told(0.9), told(just + 1e-9)] == [[against(0.9)], [], [against(just + 1e-9)]]
    third = relative(float(np.sort(bounds.veto[:, 0])[2]), one.ambition)
    assert told(third) == [against(third)] and len(against(third)) == 2, "who tolerates just as much is not against it"
    assert [told(just), told(just + 1e-9)] == [[], [against(just + 1e-9)]], "the same again is news by now"


# Deeds


def deed(c: Chronicle, done: float, agreed: float = 1.0, slug: str = "osa_coordination") -> list[str]:
    """Kinds told of an agreement of which so much is carried out at the end of a quarter."""
    k = c.partnership.place[slug]
    c.partnership.in_force[k], c.partnership.agreed[k] = True, agreed

    def carry_out() -> None:
        c.partnership.operational[k] = done

    kinds = [event.kind for event in noted(c, "carry_out", carry_out) if event.instruments == (slug,)]
    c.quarter += 1
    return kinds


def test_an_agreement_is_carried_out_from_nine_tenths_and_again_when_it_is_deepened() -> None:
    c = quarter()
    assert [deed(c, 0.8999), deed(c, 0.9), deed(c, 1.0), deed(c, 0.9)] == [[], ["carried_out"], [], []]
    assert [deed(c, 0.45, 0.5), deed(c, 0.45, 0.5)] == [["carried_out", "fades"], []]
    c.quarter = c.settings.start
    assert deed(c, 0.9, 0.99) == [], "what was so at the start is no news"


def test_a_deed_fades_below_three_quarters_of_its_last_height() -> None:
    c = quarter()
    assert [deed(c, done) for done in (0.5, 0.375, 0.3749, 0.3, 0.28)] == [[], [], ["fades"], [], ["fades"]]
    faded = [event for event in c.events if event.kind == "fades" and event.instruments == ("osa_coordination",)]
    assert numbers(faded, "before", "operational") == [(0.5, 0.3749), (0.3749, 0.28)]


def test_an_agreement_lies_idle_after_eight_quarters_below_half() -> None:
    c = quarter()
    assert [deed(c, 0.4) for _ in range(8)] == [[]] * 8
    assert [deed(c, 0.5), deed(c, 0.4999), deed(c, 0.4999)] == [[], ["idle"], []]
    idle = [event for event in c.events if event.kind == "idle" and event.instruments == ("osa_coordination",)]
    assert numbers(idle, "quarters", "operational") == [(9, 0.4999)]
    other = quarter()
    assert [deed(other, 0.4) for _ in range(9)] == [[]] * 8 + [["idle"]]
    assert [deed(other, 0.4, 0.99) for _ in range(9)] == [[]] * 8 + [["idle"]], "deepened, it has eight quarters again"


@pytest.mark.parametrize("with_file", [False, True])
@pytest.mark.parametrize("on_record", [False, True])
def test_what_lapses_is_told_with_what_it_was_and_forgotten(on_record: bool, with_file: bool) -> None:
    c = quarter()
    k = c.partnership.place["osa_coordination"]
    assert [deed(c, 0.9), deed(c, 0.9)] == [["carried_out"], []]
    c.partnership.file[k] = NEGOTIATING if with_file else NO_FILE
    c.partnership.lapses[k] = c.quarter if on_record else NEVER

    def lapse() -> None:
        c.partnership.lapse(k, np.array([True]))

    (event,) = noted(c, "carry_out", lapse, "lapsed")
    assert (event.numbers["agreed"], event.numbers["operational"]) == (1.0, 0.9)
    assert ("by" in event.details, "with_it" in event.details) == (on_record, with_file)
    assert noted(c, "carry_out", nothing, "lapsed") == []
    assert [deed(c, 0.3), deed(c, 0.9)] == [[], ["carried_out"]], "the next one is told anew"
    assert [deed(c, 0.8999) for _ in range(9)] == [[]] * 9


@pytest.mark.parametrize(
    ("slug", "spare", "resources", "framework", "dialogue", "lack"),
    [
        ("naval_exercise", 0.9, 0.5, 0.3, 1.2, "framework"),
        ("naval_exercise", 0.1, 0.5, 0.7, 1.2, "money"),
        ("naval_exercise", 0.9, 0.65, 0.7, 1.2, "attention"),
        ("naval_exercise", 0.9, 0.55, 0.7, 1.2, "money"),
        ("naval_exercise", 0.9, 0.5, 0.5, 1.0, "framework"),
        ("cyber_dialogue", 0.65, 0.1, 0.1, 1.2, "attention"),
        ("cyber_dialogue", 0.55, 0.9, 0.1, 1.2, "money"),
        ("cyber_dialogue", 0.5, 0.9, 0.1, 1.0, "money"),
    ],
)
def test_what_is_scarcest_is_lacking(
    slug: str, spare: float, resources: float, framework: float, dialogue: float, lack: str
) -> None:
    """Attention is the dialogue factor against its most, 1 + 2 * 0.5; civil deeds need no framework and other means."""
    c = quarter({"files.dialogue": 0.5})
    deed(c, 0.8, slug=slug)
    c.delivery.means = Means(*(np.array([part]) for part in (spare, resources, framework, dialogue)))
    assert deed(c, 0.1, slug=slug) == ["fades"]
    assert named(c.events[-1:], "lack") == [(lack,)]


def test_regimes_begin_at_their_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    c, told = quarter(), []
    for depth in (0.2499, 0.25, 0.5999, 0.6, 0.5999, 0.2499):
        monkeypatch.setattr(c.partnership, "operational_depth", np.array([depth]))
        found = noted(c, "carry_out", nothing, "regime")
        told.append([one.details["before"] + one.details["after"] for one in found])
    up, down = [("symbolic", "functional"), ("functional", "strategic")], [("strategic", "functional")]
    assert told[1:] == [up[:1], [], up[1:], down, [("functional", "symbolic")]]


@pytest.mark.parametrize(("slug", "step", "waits"), [
    ("co_development", 1, True), ("co_development", 2, False), ("acsa", 0, False),
])  # fmt: skip
def test_a_signed_rung_that_japan_does_not_yet_permit_waits(slug: str, step: int, waits: bool) -> None:
    c = quarter()
    place, partner = c.tracks.slugs.index(slug), PARTNERS.index("SWE")
    c.constitution.step[LADDERS.index("transfers")] = step

    def sign() -> None:
        c.tracks.stage[partner, place] = RUNG_SIGNED

    found = noted(c, "climb_tracks", sign, "signed", "waits_for_ladder")
    assert [event.kind for event in found] == ["signed", "waits_for_ladder"][: 1 + waits]
    assert all((event.actors, event.instruments) == (("SWE", "JPN"), (slug,)) for event in found)
    assert not waits or (found[1].details["ladder"], found[1].details["partner"]) == (("transfers",), ("SWE",))
