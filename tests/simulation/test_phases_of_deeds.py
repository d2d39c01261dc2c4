"""Money is paid, agreements are carried out, rungs are climbed and all is written down as docs/ODD.md says."""

from __future__ import annotations

from collections import Counter
from math import sqrt
from typing import Any

import numpy as np
import pytest

from config import DOMAINS, LADDERS, NEVER, PARTNERS, PRESSURES, quarter_index, resolve
from simulation.instruments import NO_FILE, PROVISIONAL, SIGNED
from simulation.model import PartnershipModel
from simulation.recorder import COUNTS
from simulation.tracks import DORMANT, IN_FORCE, IN_TALKS, LAPSED
from simulation.tracks import SIGNED as SIGNED_RUNG
from tests.simulation.phases import CASES, R, files, lived, luck, model_of, on, plain
from tests.twin.portable import exp, normal, probability, share, total

NEAR = 1e-12
NAVIES = ("DEU", "ESP", "FRA", "ITA", "NLD", "SWE")


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def model(request: pytest.FixtureRequest) -> PartnershipModel:
    return model_of(*request.param)


def near(value: float, rel: float = 1e-9) -> Any:
    return pytest.approx(value, rel=rel, abs=NEAR)


def strategy(model: PartnershipModel, lane: int, effect: str) -> float:
    """An effect of the Indo-Pacific strategy at the strength drawn."""
    levers = plain(model.parameters.levers, lane)
    strength = on(model, "indo_pacific_strategy", lane, "indo_pacific_strength")
    return strength * float(getattr(levers, effect))


def arms_of_japan(model: PartnershipModel, lane: int) -> float:
    return min(1.0, float(model.cabinet.spending[lane]) / plain(model.parameters.delivery, lane).spending_full)


def spare(model: PartnershipModel, lane: int) -> float:
    p = plain(model.parameters.delivery, lane)
    peace = p.spare_peace * (1 - float(model.pressures.russia[lane]))
    return min(1.0, p.spare_floor + peace + strategy(model, lane, "indo_pacific_means"))


# Phase 8


def test_southeast_asia_is_paid_what_is_left_where_the_council_agrees_once_more(model: PartnershipModel) -> None:
    k = [one.slug for one in model.settings.instruments].index("epf_sea")
    one, paid = model.settings.instruments[k], 0
    model.partnership.in_force[k, 0], model.partnership.agreed[k, 0] = True, 0.3  # in one run it is there at once
    for _ in lived(model, "negotiate", lambda: None):
        if model.quarter % 3:
            continue
        facility, at = model.peace_facility, model.partnership
        headroom, request = facility.headroom.copy(), facility.request.copy()
        in_force, agreed = at.in_force[k].copy(), at.agreed[k].copy()
        passes, _ = model.council.passes(k, one, np.arange(R))
        model.pay()
        for lane in range(R):
            p = plain(model.parameters.money, lane)
            asks = p.south_east_asia * agreed[lane] + strategy(model, lane, "indo_pacific_money")
            granted = in_force[lane] and agreed[lane] * one.ambition <= passes[lane]
            wanted = min(headroom[lane] - request[lane], asks) if granted else 0.0
            assert facility.paid_indo_pacific[lane] == near(wanted)
            paid += wanted > 0
        facility.headroom = headroom
    assert paid or model.settings.start < quarter_index("2026Q1")


# Phase 9


def before_deeds(model: PartnershipModel) -> tuple[Any, Any]:
    return files(model), model.tracks.operational.copy()


