"""Files are opened, given slots, concluded, stopped and ratified as docs/ODD.md says, run by run, number by number."""

from __future__ import annotations

from collections import Counter
from math import floor
from typing import Any

import numpy as np
import pytest

from agents.rules.types import Floats, Mask
from config import LADDERS, NEVER, Instrument, quarter_name, resolve
from config.status import with_status
from simulation.instruments import MANDATED, NEGOTIATING, NO_FILE, PROVISIONAL, SIGNED
from simulation.model import PartnershipModel
from tests.config.test_status import status_of
from tests.simulation.phases import CASES, SEED, Files, R, files, lived, luck, model_of, on, plain
from tests.twin.portable import exp, log, logistic, normal, probability

MANDATES = {"R2", "R5", "R7", "R8", "R9"}
ALONE = {"R0": False, "R1": True, "R2": True, "R3": True, "R4": False, "R5": True, "R7": True, "R8": False, "R9": True}
"""Whether one state can stop a file of a class."""
NEAR = 1e-12

Case = tuple[str, str, dict[str, Any]]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def model(request: pytest.FixtureRequest) -> PartnershipModel:
    return model_of(*request.param)


class Sides:
    """What both sides bring to the files of one run, as 6.5 has it."""

    def __init__(self, model: PartnershipModel, before: Files, lane: int) -> None:
        self.model, self.before, self.lane = model, before, lane
        p = model.parameters
        self.f, self.c, self.d = (plain(family, lane) for family in (p.files, p.council, p.domains))
        self.union, self.japan = float(model.attention_eu[lane]), float(model.attention_japan[lane])
        self.place = {one.slug: k for k, one in enumerate(model.settings.instruments)}
        self.wanted_by_japan = self.c.acceptance_japan * float(model.cabinet.position[lane])
        done = before.operational[self.place["strategic_dialogue_action_plan"], lane]
        self.dialogue = 1 + self.f.dialogue * (
            self.f.dialogue_record * done + on(model, "dialogue", lane, "dialogue_strength")
        )
        self.framework = on(model, "framework", lane, "framework_strength")
        self.pace = self.f.pace_floor + self.f.pace_eu * self.union + self.f.pace_japan * self.japan

    def is_fast(self, one: Instrument) -> bool:
        return one.slug in ("csdp_fpa", "operational_framework")

    def track(self, one: Instrument) -> float:
        added = plain(self.model.parameters.levers, self.lane).framework_track if self.is_fast(one) else 0.0
        return self.framework * added

    def will(self, k: int, one: Instrument) -> float:
        will = float(self.model.partnership.will[k, self.lane])
        return max(will, self.framework) if self.is_fast(one) else will

    def cap(self, one: Instrument) -> float:
        if self.model.levers.on("lift_constitution"):
            return 1.0
        steps = self.model.constitution.step[:, self.lane]
        return min((one.cap(name, int(steps[row])) for row, name in enumerate(LADDERS)), default=1.0)

    def wish(self, one: Instrument) -> float:
        return min(1.0, self.wanted_by_japan / one.ambition)

    def mid(self, one: Instrument) -> float:
        body = self.model.commission if one.led_by == "commission" else self.model.high_representative
        union = self.c.acceptance * float(body.position[self.lane])
        share = self.f.weight_union
        return min(1.0, (share * union + (1 - share) * self.wanted_by_japan) / one.ambition)

    def least(self, k: int, one: Instrument) -> float:
        worth = min(1.0, one.least * self.f.least_factor)
        return max(worth, float(self.before.agreed[k, self.lane])) if self.before.in_force[k, self.lane] else worth

    def push(self, one: Instrument, foreseen: float, least: float) -> float:
        f, at = self.f, self.before
        soft = 1.0
        for slug in one.helped_by:
            soft *= 1.0 if at.in_force[self.place[slug], self.lane] else f.soft_missing
        demand = getattr(self.d, f"{one.domain}_eu") * (1 + self.framework * (one.domain == "operations"))
        tabled = exp(f.forecast * log(logistic((foreseen - least) / f.forecast_width)))
        crowded = 1 + f.crowding * int((at.file[:, self.lane] == NEGOTIATING).sum())
        wanted = f.opening * self.union * self.japan * demand * getattr(self.d, f"{one.domain}_japan")
        hazard: float = wanted * soft * tabled * self.dialogue / crowded * f.opening_factor + self.track(one)
        return hazard

    def slots(self) -> dict[str, int]:
        """Free ones of each leader."""
        levers = plain(self.model.parameters.levers, self.lane)
        sought = self.model.levers.on("qmv") and not self.model.european_council.passerelle[self.lane]
        costs = on(self.model, "dialogue", self.lane, "dialogue_slots")
        costs += on(self.model, "framework", self.lane, "framework_slots") + sought * levers.qmv_slots
        taken = Counter(
            one.led_by
            for k, one in enumerate(self.model.settings.instruments)
            if self.before.file[k, self.lane] == NEGOTIATING
        )
        return {
            "high_representative": floor(self.f.slots_high_representative - costs) - taken["high_representative"],
            "commission": floor(self.f.slots_commission) - taken["commission"],
        }


