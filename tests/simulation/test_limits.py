"""What holds files back: one cause for each run, quarter, partner and instrument, the right one where it is plain."""

from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from config import PARTNERS, Settings, resolve
from config.schema import StartInstrument
from simulation.delivery import Means
from simulation.instruments import MANDATED, NEGOTIATING, PROVISIONAL, SIGNED
from simulation.model import PartnershipModel
from simulation.negotiation import Terms
from tests.simulation.playing import SEED, Table, Tables, assert_same, where

LEVERS = "dialogue+framework+indo_pacific_strategy+interoperability+qmv"
CASES = [("outlook", "none"), ("hindcast", "none"), ("outlook", LEVERS), ("taiwan_crisis", "lift_fragmentation")]
LIMITS = ("prerequisite", "slot", "attention", "council", "ladder", "wish", "ratification", "framework", "money")
R = 37

Case = tuple[Settings, Tables, NDArray[np.int64], NDArray[np.bool_]]
"""Settings, tables, and for each quarter the stage of each file and which agreements fall short, (Q, K, R)."""


class Watched(PartnershipModel):
    """The model with somebody who notes down what stands at the end of each quarter."""

    def __init__(self, settings: Settings, runs: int) -> None:
        super().__init__(settings, range(runs), SEED, ("trajectories", "transitions", "bounds", "limits"))
        self.files: list[NDArray[np.int64]] = []
        self.below: list[NDArray[np.bool_]] = []

    def keep(self) -> None:
        super().keep()
        at = self.partnership
        self.files.append(at.file.copy())
        below = at.in_force & (at.operational < 0.9 * at.agreed) & ~self.negotiation.concluded
        self.below.append(below)


@cache
def play(scenario: str, policy: str) -> Case:
    settings = resolve(scenario, policy)
    model = Watched(settings, R)
    model.run()
    return settings, model.tables(), np.stack(model.files), np.stack(model.below)


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def case(request: pytest.FixtureRequest) -> Case:
    return play(*request.param)


def rows(table: Table) -> list[tuple[int, int, str, str, str, str]]:
    """Run, quarter, partner, instrument, limit, actor."""
    names = ("run", "quarter", "partner", "instrument", "limit", "actor")
    return list(zip(*(table[name].tolist() for name in names), strict=True))


# The table


def test_one_row_for_each_run_quarter_partner_and_instrument(case: Case) -> None:
    _, tables, _, _ = case
    keys = Counter(row[:4] for row in rows(tables["limits"]))
    assert keys and max(keys.values()) == 1, keys.most_common(1)


def test_every_value_is_known(case: Case) -> None:
    settings, tables, _, _ = case
    members = {one.iso3 for one in settings.members}
    instruments = {one.slug: one for one in settings.instruments}
    rungs = {one.slug for one in settings.rungs}
    for _, quarter, partner, slug, limit, actor in rows(tables["limits"]):
        where_from = (partner, slug, limit, actor)
        assert settings.start <= quarter <= settings.until and limit in LIMITS, where_from
        if partner != "EU":
            assert partner in PARTNERS and slug in rungs, where_from
            assert (limit == "council" and actor == partner) or (limit != "council" and actor == "JPN"), where_from
            assert limit in ("ladder", "ratification", "wish", "council", "attention"), where_from
            continue
        one = instruments[slug]
        allowed: dict[str, set[str]] = {
            "prerequisite": set(one.needs),
            "slot": {one.led_by},
            "attention": {"EU", "JPN"},
            "council": members,
            "ladder": {"JPN"} if one.caps else set(),
            "wish": {"JPN", one.led_by},
            "ratification": {"JPN", "EU", *(members if one.rule in ("R5", "R7") else ())},
            "framework": set() if one.domain in ("political", "civil") else {"EU"},
            "money": {"EU"},
        }
        assert actor in allowed[limit], where_from