def test_agreements_are_carried_out_fade_and_lapse(model: PartnershipModel) -> None:
    met: Counter[str] = Counter()
    catalogue = model.settings.instruments
    place = {one.slug: k for k, one in enumerate(catalogue)}
    for before, rungs in lived(model, "carry_out", lambda: before_deeds(model)):
        at = model.partnership
        for lane in range(R):
            p, f = plain(model.parameters.delivery, lane), plain(model.parameters.files, lane)
            rates = rates_of(model, before, lane, place)
            for k, one in enumerate(catalogue):
                field = [row for row, other in enumerate(catalogue) if other.domain == one.domain]
                done, agreed = before.operational[k, lane], before.effective[k, lane]
                activity = share(
                    total(before.operational[row, lane] for row in field),
                    total(before.effective[row, lane] for row in field),
                )
                moved = done + min(1.0, rates[k]) * (agreed - done) - p.fade * done * (1 - activity)
                carried = max(0.0, min(agreed, moved))
                idle = max(0.0, 1 - share(carried, before.agreed[k, lane]))
                due = one.rule in ("R0", "R1", "R3") and luck(model, f"{one.slug}/lapse", lane) < probability(
                    f.lapse * idle
                )
                due |= model.settings.table.of(one.slug).lapses == model.quarter
                if before.in_force[k, lane] and due:
                    met["lapsed"] += 1
                    left = (at.in_force[k, lane], at.lapsed[k, lane], at.file[k, lane])
                    assert left == (False, True, NO_FILE), one.slug
                    assert (at.agreed[k, lane], at.operational[k, lane]) == (0.0, 0.0)
                else:
                    assert at.in_force[k, lane] == before.in_force[k, lane]
                    assert at.operational[k, lane] == near(carried), one.slug
            check_interoperability(model, before.interoperability[lane], rungs[:, :, lane], lane, place)
            check_depths(model, lane)
    assert met["lapsed"] > 0


def rates_of(model: PartnershipModel, before: Any, lane: int, place: dict[str, int]) -> list[float]:
    """Share of the gap that closes, by instrument."""
    p, f = plain(model.parameters.delivery, lane), plain(model.parameters.files, lane)
    states = model.member_states
    rows = [row for row, one in enumerate(states.facts) if one.iso3 in NAVIES]
    gdp = [states.facts[row].gdp_usd_bn for row in rows]
    spent = total(money * float(states.spending[row, lane]) for money, row in zip(gdp, rows, strict=True))
    lead = min(1.0, spent / total(gdp) / p.spending_full)
    floor = p.means_floor + (1 - p.means_floor) * (0.5 * lead + 0.5 * arms_of_japan(model, lane))
    resources = spare(model, lane) * floor * (1 - on(model, "interoperability", lane, "interoperability_ships"))
    framework = p.framework_none
    if before.in_force[place["csdp_fpa"], lane] or before.in_force[place["maritime_coordination"], lane]:
        framework = p.framework_half
    if before.in_force[place["operational_framework"], lane] or model.levers.on("lift_framework"):
        framework = 1.0
    done = before.operational[place["strategic_dialogue_action_plan"], lane]
    lever = on(model, "dialogue", lane, "dialogue_strength")
    dialogue = 1 + f.dialogue * (f.dialogue_record * done + lever)
    civil = p.civil_rate * spare(model, lane) * dialogue * p.factor
    ready = p.interoperability_floor + before.interoperability[lane]
    operational = p.rate * resources * framework * ready * dialogue * p.factor
    china = float(model.pressures.china[lane])
    takers = model.settings.partners.receivers.values()
    base = plain(model.parameters.tracks, lane).receptive
    receptive = total(min(1.0, max(0.0, base + o.claim * china - o.fear * china * china)) for o in takers) / len(takers)
    full = plain(model.parameters.money, lane).south_east_asia_full
    funding = min(1.0, float(model.peace_facility.paid_indo_pacific[lane]) / full)
    extra = {"epf_sea": funding * receptive, "osa_coordination": receptive}
    return [
        (civil if one.domain in ("political", "civil") else operational) * extra.get(one.slug, 1.0)
        for one in model.settings.instruments
    ]