def foreseen(model: PartnershipModel) -> Floats:
    """Relative depth that passes without noise, (K, R)."""
    rows = [
        np.ones(R) if one.rule == "R0" else np.minimum(1.0, model.council.passes_without_noise(one) / one.ambition)
        for one in model.settings.instruments
    ]
    return np.stack(rows)


def there(before: Files, k: int, lane: int) -> bool:
    return bool(before.in_force[k, lane] or before.file[k, lane] == PROVISIONAL)


def test_files_are_opened_by_push_and_luck_and_get_the_slots_that_are_free(model: PartnershipModel) -> None:
    met: Counter[str] = Counter()
    for before in lived(model, "open_files", lambda: files(model)):
        passes = foreseen(model)
        for lane in range(R):
            one_run(model, before, lane, passes[:, lane], met)
    assert min(met[kind] for kind in ("opened", "mandated", "talks")) > 0, met


def one_run(model: PartnershipModel, before: Files, lane: int, passes: Floats, met: Counter[str]) -> None:
    sides, at = Sides(model, before, lane), model.partnership
    file, stalled = before.file[:, lane].tolist(), before.stalled[:, lane].tolist()
    asking: dict[str, list[tuple[float, float, int]]] = {"high_representative": [], "commission": []}
    missing, opened = set(), set()
    for k, one in enumerate(model.settings.instruments):
        cap, wish, mid, least = sides.cap(one), sides.wish(one), sides.mid(one), sides.least(k, one)
        terms = model.negotiation.terms
        found = tuple(float(getattr(terms, name)[k, lane]) for name in ("cap", "wish", "mid", "least"))
        assert found == pytest.approx((cap, wish, mid, least), rel=NEAR), one.slug
        push = sides.push(one, float(passes[k]), least)
        potential = min(float(passes[k]), cap, wish, mid)
        deepens = potential - before.agreed[k, lane] > sides.f.margin
        ready = one.opens <= model.quarter and one.opens < NEVER and file[k] == NO_FILE
        ask = False
        if ready and (not before.in_force[k, lane] or deepens):
            if luck(model, f"{one.slug}/open", lane) < probability(push):
                if not all(there(before, sides.place[slug], lane) for slug in one.needs):
                    missing.add(k)
                elif one.rule in MANDATES:
                    file[k], stalled[k] = MANDATED, 0
                    met["mandated"] += 1
                else:
                    ask = True
                    opened.add(k)
        elif file[k] == MANDATED:
            hazard = sides.f.concluding * sides.pace / sides.f.talks_quarters * sides.will(k, one) * sides.dialogue
            ask = luck(model, f"{one.slug}/talks", lane) < probability(hazard + sides.track(one))
        if ask:
            asking[one.led_by].append((-push, luck(model, f"{one.slug}/tie", lane), k))
    denied = set()
    for leader, free in sides.slots().items():
        for place, (_, _, k) in enumerate(sorted(asking[leader])):
            if place < free:
                met["opened" if k in opened else "talks"] += 1
                file[k], stalled[k] = NEGOTIATING, 0 if k in opened else stalled[k]
            else:
                met["waits"] += 1
                denied.add(k)
    assert at.file[:, lane].tolist() == file and at.stalled[:, lane].tolist() == stalled
    assert set(np.flatnonzero(model.negotiation.denied_slot[:, lane])) == denied
    assert set(np.flatnonzero(model.negotiation.blocked_prerequisite[:, lane])) == missing


