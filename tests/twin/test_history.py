"""The twin alone: what it says must make sense before anything is held against it."""

from collections.abc import Iterator
from functools import cache

import pytest

from config import resolve
from config.schema import Settings
from tests.twin.history import TwinHistory
from tests.twin.recording import Row

PLAYED = [("outlook", "none"), ("hindcast", "none"), ("taiwan_crisis", "dialogue+framework+qmv"),
          ("outlook", "lift_fragmentation+lift_constitution")]  # fmt: skip
RUNS = (0, 5)
EVERYTHING = ("trajectories", "transitions", "actors", "bounds", "limits")

PATHS = {
    "R0": ("negotiating", "in_force"),
    "R1": ("negotiating", "in_force"),
    "R3": ("negotiating", "in_force"),
    "R4": ("negotiating", "in_force"),
    "R2": ("mandated", "negotiating", "signed", "in_force"),
    "R8": ("mandated", "negotiating", "signed", "in_force"),
    "R9": ("mandated", "negotiating", "signed", "in_force"),
    "R5": ("mandated", "negotiating", "signed", "provisional", "in_force"),
    "R7": ("mandated", "negotiating", "signed", "provisional", "in_force"),
    "R6": ("negotiating", "signed", "in_force"),
}
"""The stages of a first file, by class."""

SHARES = (
    *("declared_depth", "operational_depth", "operational_depth_equal", "attention_eu", "attention_japan"),
    *("interoperability", "trust"),
    *("pressure_russia", "pressure_china", "pressure_north_korea", "pressure_us_retrenchment", "share_outside_eu"),
)
COLUMNS = [
    *("quarter", "declared_depth", "operational_depth", "operational_depth_equal", "gap", "fragmentation"),
    *("attention_eu", "attention_japan", "dilution", "vetoes", "files_open", "files_stalled"),
    *("interoperability", "trust"),
    *("step_force", "step_transfers", "step_secrecy", "step_missions"),
    *("defence_spending_japan", "defence_spending_eu", "peace_facility_ukraine", "peace_facility_indo_pacific"),
    *("pressure_russia", "pressure_china", "pressure_north_korea", "pressure_us_retrenchment", "share_outside_eu"),
]


@cache
def settings(scenario: str, policy: str) -> Settings:
    return resolve(scenario, policy)


@cache
def history(scenario: str, policy: str, run: int) -> TwinHistory:
    played = TwinHistory(settings(scenario, policy), seed=1, run=run, record=EVERYTHING)
    played.run()
    return played


@pytest.fixture(params=[(*pair, run) for pair in PLAYED for run in RUNS], ids=str)
def played(request: pytest.FixtureRequest) -> TwinHistory:
    return history(*request.param)


def test_every_quarter_is_recorded_with_every_column(played: TwinHistory) -> None:
    start, until = played.settings.start, played.settings.until
    assert [row["quarter"] for row in played.trajectories] == list(range(start, until + 1))
    assert all(list(row) == COLUMNS for row in played.trajectories)


def test_every_value_is_in_range(played: TwinHistory) -> None:
    for row in played.trajectories:
        assert all(0.0 <= row[name] <= 1.0 for name in SHARES), row
        assert row["gap"] == row["declared_depth"] - row["operational_depth"] >= 0.0
        assert 0.0 <= row["fragmentation"] <= 1.25
        assert 0 <= row["files_stalled"] <= row["files_open"] <= 23
        assert row["vetoes"] >= 0 and row["dilution"] >= 0.0
        assert 0.2 <= row["defence_spending_eu"] <= 5.0 and 0.2 <= row["defence_spending_japan"] <= 5.0
        assert row["peace_facility_ukraine"] >= 0.0 and row["peace_facility_indo_pacific"] >= 0.0
    for row in played.actors:
        threats = [row[name] for name in row if name.startswith("threat_")]
        assert all(0.0 <= x <= 1.0 for x in [*threats, row["attention"], row["position"], row["trust"]]), row
    for row in played.bounds:
        assert 0.0 <= row["accept_bound"] <= row["veto_bound"], row


def test_japan_never_goes_back_and_climbs_no_further_than_its_ladders(played: TwinHistory) -> None:
    for ladder, top in (("force", 3), ("transfers", 3), ("secrecy", 2), ("missions", 1)):
        steps = [row[f"step_{ladder}"] for row in played.trajectories]
        assert steps == sorted(steps) and steps[-1] <= top


def test_stages_follow_the_path_of_their_class(played: TwinHistory) -> None:
    for slug, rule, stage, changes in _careers(played):
        path = PATHS[rule]
        stands = path.index(stage) if stage in path else -1
        settled, reopened = stage == "in_force", False
        for change in changes:
            if change == "withdrawn" and settled:
                assert reopened, (slug, changes)
                reopened = False
            elif change in ("withdrawn", "lapsed"):
                assert settled if change == "lapsed" else path[stands] == "negotiating", (slug, changes)
                stands, settled, reopened = -1, False, False
            elif change == "reopened":
                assert settled and not reopened, (slug, changes)
                reopened = True
            elif change == "deepened":
                assert reopened, (slug, changes)
                reopened = False
            else:
                assert not settled and path[stands + 1] == change, (slug, changes)
                stands = stands + 1
                settled = change == "in_force"


def _careers(played: TwinHistory) -> Iterator[tuple[str, str, str, list[str]]]:
    """Name, class, first stage and what happened to every instrument and rung."""
    table = played.settings.table
    for facts in played.settings.instruments:
        yield facts.slug, facts.rule, table.of(facts.slug).stage, _changes(played, "EU", facts.slug)
    for partner in played.world.ties:
        for rung in played.settings.rungs:
            stage = table.rung(partner, rung.slug).stage
            yield f"{partner} {rung.slug}", "R6", stage, _changes(played, partner, rung.slug)