def check_interoperability(model: PartnershipModel, last: float, rungs: Any, lane: int, place: dict[str, int]) -> None:
    p, at = plain(model.parameters.delivery, lane), model.partnership
    ambition = [rung.ambition for rung in model.settings.rungs]
    deep = total(
        total(level * done for level, done in zip(ambition, ladder, strict=True)) / total(ambition) for ladder in rungs
    )
    lever = 0.5 * on(model, "interoperability", lane, "interoperability_france")
    lever += 0.5 * on(model, "interoperability", lane, "interoperability_uk")
    built = (
        p.exercise * at.operational[place["naval_exercise"], lane]
        + p.missions * at.operational[place["joint_capacity_missions"], lane]
        + p.bilateral * deep / len(PARTNERS)
        + p.nato * float(model.rivals.depth[1, lane])
        - p.interoperability_fade * last
        + on(model, "interoperability", lane, "interoperability_strength") * lever
    )
    assert at.interoperability[lane] == near(min(1.0, max(0.0, last + built)))


def check_depths(model: PartnershipModel, lane: int) -> None:
    """Declared, operational and visible depth, by ambition of all that is not switched off."""
    at, catalogue = model.partnership, model.settings.instruments
    all_levels = sum(one.ambition for one in catalogue if one.opens < NEVER)
    weights = [one.ambition / all_levels if one.opens < NEVER else 0.0 for one in catalogue]
    applied = plain(model.parameters.ratification, lane).provisional_share
    declared = operational = visible = 0.0
    for k, (one, weight) in enumerate(zip(catalogue, weights, strict=True)):
        effective = at.agreed[k, lane] if at.in_force[k, lane] else 0.0
        if not at.in_force[k, lane] and at.file[k, lane] == PROVISIONAL:
            effective = applied * at.drafted[k, lane]
        declared += weight * effective
        operational += weight * at.operational[k, lane]
        visible += weight * at.operational[k, lane] * one.defence
    visible += on(model, "interoperability", lane, "interoperability_visible")
    visible += max(on(model, lever, lane, "force_visible") for lever in ("reinterpretation", "amendment"))
    found = (at.declared_depth[lane], at.operational_depth[lane], at.gap[lane], at.visible_depth[lane])
    assert found == near((declared, operational, declared - operational, visible))  # type: ignore[arg-type]


# Phase 10


def ladders(model: PartnershipModel) -> tuple[Any, Any, Any]:
    return model.tracks.stage.copy(), model.tracks.agreed.copy(), model.tracks.operational.copy()


def test_rungs_are_opened_agreed_and_carried_out_partner_by_partner(model: PartnershipModel) -> None:
    met: Counter[str] = Counter()
    at = model.tracks
    for stages, agreed, done in lived(model, "climb_tracks", lambda: ladders(model)):
        for partner, iso in enumerate(PARTNERS):
            for lane in range(R):
                before = stages[partner, :, lane], agreed[partner, :, lane], done[partner, :, lane]
                wanted = climbed(model, iso, lane, *before)
                found = at.stage[partner, :, lane], at.agreed[partner, :, lane], at.operational[partner, :, lane]
                assert found[0].tolist() == wanted[0], (iso, lane)
                assert found[1].tolist() == near(wanted[1]) and found[2].tolist() == near(wanted[2])  # type: ignore[arg-type]
                for old, new in zip(stages[partner, :, lane], wanted[0], strict=True):
                    met[f"{old} to {new}"] += 1
    steps = (f"{DORMANT} to {IN_TALKS}", f"{IN_TALKS} to {SIGNED_RUNG}", f"{SIGNED_RUNG} to {IN_FORCE}")
    assert all(met[step] for step in steps), met


def passes_laws(model: PartnershipModel, lane: int) -> bool:
    """Whether Japan's coalition can: by both Houses, or by two thirds of the lower."""
    lower, upper, needed = model.diet.lower[lane], model.diet.upper[lane], model.settings.japan.thresholds
    return bool(lower > needed.majority and (upper > needed.majority or lower >= needed.two_thirds))