def test_what_passes_is_foreseen_file_by_file_where_majority_voting_covers_but_some() -> None:
    """Two files of one field and one class: the push of each is that of its own coverage, where it is drawn so low."""
    some = {"levers.qmv_from": "start", "levers.qmv_strength": 0.5, "council.brake_margin": 1, "files.opening": 20}
    model = model_of("outlook", "qmv", {**some, "council.acceptance": 0.2, "council.tolerance": 0.01})
    model.step()
    model.european_council.passerelle = np.ones(R, dtype=bool)
    before, catalogue = files(model), model.settings.instruments
    model.open_files()
    alike = [k for k, one in enumerate(catalogue) if (one.rule, one.domain, one.defence) == ("R1", "civil", False)]
    covered = [model.council.under_passerelle(catalogue[k]) for k in alike]
    assert len(alike) == 2 and (covered[0] != covered[1]).any()
    passes = foreseen(model)
    assert (passes[alike[0]] != passes[alike[1]]).any()
    looked_at = [(k, lane) for k in alike for lane in np.flatnonzero(model.negotiation.push[k]).tolist()]
    assert {bool(covered[alike.index(k)][lane]) for k, lane in looked_at} == {True, False}
    for k, lane in looked_at:
        sides = Sides(model, before, lane)
        push = sides.push(catalogue[k], float(passes[k, lane]), sides.least(k, catalogue[k]))
        assert model.negotiation.push[k, lane] == pytest.approx(push, rel=1e-9)


@pytest.mark.parametrize(("slug", "stage", "file"), [
    ("hybrid_fimi", "negotiating", NEGOTIATING), ("joint_capacity_missions", "mandated", MANDATED),
])  # fmt: skip
def test_a_first_file_that_is_known_to_open_has_not_yet_stood_still(slug: str, stage: str, file: int) -> None:
    settings = resolve("outlook", "none")
    now = quarter_name(settings.start)
    model = PartnershipModel(with_status(settings, status_of(now, [(slug, stage, now)]), "known"), range(R), SEED)
    k = model.partnership.place[slug]
    model.partnership.stalled[k] = 3
    model.chance.turn(model.quarter)
    model.status.turn()
    for act in model.phases[:5]:
        act()
    assert (model.partnership.file[k] == file).all() and not model.partnership.stalled[k].any()


Vote = tuple[Floats, Floats, Mask]


def votes(model: PartnershipModel) -> tuple[Files, dict[int, Vote]]:
    """Where files stand, and for each in talks the level that passes, the bounds that can veto it, who outvotes."""
    cast = {}
    for k, one in enumerate(model.settings.instruments):
        if (model.partnership.file[k] == NEGOTIATING).any() and one.rule != "R0":
            level, bounds = model.council.passes(k, one, np.arange(R))
            furthest = bounds.accept if one.rule == "R7" else bounds.veto
            cast[k] = (level, furthest, model.council.under_passerelle(one))
    return files(model), cast