def test_every_file_that_waits_and_every_agreement_that_falls_short_has_a_row(case: Case) -> None:
    settings, tables, files, below = case
    place = {one.slug: k for k, one in enumerate(settings.instruments)}
    told = np.zeros_like(below)
    for run, quarter, partner, slug, _, _ in rows(tables["limits"]):
        if partner == "EU":
            told[quarter - settings.start, place[slug], run] = True
    missing = ((files > 0) | below) & ~told
    assert not missing.any(), np.argwhere(missing)[:5]


def test_each_stage_has_its_own_limits(case: Case) -> None:
    settings, tables, files, _ = case
    place = {one.slug: k for k, one in enumerate(settings.instruments)}
    in_talks = {"council", "ladder", "wish", "attention"}
    expected = {MANDATED: {"slot", "attention"}, NEGOTIATING: in_talks, SIGNED: {"ratification"},
                PROVISIONAL: {"ratification"}}  # fmt: skip
    for run, quarter, partner, slug, limit, _ in rows(tables["limits"]):
        if partner == "EU" and (file := files[quarter - settings.start, place[slug], run]):
            assert limit in expected[file], (run, quarter, slug, limit)


def test_a_state_is_blamed_only_while_it_is_a_member(case: Case) -> None:
    settings, tables, _, _ = case
    members = {one.iso3: one for one in settings.members}
    for _, quarter, partner, slug, limit, actor in rows(tables["limits"]):
        if partner == "EU" and actor in members:
            assert members[actor].has("member", quarter), (quarter, slug, limit, actor)


def test_attention_is_that_of_the_side_which_attends_less(case: Case) -> None:
    settings, tables, _, _ = case
    paths = tables["trajectories"]
    shape = (R, settings.until - settings.start + 1)
    union, japan = (paths[f"attention_{side}"].reshape(shape) for side in ("eu", "japan"))
    seen = set()
    for run, quarter, partner, slug, limit, actor in rows(tables["limits"]):
        if limit == "attention" and partner == "EU":
            less = "EU" if union[run, quarter - settings.start] <= japan[run, quarter - settings.start] else "JPN"
            assert actor == less, (run, quarter, slug)
            seen.add(actor)
    assert seen


def test_who_ratifies_late_is_named_in_order(case: Case) -> None:
    """Japan, then the members one after another, then the Union: nobody who has ratified comes back."""
    settings, tables, _, _ = case
    order = ["JPN", *(one.iso3 for one in settings.members), "EU"]
    joined = {one.iso3 for one in settings.members if not one.has("member", settings.start)}
    last: dict[tuple[int, str], tuple[int, int]] = {}
    for run, quarter, partner, slug, limit, actor in rows(tables["limits"]):
        if partner == "EU" and limit == "ratification":
            before, rank = last.get((run, slug), (-9, -1))
            assert quarter > before + 1 or order.index(actor) >= rank or actor in joined, (run, slug, quarter, actor)
            last[run, slug] = (quarter, order.index(actor))


def test_looking_for_limits_changes_no_history() -> None:
    settings, tables, _, _ = play("outlook", "none")
    model = PartnershipModel(settings, range(R), SEED)
    model.run()
    plain = model.tables()
    assert_same(plain, {name: tables[name] for name in plain})


# By hand: worlds in which the cause is plain


def first_quarter(settings: Settings, runs: int = R) -> list[tuple[str, str, str, str]]:
    """Limits of the first quarter, of all runs: partner, instrument, limit, actor."""
    model = PartnershipModel(settings, range(runs), SEED, ("limits",))
    model.step()
    return [row[2:] for row in rows(model.tables()["limits"])]


def of(found: list[tuple[str, str, str, str]], slug: str, partner: str = "EU") -> Counter[tuple[str, str]]:
    """Limit and actor of one instrument, over runs."""
    return Counter((limit, actor) for whose, name, limit, actor in found if (whose, name) == (partner, slug))