def climbed(
    model: PartnershipModel, iso: str, lane: int, stages: Any, agreed: Any, done: Any
) -> tuple[list[int], list[float], list[float]]:
    """Stage, agreed and operational depth of a partner's rungs after the quarter."""
    p, c = plain(model.parameters.tracks, lane), plain(model.parameters.council, lane)
    missing, free = plain(model.parameters.files, lane).soft_missing, model.levers.on("lift_constitution")
    states, rungs = model.member_states, model.settings.rungs
    row = next(row for row, one in enumerate(states.facts) if one.iso3 == iso)
    spent = {one.iso3: one.military_expenditure_usd_m for one in states.facts if one.iso3 in PARTNERS}
    state, japan = float(states.position[row, lane]), float(model.cabinet.position[lane])
    there = {rung.slug: stages[place] == IN_FORCE for place, rung in enumerate(rungs)}
    steps = {name: int(model.constitution.step[place, lane]) for place, name in enumerate(LADDERS)}
    in_force = [place for place, stage in enumerate(stages) if stage == IN_FORCE]
    activity = share(total(done[place] for place in in_force), total(agreed[place] for place in in_force))
    after: list[tuple[int, float, float]] = []
    for place, rung in enumerate(rungs):
        name, stage, y, o = f"{iso}/{rung.slug}", int(stages[place]), float(agreed[place]), 0.0
        hazard = p.opening * (spent[iso] / max(spent.values())) * state * japan
        for slug in rung.helped_by:
            hazard *= 1.0 if there[slug] else missing
        for ladder, step in rung.caps_soft.items():
            hazard *= 1.0 if free or steps[ladder] >= step else missing
        draft = min(1.0, c.acceptance * state / rung.ambition, c.acceptance_japan * japan / rung.ambition)
        if stage in (DORMANT, LAPSED):
            if all(there[slug] for slug in rung.needs) and luck(model, f"{name}/open", lane) < probability(hazard):
                stage = IN_TALKS
        elif stage == IN_TALKS:
            ripe = luck(model, f"{name}/conclude", lane) < probability(p.concluding / rung.quarters)
            if ripe and draft >= rung.least:
                stage, y = SIGNED_RUNG, draft
        elif stage == SIGNED_RUNG:
            slow = 1.0
            if rung.diet and not passes_laws(model, lane):
                slow = plain(model.parameters.ratification, lane).diet_minority
            fires = not rung.quarters_in_force or luck(model, f"{name}/force", lane) < probability(
                1 / rung.quarters_in_force * slow
            )
            if fires and all(free or steps[ladder] >= step for ladder, step in rung.needs_in_force.items()):
                stage = IN_FORCE
        else:
            o = float(done[place])
            o += p.rate * (0.5 + 0.5 * arms_of_japan(model, lane)) * (y - o) - p.fade * o * (1 - activity)
        after.append((stage, y, o))
    return [one[0] for one in after], [one[1] for one in after], [one[2] for one in after]


# Phase 12


def test_what_is_recorded_is_what_stands_at_the_end_of_the_quarter(model: PartnershipModel) -> None:
    wanted: dict[tuple[int, int], dict[str, float]] = {}
    for _ in lived(model, "keep", lambda: None):
        for lane in range(R):
            wanted[lane, model.quarter] = row_of(model, lane)
    table = model.tables()["trajectories"]
    assert list(zip(table["run"].tolist(), table["quarter"].tolist(), strict=True)) == sorted(wanted)
    for place, key in enumerate(sorted(wanted)):
        found = {name: table[name][place] for name in wanted[key]}
        assert found == near(wanted[key]), key  # type: ignore[arg-type]
    assert set(table) == {"run", "quarter", *next(iter(wanted.values()))}
    assert all(table[name].dtype == np.int64 for name in COUNTS)