def test_files_are_concluded_thinned_out_stopped_or_withdrawn(model: PartnershipModel) -> None:
    met: Counter[str] = Counter()
    for before, cast in lived(model, "negotiate", lambda: votes(model)):
        for lane in range(R):
            sides, at = Sides(model, before, lane), model.partnership
            vetoes, dilution, concluded = 0, 0.0, set()
            for k, one in enumerate(model.settings.instruments):
                if before.file[k, lane] != NEGOTIATING:
                    assert at.file[k, lane] == before.file[k, lane] and at.in_force[k, lane] == before.in_force[k, lane]
                    continue
                draft, least = min(sides.mid(one), sides.cap(one), sides.wish(one)), sides.least(k, one)
                passes = min(1.0, float(cast[k][0][lane]) / one.ambition) if k in cast else 1.0
                agreed = min(draft, passes)
                summit = model.quarter % 4 + 1 == model.settings.union.summits.quarter
                hazard = sides.f.concluding * sides.pace / one.quarters * sides.will(k, one) * sides.dialogue
                hazard *= (sides.f.summit if summit else sides.f.off_summit) * sides.f.concluding_factor
                ripe = luck(model, f"{one.slug}/conclude", lane) < probability(hazard)
                stalled = 0 if agreed >= least else int(before.stalled[k, lane]) + 1
                assert at.stalled[k, lane] == stalled, one.slug
                if ripe and agreed >= least:
                    concluded.add(k)
                    met["concluded"] += 1
                    dilution += max(0.0, draft - passes) * one.ambition
                    check_conclusion(model, before, k, lane, agreed)
                elif stalled >= sides.f.patience and agreed < least:
                    met["withdrawn"] += 1
                    assert at.file[k, lane] == NO_FILE
                else:
                    assert at.file[k, lane] == NEGOTIATING
                switch = one.slug == "safe_association" and plain(model.parameters.council, lane).safe_unanimity
                if ripe and agreed < least and (ALONE[one.rule] or switch) and not cast[k][2][lane]:
                    vetoes += bool((cast[k][1][:, lane] < least * one.ambition).any())
            met["vetoes"] += vetoes
            assert model.negotiation.vetoes[lane] == vetoes
            assert model.negotiation.dilution[lane] == pytest.approx(dilution, rel=NEAR, abs=NEAR)
            assert set(np.flatnonzero(model.negotiation.concluded[:, lane])) == concluded
    assert met["concluded"] > 0, met


def check_conclusion(model: PartnershipModel, before: Files, k: int, lane: int, agreed: float) -> None:
    """A file with a mandate is signed, another enters into force at once."""
    at, one = model.partnership, model.settings.instruments[k]
    assert at.drafted[k, lane] == pytest.approx(agreed, rel=NEAR)
    if one.rule in MANDATES:
        assert (at.file[k, lane], at.age[k, lane], at.union_ready[k, lane]) == (SIGNED, 0, False)
        assert at.japan_ready[k, lane] == (not one.diet)
        assert k not in at.ratified or not at.ratified[k][:, lane].any()
        assert at.agreed[k, lane] == before.agreed[k, lane]
    else:
        done = before.operational[k, lane] if before.in_force[k, lane] else 0.0
        assert (at.file[k, lane], at.in_force[k, lane], at.lapsed[k, lane]) == (NO_FILE, True, False)
        assert (at.agreed[k, lane], at.operational[k, lane]) == (at.drafted[k, lane], done)


def test_what_was_signed_is_ratified_by_parliament_members_union_and_japan(model: PartnershipModel) -> None:
    met: Counter[str] = Counter()
    for before in lived(model, "ratify", lambda: files(model)):
        for k, one in enumerate(model.settings.instruments):
            for lane in range(R):
                if before.file[k, lane] >= SIGNED and before.age[k, lane] >= 1:
                    check_ratification(model, before, k, one, lane, met)
                else:
                    assert model.partnership.file[k, lane] == before.file[k, lane]
                    older = before.file[k, lane] >= SIGNED
                    assert model.partnership.age[k, lane] == before.age[k, lane] + older
    assert met["force"] > 0 and met["waits"] > 0, met