def world(overrides: dict[str, Any], table: dict[str, Any] | None = None, **stages: StartInstrument) -> Settings:
    """The outlook with other values, and with some instruments at another stage."""
    settings = resolve("outlook", "none", overrides)
    start = settings.table.model_copy(update={"instruments": {**settings.table.instruments, **stages}, **(table or {})})
    return settings.model_copy(update={"table": start})


def with_steps(**steps: int) -> dict[str, Any]:
    """Japan's ladders at the start, elsewhere as in the outlook."""
    return {"ladders": resolve("outlook", "none").table.ladders.model_copy(update=steps)}


TALKS = StartInstrument(stage="negotiating")
STILL = {"japan.force": 0, "japan.transfers": 0, "japan.secrecy": 0, "japan.missions": 0, "japan.amendment": 0}
"""Japan takes no step."""
QUIET = {"files.opening": 0, "files.lapse": 0}
"""Nothing is opened, nothing lapses."""


def test_an_opening_without_its_hard_prerequisite() -> None:
    found = of(first_quarter(world({"files.opening": 20, "files.forecast": 0})), "intelligence_exchange")
    assert set(found) == {("prerequisite", "security_of_information")} and found.total() > R // 3


def test_leaders_without_slots() -> None:
    none = {"files.slots_high_representative": 0, "files.slots_commission": 0, "files.opening": 20}
    found = first_quarter(world(none, defence_industry_dialogue=StartInstrument(stage="dormant")))
    for slug in ("osa_coordination", "hybrid_fimi"):
        assert set(of(found, slug)) == {("slot", "high_representative")}
    assert set(of(found, "defence_industry_dialogue")) == {("slot", "commission")}
    mandated = of(found, "csdp_fpa")
    assert mandated.total() == R and {limit for limit, _ in mandated} == {"slot", "attention"}


def test_a_mandate_that_nobody_pushes() -> None:
    found = of(first_quarter(world({"files.concluding": 0}, csdp_fpa=StartInstrument(stage="mandated"))), "csdp_fpa")
    assert found.total() == R and {limit for limit, _ in found} == {"attention"}


def test_talks_on_what_japan_may_not_do() -> None:
    closed = world(STILL, with_steps(missions=0), csdp_fpa=TALKS)
    assert of(first_quarter(closed), "csdp_fpa") == {("ladder", "JPN"): R}
    lifted = resolve("outlook", "lift_constitution", STILL)
    allowed = of(first_quarter(lifted.model_copy(update={"table": closed.table})), "csdp_fpa")
    assert not any(limit == "ladder" for limit, _ in allowed)


def test_talks_that_japan_or_the_union_does_not_want() -> None:
    unwanted = {"files.least_factor": 3, "positions.move": 0}
    japan = of(first_quarter(world({**unwanted, "council.acceptance_japan": 0.1}, csdp_fpa=TALKS)), "csdp_fpa")
    assert japan == {("wish", "JPN"): R}
    union = of(
        first_quarter(world({**unwanted, "council.acceptance": 0.1}, osa_coordination=TALKS)), "osa_coordination"
    )
    assert {limit for limit, _ in union} == {"council"} and union.total() == R


@pytest.mark.parametrize(
    ("slug", "leader"), [("osa_coordination", "high_representative"), ("space_security", "commission")]
)
def test_talks_whose_midpoint_the_leader_or_japan_lowers(slug: str, leader: str) -> None:
    """States and Japan would go all the way, but the two principals meet below what is worth signing."""
    meets = {"files.least_factor": 3, "positions.move": 0, "council.tolerance": 2, "council.file_noise": 0}
    willing = {**meets, "council.acceptance": 0.1, "council.acceptance_japan": 0.9, "files.weight_union": 1}
    assert of(first_quarter(world(willing, None, **{slug: TALKS})), slug) == {("wish", leader): R}
    unwilling = {**meets, "council.acceptance_japan": 0.1, "files.weight_union": 0}
    assert of(first_quarter(world(unwilling, None, **{slug: TALKS})), slug) == {("wish", "JPN"): R}


