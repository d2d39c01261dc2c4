"""Events of the story against the history they tell: every event of a kind, when, who, with which numbers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from agents.institutions.council import MONEY
from config import LADDERS, NEVER, PARTNERS, PRESSURES, REGIMES, Settings, resolve
from simulation.chronicle import Chronicle, Event
from simulation.instruments import MANDATED, NEGOTIATING, NO_FILE, PROVISIONAL, SIGNED
from simulation.model import PartnershipModel
from tests.simulation.phases import ALL_LEVERS, lived
from tests.simulation.playing import SEED
from tests.simulation.test_chronicle import CASES as TOLD
from tests.simulation.test_chronicle import settings_of, told

CASES = [*TOLD[:4], ("taiwan_crisis", ALL_LEVERS, 11)]
FAST = ("csdp_fpa", "operational_framework")
BODIES = ("high_representative", "commission", "european_parliament")
CIVIL = ("political", "civil")

Case = tuple[str, str, int]
Plainly = tuple[int, str, tuple[str, ...], tuple[str, ...], dict[str, Any], dict[str, tuple[str, ...]]]


@cache
def history(case: Case) -> tuple[SimpleNamespace, ...]:
    """The same run by a model without a chronicle: what stood before the first quarter and at the end of each."""
    model = PartnershipModel(resolve(case[0], case[1]), [case[2]], SEED)
    first = moment(model)
    first.quarter -= 1
    return (first, *(moment(model) for _ in lived(model, "keep", lambda: None)))


def moment(model: PartnershipModel) -> SimpleNamespace:
    at, states, diet, n = model.partnership, model.member_states, model.diet, model.negotiation
    facility, council, tracks = model.peace_facility, model.council, model.tracks
    begun = model.quarter >= model.settings.start and hasattr(states, "elected")
    levers = model.parameters.levers
    return SimpleNamespace(
        quarter=model.quarter,
        on={name: model.levers.on(name) for name in ("qmv", "framework", "lift_fragmentation", "reinterpretation")},
        strength={name: first(getattr(levers, name)) for name in vars(levers) if name.endswith("_strength")},
        regime=model.pressures.regime[:, 0].tolist(),
        intensity=model.pressures.intensity[:, 0].tolist(),
        shock=bool(model.pressures.shock[0]) if begun else False,
        members=[states.facts[row].iso3 for row in states.rows],
        stance={one.iso3: float(states.stance[row, 0]) for row, one in enumerate(states.facts)},
        elected=[one.iso3 for row, one in enumerate(states.facts) if begun and states.elected[row, 0]],
        guideline=int(model.european_council.guideline_left[0]),
        passerelle=bool(model.european_council.passerelle[0]),
        ambition={name: float(getattr(model, name).ambition[0]) for name in BODIES},
        lower=float(diet.lower[0]), upper=float(diet.upper[0]), partner=bool(diet.partner[0]),
        sat=int(diet.quarters_sat[0]), cabinet=float(model.cabinet.stance[0]), support=float(model.public.support[0]),
        step=model.constitution.step[:, 0].tolist(),
        file=at.file[:, 0].tolist(), in_force=at.in_force[:, 0].tolist(), agreed=at.agreed[:, 0].tolist(),
        drafted=at.drafted[:, 0].tolist(), operational=at.operational[:, 0].tolist(),
        stalled=at.stalled[:, 0].tolist(),
        japan_ready=at.japan_ready[:, 0].tolist(), union_ready=at.union_ready[:, 0].tolist(),
        terms={name: getattr(n.terms, name)[:, 0].tolist() for name in ("mid", "cap", "wish", "draft", "least")}
        if begun else {},
        concluded=n.concluded[:, 0].tolist(), denied=n.denied_slot[:, 0].tolist(),
        missing=n.blocked_prerequisite[:, 0].tolist(),
        attention=(float(model.attention_eu[0]), float(model.attention_japan[0])),
        paid=(float(facility.paid_ukraine[0]), float(facility.paid_indo_pacific[0])),
        stock=float(facility.blocked_stock[0]), request=float(facility.request[0]),
        holding=[one.iso3 for row, one in enumerate(states.facts) if council.holding[row, 0]],
        agenda={topic.name: topic for topic in council.agenda},
        depth=(float(at.declared_depth[0]), float(at.operational_depth[0])), visible=float(at.visible_depth[0]),
        china=float(model.pressures.china[0]), coercion=float(model.coercion[0]),
        rungs=tracks.stage[:, :, 0].tolist(), rungs_agreed=tracks.agreed[:, :, 0].tolist(),
    )  # fmt: skip


def first(value: Any) -> float:
    return float(np.ravel(value)[0])


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1][:20]}-{case[2]}")
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def pairs(case: Case) -> Iterator[tuple[SimpleNamespace, SimpleNamespace]]:
    """The end of the last quarter and of this one."""
    moments = history(case)
    yield from pairwise(moments)


def plainly(event: Event) -> Plainly:
    return event.quarter, event.kind, event.actors, event.instruments, dict(event.numbers), dict(event.details)


def story(case: Case, *kinds: str) -> list[Plainly]:
    return [plainly(event) for event in told(*case).events if event.kind in kinds]


def same(found: list[Plainly], wanted: list[Plainly]) -> None:
    """The same events, numbers to rounding, whatever the order within a quarter."""

    def order(one: Plainly) -> tuple[Any, ...]:
        return one[0], one[1], one[3], one[2]

    for one, other in zip(sorted(found, key=order), sorted(wanted, key=order), strict=False):
        assert one[:4] == other[:4]
        assert one[5] == other[5], one[:4]
        numbers = {name: float(value) for name, value in other[4].items()}
        assert one[4] == pytest.approx(numbers, rel=1e-9, abs=1e-12), one[:4]
    assert len(found) == len(wanted)


def details(**named: list[str]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(names) for name, names in named.items() if names}


def settings_for(case: Case) -> Settings:
    return settings_of(case[0], case[1])


# Pressures, members, levers


def test_the_story_starts_with_what_stands(case: Case) -> None:
    start = history(case)[0]
    spoiler = first(told(*case).parameters.governments.spoiler)
    spoilers = [iso for iso in start.members if start.stance[iso] < spoiler]
    crisis = [name for name, regime in zip(PRESSURES, start.regime, strict=True) if REGIMES[regime] == "crisis"]
    numbers = dict(zip(("declared_depth", "operational_depth"), start.depth, strict=True))
    numbers["in_force"] = sum(start.in_force)
    same(
        story(case, "start"),
        [(start.quarter + 1, "start", tuple(spoilers), (), numbers, details(crisis=crisis, spoilers=spoilers))],
    )


def test_pressures_and_members_change_when_they_do(case: Case) -> None:
    wanted: list[Plainly] = []
    for last, now in pairs(case):
        for place, name in enumerate(PRESSURES):
            before, after = last.regime[place], now.regime[place]
            if before != after:
                kind = "calming" if after < before else "crisis" if after == 2 else "tension"
                named = details(before=[REGIMES[before]], after=[REGIMES[after]])
                wanted.append((now.quarter, kind, (name,), (), {"intensity": now.intensity[place]}, named))
        if last.quarter >= settings_for(case).start:
            wanted += [(now.quarter, "accession", (iso,), (), {}, {}) for iso in now.members if iso not in last.members]
            wanted += [(now.quarter, "exit", (iso,), (), {}, {}) for iso in last.members if iso not in now.members]
    same(story(case, "calming", "crisis", "tension", "accession", "exit"), wanted)


def test_levers_are_told_once_with_their_strength(case: Case) -> None:
    settings = settings_for(case)
    strengths = {"indo_pacific_strategy": "indo_pacific_strength"}
    wanted: list[Plainly] = []
    for name, one in settings.parameters.items():
        lever = name.removeprefix("levers.").removesuffix("_from")
        if name.startswith("levers.") and name.endswith("_from") and one.value < NEVER:
            strength = strengths.get(lever, f"{lever}_strength")
            value = history(case)[0].strength.get(strength)
            numbers = {} if value is None else {"strength": value}
            when = max(int(one.value), settings.start)
            if when <= settings.until and not lever.startswith("lift"):
                wanted.append((when, "lever", (), (), numbers, details(lever=[lever])))
    same([one for one in story(case, "lever") if not one[5]["lever"][0].startswith("lift")], wanted)


# Governments and institutions


def test_new_governments_and_spoilers_are_told_apart(case: Case) -> None:
    spoiler = first(told(*case).parameters.governments.spoiler)
    order = [one.iso3 for one in settings_for(case).members]
    wanted: list[Plainly] = []
    for last, now in pairs(case):
        ordinary = []
        for iso in sorted({*now.members, "GBR"} & set(now.elected), key=order.index):
            was, stance = last.stance[iso], now.stance[iso]
            if iso not in now.members or (was >= spoiler and stance >= spoiler):
                ordinary.append(iso)
                continue
            kind = "spoiler" if stance < spoiler else "spoiler_leaves"
            again = details(again=["again"] if was < spoiler and stance < spoiler else [])
            wanted.append((now.quarter, kind, (iso,), (), {"stance_before": was, "stance": stance}, again))
        if ordinary:
            numbers = {iso: now.stance[iso] for iso in ordinary}
            wanted.append((now.quarter, "governments", tuple(ordinary), (), numbers, {}))
    same(story(case, "governments", "spoiler", "spoiler_leaves"), wanted)


def test_terms_guidelines_and_the_passerelle(case: Case) -> None:
    chronicle = told(*case)
    p, terms = chronicle.parameters.governments, settings_for(case).union.terms
    camps = {one.iso3: first(getattr(p, f"passerelle_{one.passerelle}")) for one in settings_for(case).members}
    wanted: list[Plainly] = []
    sought = False
    for last, now in pairs(case):
        q, summit = now.quarter, ("european_council",)
        for body in BODIES:
            if q in getattr(terms, getattr(chronicle, body).terms):
                numbers = {"ambition_before": last.ambition[body], "ambition": now.ambition[body]}
                wanted.append((q, "term", (body,), (), numbers, {}))
        if now.guideline > max(0, last.guideline - 1):
            wanted.append((q, "guideline", summit, (), {"quarters": now.guideline}, {}))
        elif now.shock:
            against = [iso for iso in now.members if now.stance[iso] < first(p.guideline_reserve)]
            named = details(opposed=against)
            wanted.append((q, "no_guideline", (*summit, *against), (), {}, named))
        if last.guideline > 0 and now.guideline == 0:
            wanted.append((q, "guideline_ends", summit, (), {}, {}))
        if now.passerelle and not last.passerelle:
            wanted.append((q, "passerelle", summit, (), {}, {}))
        elif now.on["qmv"] and not last.passerelle and not sought:
            against, sought = [iso for iso in now.members if now.stance[iso] < camps[iso]], True
            wanted.append((q, "passerelle_sought", (*summit, *against), (), {}, details(opposed=against)))
    kinds = ("term", "guideline", "no_guideline", "guideline_ends", "passerelle", "passerelle_sought")
    same(story(case, *kinds), wanted)


def test_elections_in_japan_and_steps_of_its_ladders(case: Case) -> None:
    japan, half = settings_for(case).japan, settings_for(case).japan.thresholds.majority
    upper = japan.chambers.upper
    wanted: list[Plainly] = []
    for last, now in pairs(case):
        q, moved = now.quarter, now.partner != last.partner
        change = details(partner_change=[] if not moved else ["joins"] if now.partner else ["leaves"])
        if now.sat == 0:
            numbers = {"share_before": last.lower, "share": now.lower, "majority": now.lower > half}
            numbers |= {"partner": now.partner, "stance": now.cabinet}
            wanted.append((q, "lower_house", ("JPN",), (), numbers, change))
        elif moved:
            wanted.append((q, "coalition", ("JPN",), (), {"partner": now.partner}, change))
        if now.upper != last.upper:
            renewal = (q - upper.first_renewal) % upper.half_every_quarters == 0
            numbers = {"share_before": last.upper, "share": now.upper, "majority": now.upper > half, "renewal": renewal}
            wanted.append((q, "upper_house", ("JPN",), (), numbers, {}))
        for place, name in enumerate(LADDERS):
            before, after = last.step[place], now.step[place]
            if after > before:
                step = getattr(japan.ladders, name)[after - 1]
                numbers = {"step_before": before, "step": after}
                numbers |= {"public_support": now.support, "partner": now.partner}
                named = details(ladder=[name], reached=[step.name], act=[step.act])
                wanted.append((q, "ladder", ("JPN",), (), numbers, named))
    found = story(case, "lower_house", "coalition", "upper_house", "ladder")
    levers = [one[5].pop("lever") for one in found if "lever" in one[5]]
    assert set(levers) <= {("reinterpretation",), ("amendment",)}
    assert not levers or "amendment" in case[1]
    same(found, wanted)


# Files


def numbers_of(now: SimpleNamespace, k: int) -> dict[str, float]:
    terms = {name: values[k] for name, values in now.terms.items()}
    return {"midpoint" if name == "mid" else name: value for name, value in terms.items()}


def test_files_are_told_when_they_open_with_what_helps_and_what_is_missing(case: Case) -> None:
    """Files that open and do not conclude in the same quarter; those that wait for a prerequisite or a slot."""
    settings = settings_for(case)
    place = {one.slug: k for k, one in enumerate(settings.instruments)}
    wanted: list[Plainly] = []
    seen: set[tuple[int, str]] = set()
    for last, now in pairs(case):
        for k, one in enumerate(settings.instruments):
            was, stage = last.file[k], now.file[k]
            if was == stage or stage not in (MANDATED, NEGOTIATING) or was not in (NO_FILE, MANDATED):
                continue
            deepening, fresh = last.in_force[k], was == NO_FILE
            kind = "mandated" if stage == MANDATED else "negotiating"
            kind = ("reopened" if fresh else "deepening_talks") if deepening else kind
            numbers = numbers_of(now, k) | dict(zip(("attention_eu", "attention_japan"), now.attention, strict=True))
            numbers["talks_open"] = last.file.count(NEGOTIATING)
            if deepening:
                numbers["agreed_before"] = last.agreed[k]
            helped = [slug for slug in one.helped_by if last.in_force[place[slug]]]
            missing = [slug for slug in one.helped_by if not last.in_force[place[slug]]]
            fast = ["framework"] if one.slug in FAST and now.on["framework"] else []
            named = details(partner=["EU"], helped_by=helped, missing=missing, fast_track=fast)
            wanted.append((now.quarter, kind, (one.led_by, "JPN"), (one.slug,), numbers, named))
            seen.add((now.quarter, one.slug))
    kinds = ("mandated", "negotiating", "reopened", "deepening_talks")
    found = [one for one in story(case, *kinds) if (one[0], one[3][0]) in seen]
    forecasts = [one[4].pop("forecast", None) for one in found]
    rules = {one.slug: one.rule for one in settings.instruments}
    for forecast, event in zip(forecasts, found, strict=True):
        assert (forecast is None) == (rules[event[3][0]] == "R0")
        assert forecast is None or 0 < forecast < 1
    same(found, wanted)


def test_waiting_is_told_once_while_it_lasts(case: Case) -> None:
    settings = settings_for(case)
    slots: list[tuple[int, str, str, int]] = []
    waits: list[tuple[int, str]] = []
    told_slot: set[int] = set()
    told_need: set[int] = set()
    for last, now in pairs(case):
        for k, one in enumerate(settings.instruments):
            moved = now.file[k] != last.file[k] and last.file[k] in (NO_FILE, MANDATED)
            moved |= now.concluded[k] and last.file[k] != NEGOTIATING
            if now.denied[k] and k not in told_slot:
                slots.append((now.quarter, one.led_by, one.slug, last.file.count(NEGOTIATING)))
            told_slot = told_slot | {k} if now.denied[k] else told_slot - {k} if moved else told_slot
            if now.missing[k] and k not in told_need:
                waits.append((now.quarter, one.slug))
            told_need = told_need | {k} if now.missing[k] else told_need - {k} if moved else told_need
    found = [
        (q, actors[0], slugs[0], numbers["open_talks"]) for q, _, actors, slugs, numbers, _ in story(case, "no_slot")
    ]
    assert found == slots
    first_told = {(q, slugs[0]) for q, _, _, slugs, _, _ in story(case, "prerequisite")}
    assert set(waits) <= first_told
    needs = {one.slug: set(one.needs) for one in settings.instruments}
    for _, _, actors, slugs, _, named in story(case, "prerequisite"):
        assert set(named["missing"]) <= needs[slugs[0]] and actors[0] in ("high_representative", "commission")


def test_votes_tell_what_passes_and_how_much_is_thinned_out(case: Case) -> None:
    settings, moments = settings_for(case), {now.quarter: (last, now) for last, now in pairs(case)}
    place = {one.slug: k for k, one in enumerate(settings.instruments)}
    voted = {(q, slugs[0]) for q, _, _, slugs, _, _ in story(case, "vote")}
    concluded = {
        (now.quarter, one.slug)
        for _, now in pairs(case)
        for k, one in enumerate(settings.instruments)
        if now.concluded[k] and one.rule != "R0"
    }
    assert voted == concluded
    for q, kind, actors, slugs, numbers, named in story(case, "vote", "veto"):
        k, (_, now) = place[slugs[0]], moments[q]
        one = settings.instruments[k]
        assert {name: numbers[name] for name in numbers_of(now, k)} == pytest.approx(numbers_of(now, k))
        if kind == "veto":
            assert numbers["passes"] < now.terms["least"][k] and not now.concluded[k]
            assert named["vetoed_by"] == actors and set(actors) <= set(now.members)
            continue
        thinner = max(0.0, numbers["draft"] - numbers["passes"])
        assert (numbers["thinned_out"], numbers["dilution"]) == pytest.approx((thinner, thinner * one.ambition))
        assert named["rule"] == (one.rule,) and ("pivotal" in named) == (thinner > 0)
        assert min(numbers["draft"], numbers["passes"]) >= now.terms["least"][k]
        assert not named.get("passerelle") or (now.passerelle and not one.defence and one.rule in ("R1", "R2"))


def test_files_that_stall_are_told_once_until_they_move(case: Case) -> None:
    settings = settings_for(case)
    wanted: list[tuple[int, str, str, int]] = []
    stuck: set[int] = set()
    for last, now in pairs(case):
        for k, one in enumerate(settings.instruments):
            talked = now.stalled[k] != last.stalled[k] or now.file[k] == NEGOTIATING or last.file[k] == NEGOTIATING
            if not talked or now.concluded[k]:
                stuck = stuck - {k} if now.concluded[k] else stuck
                continue
            if now.file[k] == NO_FILE and last.file[k] == NEGOTIATING and last.in_force[k] == now.in_force[k]:
                wanted.append((now.quarter, "withdrawn", one.slug, last.stalled[k] + 1))
                stuck -= {k}
            elif now.file[k] == NEGOTIATING and now.stalled[k] > 0 and k not in stuck:
                wanted.append((now.quarter, "stalled", one.slug, 1))
                stuck |= {k}
            elif now.file[k] == NEGOTIATING and now.stalled[k] == 0 and k in stuck:
                wanted.append((now.quarter, "moving_again", one.slug, 0))
                stuck -= {k}
    found = [
        (q, kind, slugs[0], numbers.get("quarters", 0))
        for q, kind, _, slugs, numbers, _ in story(case, "stalled", "withdrawn", "moving_again")
    ]
    assert sorted(found) == sorted(wanted)
    for _, _, actors, _, n, named in story(case, "stalled", "withdrawn"):
        limits = {"council": n["passes"], "ladder": n["cap"], "wish": n["wish"], "midpoint": n["midpoint"]}
        held = named["held_by"][0]
        assert limits[held] == min(limits.values()) < n["least"]
        assert ("JPN" in actors) == (held != "council") and set(actors) - {"JPN"} == set(named.get("pivotal", ()))


def test_what_is_concluded_and_ratified_is_told_with_its_depth(case: Case) -> None:
    settings = settings_for(case)
    wanted: list[Plainly] = []
    both = ("EU", "JPN")
    for last, now in pairs(case):
        for k, one in enumerate(settings.instruments):
            q, slugs, deep = now.quarter, (one.slug,), last.in_force[k]
            depth = {"depth": now.drafted[k]} | ({"depth_before": last.agreed[k]} if deep else {})
            named = details(partner=["EU"])
            lapsed = deep and not now.in_force[k]
            if lapsed:
                continue
            if now.concluded[k] and now.file[k] == SIGNED:
                wanted.append((q, "deepening_signed" if deep else "signed", both, slugs, depth, named))
            entered = last.file[k] in (SIGNED, PROVISIONAL) and now.file[k] == NO_FILE
            if entered or (now.concluded[k] and now.file[k] == NO_FILE):
                wanted.append((q, "deepened" if deep else "in_force", both, slugs, depth, named))
            if last.file[k] == SIGNED and now.file[k] == PROVISIONAL:
                kind = "deepening_provisional" if deep else "provisional"
                wanted.append((q, kind, both, slugs, {"depth": now.drafted[k]}, named))
            waited = last.file[k] >= SIGNED
            if waited and now.japan_ready[k] and not last.japan_ready[k]:
                numbers = {"majority": now.lower > settings.japan.thresholds.majority}
                wanted.append((q, "diet", ("JPN",), slugs, numbers, {}))
            if waited and now.union_ready[k] and not last.union_ready[k]:
                wanted.append((q, "union_concludes", ("council",), slugs, {}, {}))
    kinds = ("signed", "deepening_signed", "provisional", "deepening_provisional", "in_force", "deepened")
    catalogue = {one.slug for one in settings.instruments}
    gone = {(q, slugs[0]) for q, _, _, slugs, _, _ in story(case, "lapsed")}
    found = [one for one in story(case, *kinds, "diet", "union_concludes") if one[3][0] in catalogue]
    same([one for one in found if (one[0], one[3][0]) not in gone], wanted)


# Money, deeds, single states


def test_money_of_the_peace_facility_is_told_as_it_flows(case: Case) -> None:
    order = [one.iso3 for one in settings_for(case).members]
    lethal = first(told(*case).parameters.money.lethal_share)
    wanted: list[Plainly] = []
    for last, now in pairs(case):
        q, vote = now.quarter, now.agenda[MONEY]
        ukraine, sea = now.paid
        if vote.blocked[0]:
            holders = tuple(iso for iso in now.holding if iso in now.members)
            numbers = {"requested": now.request, "waiting": now.stock}
            wanted.append((q, "money_blocked", holders, (), numbers, details(blocked_by=list(holders))))
        if ukraine > 0:
            kind = "money_released" if last.stock > 0 else "money_ukraine"
            numbers = {"paid": ukraine, "requested": now.request, "released": last.stock}
            wanted.append((q, kind, ("EU",), (), numbers, {}))
            rows = getattr(vote, "rows", None)
            voters = now.members if rows is None else [order[row] for row in rows]
            away = [iso for iso, here in zip(voters, vote.abstained[:, 0], strict=True) if here]
            if away:
                named = details(abstained_declared=away)
                wanted.append((q, "lethal_aid_abstained", tuple(away), (), {"lethal": lethal * ukraine}, named))
        if sea > 0:
            wanted.append((q, "money_south_east_asia", ("EU",), ("epf_sea",), {"paid": sea}, {}))
    kinds = ("money_blocked", "money_released", "money_ukraine", "lethal_aid_abstained", "money_south_east_asia")
    same(story(case, *kinds), wanted)


def test_lapses_regimes_and_retaliation_are_told(case: Case) -> None:
    settings = settings_for(case)
    wanted: list[tuple[Any, ...]] = []
    regime = None
    for last, now in pairs(case):
        for k, one in enumerate(settings.instruments):
            if last.in_force[k] and not now.in_force[k]:
                file = last.file[k] != NO_FILE
                record = settings.table.of(one.slug).lapses == now.quarter
                wanted.append((now.quarter, "lapsed", one.slug, file, record))
        depth = now.depth[1]
        named = "symbolic" if depth < 0.25 else "functional" if depth < 0.6 else "strategic"
        if regime is not None and named != regime:
            wanted.append((now.quarter, "regime", regime, named, depth))
        regime = named
        if now.coercion == 1.0:
            wanted.append((now.quarter, "retaliation", now.visible, now.china, ""))
    found: list[tuple[Any, ...]] = []
    for q, kind, _, slugs, n, d in story(case, "lapsed", "regime", "retaliation"):
        if kind == "lapsed":
            found.append((q, kind, slugs[0], "with_it" in d, "by" in d))
        elif kind == "regime":
            found.append((q, kind, d["before"][0], d["after"][0], n["operational_depth"]))
        else:
            found.append((q, kind, n["visible_depth"], n["intensity"], ""))
    assert sorted(found, key=str) == sorted(wanted, key=str)


def test_deeds_fade_idle_or_are_done_by_the_numbers(case: Case) -> None:
    """Told to fade below three quarters of the last height, idle after eight quarters below half, done from 0.9."""
    settings = settings_for(case)
    wanted: list[tuple[int, str, str]] = []
    height: dict[int, float] = {}
    since: dict[int, tuple[int, float]] = {}
    full: dict[int, float] = {}
    idle: set[int] = set()
    for _, now in pairs(case):
        for k, one in enumerate(settings.instruments):
            if not now.in_force[k]:
                for kept in (height, since, full):
                    kept.pop(k, None)
                idle -= {k}
                continue
            done, agreed = now.operational[k], now.agreed[k]
            if k not in since or since[k][1] != agreed:
                since[k] = (now.quarter, agreed)
                idle -= {k}
            if done >= 0.9 * agreed:
                if full.get(k) != agreed and now.quarter > settings.start:
                    wanted.append((now.quarter, "carried_out", one.slug))
                full[k] = agreed
            elif now.quarter - since[k][0] >= 8 and done < 0.5 * agreed and k not in idle:
                wanted.append((now.quarter, "idle", one.slug))
                idle |= {k}
            highest = max(done, height.get(k, 0.0))
            if done < 0.75 * highest:
                wanted.append((now.quarter, "fades", one.slug))
                highest = done
            height[k] = highest
    found = [(q, kind, slugs[0]) for q, kind, _, slugs, _, _ in story(case, "carried_out", "idle", "fades")]
    assert sorted(found) == sorted(wanted)


def test_rungs_are_told_partner_by_partner(case: Case) -> None:
    settings = settings_for(case)
    slugs = [rung.slug for rung in settings.rungs]
    stages = ("dormant", "negotiating", "signed", "in_force", "lapsed")
    wanted: list[Plainly] = []
    for last, now in pairs(case):
        for partner, iso in enumerate(PARTNERS):
            for place, rung in enumerate(settings.rungs):
                was, stage = last.rungs[partner][place], now.rungs[partner][place]
                if was == stage:
                    continue
                fresh = stages[stage] == "negotiating"
                there = {slug: last.rungs[partner][slugs.index(slug)] == 3 for slug in rung.helped_by}
                numbers = {} if fresh else {"depth": now.rungs_agreed[partner][place]}
                named = details(
                    partner=[iso],
                    helped_by=[slug for slug, here in there.items() if fresh and here],
                    missing=[slug for slug, here in there.items() if fresh and not here],
                )
                wanted.append((now.quarter, stages[stage], (iso, "JPN"), (rung.slug,), numbers, named))
    found = story(case, "negotiating", "signed", "in_force")
    same([one for one in found if one[3][0] in slugs], wanted)


def test_a_chronicle_keeps_everybody_in_the_order_of_the_members() -> None:
    chronicle = Chronicle(settings_of("outlook", "none"), 0, SEED)
    assert chronicle.members(np.array([True, False, True]), [2, 1, 0]) == [chronicle.codes[2], chronicle.codes[0]]
    assert chronicle.once("a") and not chronicle.once("a") and chronicle.once("a", 2)
    chronicle.forget("a")
    assert chronicle.once("a", 2)