def _changes(played: TwinHistory, partner: str, instrument: str) -> list[str]:
    return [change for _, with_whom, what, change in played.transitions if (with_whom, what) == (partner, instrument)]


def test_transitions_stand_in_order(played: TwinHistory) -> None:
    order = [("EU", facts.slug) for facts in played.settings.instruments]
    for partner in played.world.ties:
        order.extend((partner, rung.slug) for rung in played.settings.rungs)
    places = [(quarter, order.index((partner, what))) for quarter, partner, what, _ in played.transitions]
    assert places == sorted(places)


def test_every_instrument_is_carried_out_no_further_than_agreed(played: TwinHistory) -> None:
    for agreement in played.world.agreements:
        assert 0.0 <= agreement.operational <= 1.0 and 0.0 <= agreement.agreed <= 1.0
        if agreement.in_force:
            assert agreement.operational <= agreement.agreed
    for ties in played.world.ties.values():
        assert all(0.0 <= tie.operational <= tie.agreed <= 1.0 for tie in ties)


@pytest.mark.parametrize("pair", PLAYED, ids=str)
def test_every_euro_is_accounted_for(pair: tuple[str, str]) -> None:
    """What the Facility gets is paid, kept, blocked or beyond what may be kept; members pay what is paid."""
    played = TwinHistory(settings(*pair), seed=1, run=3)
    facility = played.world.facility
    envelopes = _envelopes(played)
    while played.quarter <= played.settings.until:
        headroom, blocked = facility.headroom, facility.blocked_stock
        added = envelopes[played.quarter]
        played.step()
        kept = min(headroom + added, played.parameters["money.carry_over"] * added)
        paid = facility.paid_ukraine + facility.paid_indo_pacific
        assert kept + blocked == pytest.approx(paid + facility.headroom + facility.blocked_stock)
        assert facility.headroom >= 0.0 and facility.blocked_stock >= 0.0
        members = played.world.members
        assert paid == pytest.approx(_added_up([member.contribution for member in members]))
        voters = [member for member in members if member.in_union and not member.opted_out]
        assert all(
            member.contribution == member.contribution_lethal == 0.0 for member in members if member not in voters
        )
        gdp = _added_up([member.gdp for member in voters])
        assert all(member.contribution == pytest.approx(member.gdp / gdp * paid) for member in voters)
        lethal = played.parameters["money.lethal_share"] * facility.paid_ukraine
        assert lethal == pytest.approx(_added_up([member.contribution_lethal for member in members]))


def _envelopes(played: TwinHistory) -> dict[int, float]:
    """What is granted in each quarter: all of the last ceiling by 2027Q4, spread as each of them allowed."""
    money = played.settings.union.peace_facility
    found = dict.fromkeys(range(played.settings.start, money.ceilings[0].begins), 0.0)
    for quarter in range(money.ceilings[0].begins, max(money.until, played.settings.until) + 1):
        ceiling = max(row.eur_m for row in money.ceilings if row.begins <= quarter)
        left = ceiling - sum(found.values())
        found[quarter] = left / (money.until - quarter + 1) if quarter <= money.until else 0.0
        if quarter == money.until:
            assert sum(found.values()) == pytest.approx(17040.0)
        if quarter >= money.successor.begins:
            found[quarter] = money.successor.eur_m_per_year / 4
    return found


def _added_up(values: list[float]) -> float:
    result = 0.0
    for value in values:
        result = result + value
    return result


def test_same_seed_and_run_give_the_same_history() -> None:
    again = TwinHistory(settings("outlook", "none"), seed=1, run=0, record=EVERYTHING)
    again.run()
    first = history("outlook", "none", 0)
    assert _recorded(again) == _recorded(first)
    assert again.world == first.world


def _recorded(played: TwinHistory) -> tuple[list[Row], ...]:
    return played.trajectories, played.actors, played.bounds, played.limits


@pytest.mark.parametrize(("seed", "run"), [(2, 0), (1, 1)])
def test_another_seed_or_run_gives_another_history(seed: int, run: int) -> None:
    played = TwinHistory(settings("outlook", "none"), seed, run)
    played.run()
    assert played.trajectories != history("outlook", "none", 0).trajectories


def test_a_pinned_pressure_stays_where_the_scenario_puts_it() -> None:
    played = TwinHistory(settings("us_withdrawal", "none"), seed=1, run=2)
    crisis = 2
    while played.quarter <= played.settings.until:
        quarter = played.quarter
        played.step()
        if quarter >= played.settings.regimes[0].begins:
            assert played.world.pressures[3].regime == crisis


def test_the_record_dates_japans_elections_in_the_hindcast() -> None:
    played = history("hindcast", "none", 0)
    japan = played.world.japan
    assert (japan.lower_share, japan.upper_share, japan.partner) == (0.756989, 0.483871, False)


def test_with_attention_lifted_both_sides_attend() -> None:
    played = TwinHistory(settings("outlook", "lift_attention"), seed=1, run=0)
    played.step()
    row = played.trajectories[0]
    assert row["attention_eu"] == row["attention_japan"] == played.parameters["levers.lifted_attention"]


def test_only_what_is_asked_for_is_recorded() -> None:
    played = TwinHistory(settings("outlook", "none"), seed=1, run=0, record=("transitions",))
    played.step()
    assert not (played.trajectories or played.actors or played.bounds or played.limits)