@pytest.mark.parametrize(("slug", "factor"), [("osa_coordination", 0.3), ("security_of_information", 3)])
def test_talks_that_pass_wait_for_attention(slug: str, factor: float) -> None:
    """Also where only the whole is worth signing, and the whole passes."""
    far = {"council.tolerance": 2, "council.acceptance": 5, "council.acceptance_japan": 5}
    found = of(
        first_quarter(world({"files.least_factor": factor, "files.concluding": 0, **far}, None, **{slug: TALKS})), slug
    )
    assert {limit for limit, _ in found} == {"attention"} and found.total() == R


def test_the_state_that_goes_least_far_is_the_pivot() -> None:
    """Without noise a non-binding file stops at the lowest veto bound of its field; the first at a tie."""
    narrow = {"council.file_noise": 0, "council.acceptance": 0.5, "council.tolerance": 0.1}
    japan_decides = {"council.acceptance_japan": 5, "files.weight_union": 0, "files.least_factor": 3}
    settings = world({**narrow, **japan_decides}, osa_coordination=TALKS)
    model = PartnershipModel(settings, range(R), SEED, ("limits", "bounds"))
    model.step()
    limits, bounds = model.tables()["limits"], model.tables()["bounds"]
    checked = 0
    for run, _, partner, slug, limit, actor in rows(limits):
        if (partner, slug, limit) != ("EU", "osa_coordination", "council"):
            continue
        here = where(bounds, (bounds["run"] == run) & (bounds["domain"] == "maritime"))
        assert actor == here["actor"][np.argmin(here["veto_bound"])]
        checked += 1
    assert checked == R


def test_signed_agreements_wait_for_japan_for_members_for_the_union() -> None:
    signed = StartInstrument(stage="signed", agreed=0.8)
    slow = {"ratification.diet": 0, "ratification.closing": 0, "ratification.conclusion_r2": 0}
    found = first_quarter(world(slow, spa_framework=signed, security_of_information=signed))
    assert of(found, "spa_framework") == {("ratification", "JPN"): R}
    assert of(found, "security_of_information") == {("ratification", "EU"): R}  # no Diet, no members
    quick = {"ratification.diet": 5, "ratification.provisional": 0}
    members = of(first_quarter(world(quick, spa_framework=signed)), "spa_framework")
    assert {limit for limit, _ in members} == {"ratification"} and members[("ratification", "AUT")] > R // 2


def test_operational_agreements_without_a_framework() -> None:
    found = first_quarter(world({**QUIET, "delivery.framework_none": 0, "delivery.framework_half": 0}))
    assert of(found, "naval_exercise") == {("framework", "EU"): R}
    assert not any(limit == "framework" for limit, _ in of(found, "cyber_dialogue"))
    settings = resolve("outlook", "lift_framework", {"delivery.framework_none": 0, "delivery.framework_half": 0})
    assert not any(limit == "framework" for _, _, limit, _ in first_quarter(settings))


def test_agreements_without_means() -> None:
    found = first_quarter(world({**QUIET, "delivery.spare_floor": 0, "delivery.spare_peace": 0}))
    for slug in ("cyber_dialogue", "naval_exercise"):
        assert of(found, slug) == {("money", "EU"): R}


def test_an_agreement_carried_out_nearly_as_agreed_has_no_limit() -> None:
    full = StartInstrument(stage="in_force", agreed=0.6, operational=0.6)
    assert not of(first_quarter(world({**QUIET, "delivery.fade": 0}, naval_exercise=full)), "naval_exercise")


def test_where_both_sides_attend_alike_the_union_is_named() -> None:
    settings = resolve("outlook", "lift_attention", {"files.concluding": 0, "levers.lift_attention_from": "start"})
    assert of(first_quarter(settings), "csdp_fpa") == {("attention", "EU"): R}


