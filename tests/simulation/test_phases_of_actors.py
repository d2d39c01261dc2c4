"""States, Japan, bodies of the Union and rivals feel, attend, want, trust and arm as docs/ODD.md says, run by run."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest

from config import LADDERS, PARTNERS, PRESSURES, REGIMES
from simulation.model import PartnershipModel
from tests.agents.sample import Plain
from tests.simulation.phases import CASES, R, lived, luck, model_of, on, plain
from tests.twin.portable import exp, log, logistic, normal, probability, total

RUSSIA, CHINA, NORTH_KOREA, RETRENCHMENT = range(4)
EVERY = 3
"""One quarter in so many is looked at."""


@pytest.fixture(params=CASES[:4], ids=lambda case: f"{case[0]}-{case[1]}")
def model(request: pytest.FixtureRequest) -> PartnershipModel:
    return model_of(*request.param)


def near(value: Any) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-12)


def clip(x: float) -> float:
    return min(1.0, max(0.0, x))


def felt(last: float, exposure: float, pressure: float, p: Plain) -> float:
    seen = exposure * pressure
    return last + (p.alarm_rate if seen > last else p.calm_rate) * (seen - last)


def eastern(threat: Any, p: Plain) -> float:
    """Threat from the Indo-Pacific."""
    return max(float(threat[CHINA]), p.north_korea_weight * float(threat[NORTH_KOREA]))


def strategy(model: PartnershipModel, lane: int, effect: str) -> float:
    strength = on(model, "indo_pacific_strategy", lane, "indo_pacific_strength")
    return strength * float(getattr(plain(model.parameters.levers, lane), effect))


def members(model: PartnershipModel) -> list[int]:
    return [row for row, one in enumerate(model.settings.members) if one.has("member", model.quarter)]


# Phase 1


def test_pressures_move_by_luck_unless_they_are_pinned(model: PartnershipModel) -> None:
    pinned = {PRESSURES.index(one.pressure): one for one in model.settings.regimes}

    def look() -> tuple[Any, Any, Any]:
        return model.pressures.regime.copy(), model.pressures.intensity.copy(), model.partnership.visible_depth.copy()

    for regimes, intensities, visible in lived(model, "press", look):
        for lane in range(R):
            p, shock = plain(model.parameters.pressures, lane), False
            last = intensities[:, lane]
            pulls = {
                CHINA: p.us_to_china * last[RETRENCHMENT] + p.provocation * visible[lane],
                NORTH_KOREA: p.russia_to_north_korea * last[RUSSIA],
            }
            for row, name in enumerate(PRESSURES):
                was, now = int(regimes[row, lane]), int(model.pressures.regime[row, lane])
                shock |= now == 2 and was < 2
                noise = p.noise * normal(luck(model, f"{name}/noise", lane))
                level = (p.level_calm, p.level_tense, p.level_crisis)[now]
                wanted = clip(last[row] + p.pace * (level - last[row]) + noise)
                assert model.pressures.intensity[row, lane] == near(wanted)
                if row in pinned and pinned[row].begins <= model.quarter < pinned[row].ends:
                    assert REGIMES[now] == pinned[row].regime
                else:
                    up, down = on_record(model, row, was) or by_rates(was, pulls.get(row, 0.0), p)
                    u = luck(model, f"{name}/regime", lane)
                    assert now == (was + 1 if u < up else was - 1 if u > 1 - down else was)
            assert model.pressures.shock[lane] == shock


def on_record(model: PartnershipModel, row: int, was: int) -> tuple[float, float] | None:
    """Chances of moving up and down in a quarter of the past."""
    chances = model.settings.pressures.drawn.at(model.quarter)
    if chances is None:
        return None
    after = (0.0, *chances[row][was], 0.0)  # calm stands at place 1
    return after[was + 2], after[was]


def by_rates(was: int, pull: float, p: Plain) -> tuple[float, float]:
    """The same from the rates, where nothing is on record."""
    base = (p.up_from_calm, p.up_from_tense, 0.0)[was]
    up = logistic(log(base / (1 - base)) + pull) if base else 0.0
    return up, (0.0, p.down_from_tense, p.down_from_crisis)[was]


# Phase 2


def test_states_and_japan_feel_threats_and_divide_attention(model: PartnershipModel) -> None:
    def look() -> tuple[Any, ...]:
        depths = [float(model.rivals.depth[row, 0]) for row in range(3)]
        return model.member_states.threat.copy(), model.cabinet.threat.copy(), depths

    for number, (threats, of_japan, _) in enumerate(lived(model, "perceive", look)):
        for lane in range(R if number % EVERY == 0 else 0):
            t, a = plain(model.parameters.threat, lane), plain(model.parameters.attention, lane)
            pressing, states = model.pressures.intensity[:, lane], model.member_states
            guideline = bool(model.european_council.guideline_left[lane] > 0)
            weights, attention = [], []
            for row, one in enumerate(model.settings.members):
                exposure = np.broadcast_to(states.geography.exposure, (4, len(states.facts), R))[:, row, lane]
                wanted = [felt(threats[p, row, lane], exposure[p], pressing[p], t) for p in range(4)]
                assert states.threat[:, row, lane].tolist() == near(wanted)
                strategic = one.has("strategy", model.quarter)
                own = a.own + a.strategy * strategic + a.guideline * guideline
                own += strategy(model, lane, "indo_pacific_attention")
                east, north = eastern(wanted, t), wanted[RUSSIA]
                east, far = east * sqrt(east), north * sqrt(north)
                share = min(1.0, (own + east + a.russia_link * a.link * north) / (own + east + far + a.elsewhere))
                assert states.attention[row, lane] == near(share), one.iso3
                if one.has("member", model.quarter):
                    weights.append(one.population * (1 + (a.champion - 1) * strategic))
                    attention.append(share)
            mean = total(w * x for w, x in zip(weights, attention, strict=True)) / total(weights)
            left = 1 - on(model, "dialogue", lane, "dialogue_attention")
            union = min(1.0, mean * a.factor_eu) * left
            exposures = [getattr(model.settings.japan.exposures, name) for name in PRESSURES]
            japan = [felt(of_japan[p, lane], exposures[p], pressing[p], t) for p in range(4)]
            assert model.cabinet.threat[:, lane].tolist() == near(japan)
            own_of_japan = attention_of_japan(model, lane, a) * left
            if model.levers.on("lift_attention"):
                union = own_of_japan = plain(model.parameters.levers, lane).lifted_attention
            found = model.attention_eu[lane], model.attention_japan[lane], model.cabinet.attention[lane]
            assert found == near((union, own_of_japan, own_of_japan))


def attention_of_japan(model: PartnershipModel, lane: int, a: Plain) -> float:
    x, depth = model.pressures.intensity[:, lane], model.rivals.depth[:, lane]
    ambition = [rung.ambition for rung in model.settings.rungs]
    deep = {
        iso: total(
            level * float(done) for level, done in zip(ambition, model.tracks.operational[place, :, lane], strict=True)
        )
        / total(ambition)
        for place, iso in enumerate(PARTNERS)
    }
    states = [depth for iso, depth in deep.items() if iso != "GBR"]
    union = a.pull_eu + a.pull_eu_russia * a.link * x[RUSSIA] + a.pull_eu_us * x[RETRENCHMENT]
    union += a.pull_eu_depth * float(model.partnership.operational_depth[lane])
    others = (
        a.pull_us * (1 - a.pull_us_loss * x[RETRENCHMENT])
        + a.pull_quad * (0.5 + (depth[0] + depth[2]) / 2)
        + (a.pull_nato + a.pull_nato_russia * a.link * x[RUSSIA]) * (0.5 + depth[1])
        + a.pull_uk * (0.5 + deep["GBR"])
        + a.pull_states * (0.5 + total(states) / len(states))
    )
    share: float = a.japan_scale * (union / (union + others)) * a.factor_japan
    return min(1.0, share)


# Phase 4


def test_japan_wants_first_then_the_states_then_the_bodies_then_the_public(model: PartnershipModel) -> None:
    def look() -> tuple[Any, ...]:
        cabinet, public, steps = model.cabinet.position, model.public.support, model.constitution.step
        return cabinet.copy(), model.member_states.position.copy(), public.copy(), steps.copy()

    for number, (japan, states, support, steps) in enumerate(lived(model, "take_positions", look)):
        for lane in range(R if number % EVERY == 0 else 0):
            p, link = plain(model.parameters.positions, lane), plain(model.parameters.attention, lane).link
            threat, x = model.cabinet.threat[:, lane], model.pressures.intensity[:, lane]
            east = eastern(threat, plain(model.parameters.threat, lane))
            pull = p.japan_constant + p.japan_threat * east + p.japan_abandonment * x[RETRENCHMENT]
            pull += p.japan_russia * link * x[RUSSIA] - p.japan_entrapment * (1 - link) * threat[RUSSIA]
            trust, stance = float(model.cabinet.trust[lane]), float(model.cabinet.stance[lane])
            pull += p.japan_trust * (trust - p.trust_centre) + stance
            wanted = japan[lane] + p.move * (logistic(pull) - japan[lane])
            assert model.cabinet.position[lane] == near(wanted)
            check_states(model, states[:, lane], float(model.cabinet.position[lane]), lane)
            check_bodies(model, lane)
            check_public(model, float(support[lane]), east, lane)
            check_ladders(model, steps[:, lane], east, lane)


def check_states(model: PartnershipModel, before: Any, japan: float, lane: int) -> None:
    p, link = plain(model.parameters.positions, lane), plain(model.parameters.attention, lane).link
    t, at, rows = plain(model.parameters.threat, lane), model.member_states, members(model)
    guideline = bool(model.european_council.guideline_left[lane] > 0)
    confidence = p.confidence + p.confidence_guideline * guideline
    listen = p.listen + strategy(model, lane, "indo_pacific_listening")
    helped = min(1.0, p.help_for_ukraine * japan)
    for row, one in enumerate(model.settings.members):
        threat = at.threat[:, row, lane]
        votes = p.affinity_votes_scale * (one.un_agreement_japan - p.affinity_votes_centre)
        trade = log(1 + one.trade_japan_pct_gdp) / log(1 + p.affinity_trade_full)
        pull = p.constant + p.affinity * (trade - p.affinity_trade_centre + votes)
        pull += p.threat * float(at.attention[row, lane]) * eastern(threat, t)
        pull += p.reciprocity * link * threat[RUSSIA] * helped
        pull += p.retrenchment * float(model.pressures.intensity[RETRENCHMENT, lane])
        pull += p.stance * float(at.stance[row, lane]) + p.trust * (float(at.trust[row, lane]) - p.trust_centre)
        pull -= on(model, "indo_pacific_strategy", lane, "indo_pacific_diversion") * threat[RUSSIA]
        wanted = before[row] + p.move * (logistic(pull) - before[row])
        if row in rows:
            others = [rows[place] for place in at.listens_to[rows.index(row)]]
            away = [before[other] - before[row] for other in others]
            wanted += listen / 6 * total(gap for gap in away if abs(gap) <= confidence)
        assert at.position[row, lane] == near(clip(wanted)), one.iso3


def check_bodies(model: PartnershipModel, lane: int) -> None:
    g, rows = plain(model.parameters.governments, lane), members(model)
    persons = [model.settings.members[row].population for row in rows]
    weighed = total(n * float(model.member_states.position[row, lane]) for n, row in zip(persons, rows, strict=True))
    for body, more in (
        (model.high_representative, g.ambition),
        (model.commission, g.ambition),
        (model.european_parliament, g.parliament_ambition),
    ):
        assert body.position[lane] == near(clip(weighed / total(persons) + more + float(body.ambition[lane])))


def check_public(model: PartnershipModel, before: float, east: float, lane: int) -> None:
    j = plain(model.parameters.japan, lane)
    cost = max(on(model, lever, lane, "force_support") for lever in ("reinterpretation", "amendment"))
    target = clip(j.support + j.support_threat * east - cost)
    noise = j.support_noise * normal(luck(model, "japan/public", lane))
    assert model.public.support[lane] == near(clip(before + j.support_pace * (target - before) + noise))


def check_ladders(model: PartnershipModel, before: Any, east: float, lane: int) -> None:
    j, at = plain(model.parameters.japan, lane), model.settings.japan
    lower, upper, needed = float(model.diet.lower[lane]), float(model.diet.upper[lane]), at.thresholds
    voters = float(model.public.support[lane]) + j.referendum_noise * normal(luck(model, "japan/referendum", lane))
    houses = min(lower, upper) + j.amenders >= needed.two_thirds
    lawful = {
        "cabinet_decision": True,
        "law": lower > needed.majority and (upper > needed.majority or lower >= needed.two_thirds),
        "amendment": houses and voters > 0.5,
    }
    brake = j.brake if model.diet.partner[lane] else 1.0
    stance = float(model.cabinet.stance[lane])
    for row, name in enumerate(LADDERS):
        step, acts = int(before[row]), [one.act for one in getattr(at.ladders, name)]
        if step < len(acts):
            base = j.amendment if acts[step] == "amendment" else getattr(j, name)
            hazard = (
                base * j.factor * brake * logistic(j.threat_slope * (east - j.threat_middle)) * exp(j.wish * stance)
            )
            step += lawful[acts[step]] and luck(model, f"japan/{name}", lane) < probability(hazard)
        if name == "force":
            for lever, reached in (("reinterpretation", 2), ("amendment", 3)):
                strength = on(model, lever, lane, f"{lever}_strength")
                if step < reached and luck(model, f"japan/{lever}", lane) < probability(strength):
                    step = reached
        assert model.constitution.step[row, lane] == step, name


# Phases 10 and 11


def test_rivals_deepen_and_fade(model: PartnershipModel) -> None:
    for last in lived(model, "climb_tracks", lambda: model.rivals.depth.copy()):
        for lane in range(R):
            p, link = plain(model.parameters.tracks, lane), plain(model.parameters.attention, lane).link
            x = model.pressures.intensity[:, lane]
            east = eastern(model.cabinet.threat[:, lane], plain(model.parameters.threat, lane))
            targets = {
                "quad": (p.quad + p.quad_china * x[CHINA]) * (1 - p.quad_us * x[RETRENCHMENT]),
                "nato": (p.nato_depth + p.nato_russia * link * x[RUSSIA]) * (1 - p.nato_us * x[RETRENCHMENT]),
                "australia": p.australia + p.australia_threat * east,
            }
            for row, (name, target) in enumerate(targets.items()):
                noise = p.noise * normal(luck(model, f"{name}/noise", lane))
                wanted = clip(last[row, lane] + p.pace * (target - last[row, lane]) + noise)
                assert model.rivals.depth[row, lane] == near(wanted), name


def test_trust_retaliation_and_budgets_follow(model: PartnershipModel) -> None:
    states, cabinet = model.member_states, model.cabinet
    first = states.spending.copy(), states.threat.copy(), cabinet.spending.copy(), cabinet.threat.copy()

    def look() -> tuple[Any, ...]:
        return states.trust.copy(), states.spending.copy(), cabinet.trust.copy(), cabinet.spending.copy(), coerced()

    def coerced() -> Any:
        return model.coercion.copy()

    for trust, spending, trust_of_japan, arms, coercion in lived(model, "respond", look):
        for lane in range(R):
            p, t = plain(model.parameters.feedback, lane), plain(model.parameters.threat, lane)
            done, gap = float(model.partnership.operational_depth[lane]), float(model.partnership.gap[lane])

            def trusted(last: float, attention: float, p: Plain = p, done: float = done, gap: float = gap) -> float:
                target = clip(p.trust + p.trust_delivery * done - p.trust_gap * gap * attention)
                return last + p.trust_pace * (target - last)

            def armed(last: float, wanted: float, p: Plain = p) -> float:
                return last + p.spending_pace * (min(p.spending_cap, max(p.spending_floor, wanted)) - last)

            for row in range(0, len(states.facts), 4):
                assert states.trust[row, lane] == near(
                    trusted(float(trust[row, lane]), float(states.attention[row, lane]))
                )
                gained = states.threat[:, row, lane] - first[1][:, row, lane]
                wanted = first[0][row, lane] + p.spending_russia * gained[RUSSIA] + p.spending_us * gained[RETRENCHMENT]
                assert states.spending[row, lane] == near(armed(spending[row, lane], wanted))
            attention = float(model.attention_japan[lane])
            assert cabinet.trust[lane] == near(trusted(float(trust_of_japan[lane]), attention))
            gain = eastern(cabinet.threat[:, lane], t) - eastern(first[3][:, lane], t)
            assert cabinet.spending[lane] == near(armed(arms[lane], first[2][lane] + p.spending_japan * gain))
            hazard = p.retaliation * float(model.partnership.visible_depth[lane]) * float(model.pressures.china[lane])
            struck = luck(model, "china/retaliation", lane) < probability(hazard)
            assert model.coercion[lane] == near(1.0 if struck else coercion[lane] * p.retaliation_decay)