def check_ratification(
    model: PartnershipModel, before: Files, k: int, one: Instrument, lane: int, met: Counter[str]
) -> None:
    at, p, states = model.partnership, plain(model.parameters.ratification, lane), model.member_states
    diet = 1.0 if model.diet.lower[lane] > model.settings.japan.thresholds.majority else p.diet_minority
    japan = bool(before.japan_ready[k, lane])
    japan |= one.diet and luck(model, f"{one.slug}/diet", lane) < probability(p.diet * diet)
    level = before.drafted[k, lane] * one.ambition
    asked = plain(model.parameters.council, lane).acceptance * float(model.european_parliament.position[lane])
    consent = one.rule not in ("R5", "R8") or bool(level <= p.parliament * asked)
    mixed = one.rule in ("R5", "R7")
    rate = p.closing if mixed else getattr(p, f"conclusion_{one.rule.lower()}")
    everyone = True
    if mixed and model.levers.on("lift_fragmentation"):
        rate = p.conclusion_r8
    elif mixed:
        frailty = exp(p.frailty * normal_of(model, f"{one.slug}/ratification frailty", lane))
        age = int(before.age[k, lane])
        gone = exp(p.shape * log((age - 1) / (p.scale * frailty))) if age > 1 else 0.0
        hazard = exp(p.shape * log(age / (p.scale * frailty))) - gone
        for row in states.rows:
            chambers = states.facts[row].chambers
            weight = exp(p.stance * float(states.stance[row, lane]) + p.chambers * (chambers - 1))
            done = before.ratified[k][row, lane] + weight * hazard
            assert at.ratified[k][row, lane] == pytest.approx(done, rel=1e-9)
            needed = -log(float(model.chance.once(f"{one.slug}/ratification/{states.facts[row].iso3}")[lane]))
            everyone &= bool(at.ratified[k][row, lane] >= needed)
    concluded = consent and everyone and luck(model, f"{one.slug}/conclusion", lane) < probability(rate)
    union = bool(before.union_ready[k, lane]) or concluded
    assert (at.japan_ready[k, lane], at.union_ready[k, lane]) == (japan, union), one.slug
    first = before.file[k, lane] == SIGNED
    if japan and union and not (mixed and first):
        met["force"] += 1
        assert (at.file[k, lane], at.in_force[k, lane], at.lapsed[k, lane]) == (NO_FILE, True, False)
        assert (at.agreed[k, lane], at.operational[k, lane]) == (before.drafted[k, lane], before.operational[k, lane])
        assert at.age[k, lane] == before.age[k, lane]
        return
    met["waits"] += 1
    fires = mixed and first and luck(model, f"{one.slug}/provisional", lane) < probability(p.provisional)
    applied = fires and japan and consent
    assert at.file[k, lane] == (PROVISIONAL if applied else before.file[k, lane])
    assert at.age[k, lane] == before.age[k, lane] + 1


def test_entering_into_force_keeps_what_is_carried_out_only_where_that_is_said() -> None:
    """Of a first agreement what was carried out provisionally; deepening always keeps what there is."""
    model = model_of("outlook", "none", {})
    at, k, everywhere = model.partnership, model.partnership.place["csdp_fpa"], np.ones(R, dtype=bool)
    for in_force, keep, left in ((False, (), 0.0), (False, (True,), 0.4), (True, (), 0.4), (True, (True,), 0.4)):
        at.in_force[k], at.operational[k], at.drafted[k] = in_force, 0.4, 0.7
        at.enter_into_force(k, everywhere, *keep)
        assert (at.operational[k] == left).all() and (at.agreed[k] == 0.7).all() and at.in_force[k].all()


def normal_of(model: PartnershipModel, name: str, lane: int) -> float:
    return normal(float(model.chance.once(name)[lane]))