def test_where_the_council_lets_as_little_pass_as_japans_law_the_council_is_named() -> None:
    settings = world({**STILL, "council.tolerance": 0}, with_steps(missions=0), csdp_fpa=TALKS)
    model = PartnershipModel(settings, range(R), SEED, ("limits",))
    model.council.noise[model.partnership.place["csdp_fpa"]][:] = -9.0  # nobody accepts anything
    model.step()
    found = of([row[2:] for row in rows(model.tables()["limits"])], "csdp_fpa")
    assert found == {("council", "AUT"): R}


def test_where_japan_and_the_other_side_want_alike_japan_is_named() -> None:
    alike = {**QUIET, "files.concluding": 0, "council.acceptance": 0.2, "council.acceptance_japan": 0.2}
    model = PartnershipModel(world({**alike, "council.tolerance": 2}), range(R), SEED, ("limits",))
    model.step()
    at, sweden = model.partnership, PARTNERS.index("SWE")
    model.cabinet.position = model.high_representative.position = np.full(R, 0.5)
    model.member_states.position = np.full_like(model.member_states.position, 0.5)
    at.file[at.place["osa_coordination"]] = NEGOTIATING
    model.tracks.stage[sweden, model.tracks.slugs.index("acsa")] = 1  # in talks
    one = np.ones(at.file.shape)
    model.negotiation.terms = Terms(cap=one, wish=one, mid=0.1 * one, least=0.2 * one)
    model.limits.after_opening()
    model.limits.after_council()
    model.limits.keep()
    found = [row[2:] for row in rows(model.tables()["limits"]) if row[1] == model.quarter]
    assert of(found, "osa_coordination") == of(found, "acsa", "SWE") == {("wish", "JPN"): R}


@pytest.mark.parametrize(
    ("slug", "spare", "resources", "framework", "dialogue", "limit"),
    [
        ("naval_exercise", 0.9, 0.5, 0.3, 1.2, "framework"),
        ("naval_exercise", 0.1, 0.5, 0.7, 1.2, "money"),
        ("naval_exercise", 0.9, 0.65, 0.7, 1.2, "attention"),
        ("naval_exercise", 0.9, 0.55, 0.7, 1.2, "money"),
        ("naval_exercise", 0.9, 0.9, 0.65, 1.2, "attention"),
        ("naval_exercise", 0.9, 0.5, 0.5, 1.0, "framework"),
        ("cyber_dialogue", 0.65, 0.1, 0.1, 1.2, "attention"),
        ("cyber_dialogue", 0.55, 0.9, 0.1, 1.2, "money"),
        ("cyber_dialogue", 0.5, 0.9, 0.1, 1.0, "money"),
    ],
)
def test_of_framework_money_and_attention_the_scarcest_binds(
    slug: str, spare: float, resources: float, framework: float, dialogue: float, limit: str
) -> None:
    """Attention is the dialogue factor against its most, 1 + 2 * 0.5; civil deeds need no framework and other means."""
    model = PartnershipModel(world({**QUIET, "files.dialogue": 0.5}), range(R), SEED, ("limits",))
    model.step()
    model.delivery.means = Means(*(np.full(R, part) for part in (spare, resources, framework, dialogue)))
    at, k = model.partnership, model.partnership.place[slug]
    at.in_force[k], at.agreed[k] = True, 1.0
    at.operational[k] = [0.9] + [0.8999] * (R - 1)
    model.limits.keep()
    found = of([row[2:] for row in rows(model.tables()["limits"]) if row[1] == model.quarter], slug)
    assert {name for name, _ in found} == {limit} and found.total() == R - 1, "from nine tenths on nothing binds"


def test_whose_brake_stops_a_majority_is_the_pivot() -> None:
    """Under the passerelle a level a margin beyond what the least willing state tolerates, where others want more."""
    settings = resolve("outlook", "qmv", {"levers.qmv_from": "start", "levers.qmv_strength": 1})
    model = PartnershipModel(settings, range(R), SEED)
    model.step()
    model.european_council.passerelle = np.ones(R, dtype=bool)
    k, lanes = model.partnership.place["hybrid_fimi"], np.arange(R)
    model.council.noise[k][:] = 2.0
    model.council.noise[k][3] = -9.0
    margin, one = float(model.parameters.council.brake_margin), model.partnership.catalogue[k]
    level, bounds = model.council.passes(k, one, lanes)
    np.testing.assert_array_equal(level, bounds.veto[3] + margin)
    passes, pivot = model.limits.passes_and_pivot(k, one, lanes)
    assert (pivot == 3).all() and (passes == np.minimum(1.0, level / one.ambition)).all()