def row_of(model: PartnershipModel, lane: int) -> dict[str, float]:
    at, states, facility = model.partnership, model.member_states, model.peace_facility
    accept = plain(model.parameters.council, lane).acceptance
    members = [row for row, one in enumerate(states.facts) if one.has("member", model.quarter)]
    levels = [accept * float(states.position[row, lane]) for row in members]
    mean = total(levels) / len(levels)
    persons = [states.facts[row].population for row in members]
    gdp = [states.facts[row].gdp_usd_bn for row in members]
    outside = sum(
        rung.ambition * float(model.tracks.operational[partner, place, lane])
        for partner in range(len(PARTNERS))
        for place, rung in enumerate(model.settings.rungs)
    )
    inside = sum(one.ambition * at.operational[k, lane] for k, one in enumerate(model.settings.instruments))
    talks = at.file[:, lane] == 2
    return {
        "declared_depth": at.declared_depth[lane],
        "operational_depth": at.operational_depth[lane],
        "operational_depth_equal": sum(at.operational[:, lane].tolist()) / len(at.catalogue),
        "gap": at.declared_depth[lane] - at.operational_depth[lane],
        "fragmentation": sqrt(sum((level - mean) ** 2 for level in levels) / len(levels)),
        "attention_eu": model.attention_eu[lane],
        "attention_japan": model.attention_japan[lane],
        "dilution": model.negotiation.dilution[lane],
        "vetoes": model.negotiation.vetoes[lane] + sum(bool(topic.vetoed[lane]) for topic in model.council.agenda),
        "files_open": talks.sum(),
        "files_stalled": (talks & (at.stalled[:, lane] > 0)).sum(),
        "interoperability": at.interoperability[lane],
        "trust": sum(n * states.trust[row, lane] for n, row in zip(persons, members, strict=True)) / sum(persons),
        **{f"step_{name}": model.constitution.step[place, lane] for place, name in enumerate(LADDERS)},
        "defence_spending_japan": model.cabinet.spending[lane],
        "defence_spending_eu": sum(money * states.spending[row, lane] for money, row in zip(gdp, members, strict=True))
        / sum(gdp),
        "peace_facility_ukraine": facility.paid_ukraine[lane],
        "peace_facility_indo_pacific": facility.paid_indo_pacific[lane],
        **{f"pressure_{name}": model.pressures.intensity[place, lane] for place, name in enumerate(PRESSURES)},
        "share_outside_eu": share(outside, outside + inside),
    }


# Before the first quarter


@pytest.mark.parametrize("scenario", ["outlook", "hindcast"])
def test_instruments_start_as_the_table_has_them(scenario: str) -> None:
    model = PartnershipModel(resolve(scenario, "none"), range(R), 3)
    at, files_of = model.partnership, ("none", "mandated", "negotiating", "signed", "provisional")
    assert set(DOMAINS) == set(at.in_domain)
    for k, one in enumerate(model.settings.instruments):
        start = model.settings.table.of(one.slug)
        file = files_of.index(start.stage) if start.stage in files_of else NO_FILE
        assert (at.file[k] == file).all() and (at.in_force[k] == (start.stage == "in_force")).all()
        assert (at.lapsed[k] == (start.stage == "lapsed")).all()
        assert (at.agreed[k] == (start.agreed if start.stage == "in_force" else 0.0)).all()
        assert (at.drafted[k] == (start.agreed if file else 0.0)).all()
        assert (at.operational[k] == start.operational).all()
        assert (at.age[k] == (file >= SIGNED)).all() and not at.stalled[k].any() and not at.union_ready[k].any()
        assert (at.japan_ready[k] == (file >= SIGNED and not one.diet)).all()
        assert not at.visible_depth.any() and (at.interoperability == model.settings.table.interoperability).all()
        for lane in range(R):
            f = plain(model.parameters.files, lane)
            stays = float(model.chance.once(f"{one.slug}/stayer")[lane])
            will = exp(f.will_spread * normal(float(model.chance.once(f"{one.slug}/will")[lane])))
            share_of = f.stayer_share if start.stayer is None else start.stayer
            assert at.will[k, lane] == near(f.stayer_will if stays < share_of else will), one.slug