def test_rungs() -> None:
    settings = world(STILL, with_steps(transfers=1))
    ties = dict(settings.table.bilateral)
    signed, talks = StartInstrument(stage="signed", agreed=0.8), StartInstrument(stage="negotiating")
    ties["SWE"] = {**ties["SWE"], "co_development": signed, "acsa": talks}
    table = settings.table.model_copy(update={"bilateral": ties})
    found = first_quarter(settings.model_copy(update={"table": table}))
    assert of(found, "co_development", "SWE") == {("ladder", "JPN"): R}
    in_talks = {"wish", "council", "attention"}
    assert {limit for limit, _ in of(found, "acsa", "SWE")} <= {*in_talks, "ratification"}  # some sign this quarter

    def of_signed(policy: str, **steps: int) -> Counter[tuple[str, str]]:
        """What holds a signed rung while the coalition can pass no law and no other lends it votes."""
        slow = {**STILL, "ratification.diet_minority": 0}
        facts = resolve("outlook", policy, slow)
        ladders = table.ladders.model_copy(update=steps)
        hung = facts.japan.model_copy(
            update={"thresholds": facts.japan.thresholds.model_copy(update={"majority": 1.0, "two_thirds": 1.0})}
        )
        update = {"table": table.model_copy(update={"ladders": ladders}), "japan": hung}
        return of(first_quarter(facts.model_copy(update=update)), "co_development", "SWE")

    assert of_signed("none", transfers=1) == {("ladder", "JPN"): R}
    assert of_signed("none", transfers=2) == {("ratification", "JPN"): R}
    assert of_signed("lift_constitution", transfers=1) == {("ratification", "JPN"): R}

    def of_acsa(overrides: dict[str, Any]) -> Counter[tuple[str, str]]:
        facts = resolve("outlook", "none", {"tracks.concluding": 0, **overrides})
        return of(first_quarter(facts.model_copy(update={"table": table})), "acsa", "SWE")

    assert {limit for limit, _ in of_acsa({})} <= in_talks
    assert of_acsa({"council.acceptance_japan": 0.1}) == {("wish", "JPN"): R}
    assert of_acsa({"council.acceptance": 0.1}) == {("council", "SWE"): R}
    eager = {"tracks.concluding": 0, "council.acceptance": 5, "council.acceptance_japan": 5}
    assert of_acsa(eager) == {("attention", "JPN"): R}
    whole = tuple(one.model_copy(update={"least": 1.0}) for one in settings.rungs)  # a draft of 1 is just enough
    facts = resolve("outlook", "none", eager).model_copy(update={"table": table, "rungs": whole})
    assert of(first_quarter(facts), "acsa", "SWE") == {("attention", "JPN"): R}


def test_japan_wants_less_where_its_share_of_what_it_aims_at_is_the_smaller_one() -> None:
    """What each side would sign: acceptance times position (docs/ODD.md 6.6), for Japan and for who leads the file."""
    model = PartnershipModel(resolve("outlook", "none"), range(R), SEED)
    rng = np.random.default_rng(3)
    model.cabinet.position = rng.uniform(0.05, 0.95, R)
    model.high_representative.position = model.commission.position = rng.uniform(0.05, 0.95, R)
    p = model.parameters.council
    file = model.settings.instruments[0]
    expected = p.acceptance_japan * model.cabinet.position <= p.acceptance * model.commission.position
    assert model.limits._japan_wants_less(file).tolist() == expected.tolist()
    assert 0 < expected.sum() < R
