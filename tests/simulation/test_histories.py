"""Whole histories, whatever the scenario and the policy: what is always so, quarter by quarter."""

from collections import defaultdict
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from config import LADDERS, PARTNERS, PRESSURES, Settings, resolve
from simulation.instruments import MANDATED, NEGOTIATING, NO_FILE, PROVISIONAL, SIGNED
from simulation.model import PartnershipModel
from tests.simulation.playing import Tables

ALL_LEVERS = "amendment+dialogue+framework+indo_pacific_strategy+interoperability+qmv+reinterpretation"
ALL_LIFTED = "lift_attention+lift_constitution+lift_fragmentation+lift_framework"
CASES = [
    *(("outlook", "none", 1), ("hindcast", "none", 2), ("outlook", ALL_LEVERS, 3), ("hindcast", ALL_LIFTED, 4)),
    *(("taiwan_crisis", "dialogue+framework+qmv", 5), ("detente", "interoperability", 6)),
    *(("us_withdrawal", "amendment", 7), ("russian_victory", "indo_pacific_strategy", 8)),
]
R = 31
"""Runs of each case."""

PATHS = {
    **dict.fromkeys(("R0", "R1", "R3", "R4"), ("negotiating", "in_force")),
    **dict.fromkeys(("R2", "R8", "R9"), ("mandated", "negotiating", "signed", "in_force")),
    **dict.fromkeys(("R5", "R7"), ("mandated", "negotiating", "signed", "provisional", "in_force")),
    "R6": ("negotiating", "signed", "in_force"),
}
"""Stages of a first file by class: docs/ODD.md, 2."""

FILE = {NO_FILE: "", MANDATED: "mandated", NEGOTIATING: "negotiating", SIGNED: "signed", PROVISIONAL: "provisional"}
SHARES = (
    *("declared_depth", "operational_depth", "gap", "attention_eu", "attention_japan", "interoperability", "trust"),
    *("pressure_russia", "pressure_china", "pressure_north_korea", "pressure_us_retrenchment", "share_outside_eu"),
)

Story = dict[str, NDArray[Any]]


class Watched(PartnershipModel):
    """The model with somebody who notes down each quarter, (Q, ..., R)."""

    def __init__(self, settings: Settings, seed: int) -> None:
        super().__init__(settings, range(R), seed, ("trajectories", "transitions", "actors", "bounds"))
        self.notes: dict[str, list[NDArray[Any]]] = defaultdict(list)

    def open_files(self) -> None:
        self._note(talks_before=self.partnership.in_talks)
        super().open_files()
        self._note(talks_after=self.partnership.in_talks, passerelle=self.european_council.passerelle)

    def keep(self) -> None:
        super().keep()
        at, facility, tracks = self.partnership, self.peace_facility, self.tracks
        self._note(file=at.file, in_force=at.in_force, lapsed=at.lapsed, effective=at.effective, agreed=at.agreed)
        self._note(drafted=at.drafted, operational=at.operational, stalled=at.stalled, step=self.constitution.step)
        self._note(headroom=facility.headroom, blocked=facility.blocked_stock, contributed=facility.contributed)
        self._note(paid_ukraine=facility.paid_ukraine, paid_indo_pacific=facility.paid_indo_pacific)
        self._note(rung_agreed=tracks.agreed, rung_operational=tracks.operational, rung_stage=tracks.stage)
        self._note(regime=self.pressures.regime, rivals=self.rivals.depth, lower=self.diet.lower, upper=self.diet.upper)
        self._note(elected=self.member_states.elected)
        self._note(support=self.public.support, interoperability=at.interoperability, visible=at.visible_depth)

    def _note(self, **seen: NDArray[Any]) -> None:
        for name, values in seen.items():
            self.notes[name].append(values.copy())


class Played:
    """A case, played and written down."""

    def __init__(self, scenario: str, policy: str, seed: int) -> None:
        self.settings = resolve(scenario, policy)
        model = Watched(self.settings, seed)
        model.run()
        self.model = model
        self.tables: Tables = model.tables()
        self.notes: Story = {name: np.stack(seen) for name, seen in model.notes.items()}
        self.quarters = range(self.settings.start, self.settings.until + 1)

    def column(self, name: str) -> NDArray[Any]:
        """A column of the trajectories as (R, Q)."""
        return self.tables["trajectories"][name].reshape(R, len(self.quarters))

    def careers(self) -> dict[tuple[int, str, str], list[tuple[int, str]]]:
        """What happened to every instrument and rung in every run: quarter and stage, in order."""
        table = self.tables["transitions"]
        found: dict[tuple[int, str, str], list[tuple[int, str]]] = defaultdict(list)
        names = ("run", "partner", "instrument", "quarter", "stage")
        for run, partner, slug, quarter, stage in zip(*(table[name].tolist() for name in names), strict=True):
            found[run, partner, slug].append((quarter, stage))
        return found

    def first_stage(self, partner: str, slug: str) -> str:
        """Stage of the start table."""
        table = self.settings.table
        return table.of(slug).stage if partner == "EU" else table.rung(partner, slug).stage


@cache
def play(scenario: str, policy: str, seed: int) -> Played:
    return Played(scenario, policy, seed)


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def played(request: pytest.FixtureRequest) -> Played:
    return play(*request.param)


# Ranges


def assert_share(values: NDArray[Any], name: str) -> None:
    assert ((values >= 0) & (values <= 1)).all(), name


def test_shares_depths_and_positions_lie_between_zero_and_one(played: Played) -> None:
    for name in SHARES:
        assert_share(played.tables["trajectories"][name], name)
    actors = played.tables["actors"]
    for name in actors:
        if name.startswith("threat_") or name in ("attention", "position", "trust"):
            assert_share(actors[name], name)
    for name in ("agreed", "drafted", "operational", "effective", "rung_agreed", "rung_operational", "rivals", "lower",
                 "upper", "support", "interoperability"):  # fmt: skip
        assert_share(played.notes[name], name)


def test_every_number_is_a_number(played: Played) -> None:
    for name, table in played.tables.items():
        for column, values in table.items():
            if values.dtype.kind == "f":
                assert np.isfinite(values).all(), (name, column)


def test_counts_are_whole_and_within_what_there_is(played: Played) -> None:
    files, stalled, vetoes = (played.column(name) for name in ("files_open", "files_stalled", "vetoes"))
    assert all(counts.dtype.kind == "i" for counts in (files, stalled, vetoes))
    assert ((stalled >= 0) & (stalled <= files) & (files <= len(played.settings.instruments))).all()
    assert ((vetoes >= 0) & (vetoes <= len(played.settings.instruments) + 4)).all()


def test_bounds_are_ordered(played: Played) -> None:
    bounds = played.tables["bounds"]
    assert ((bounds["accept_bound"] >= 0) & (bounds["accept_bound"] <= bounds["veto_bound"])).all()


# Depth


def test_nothing_is_carried_out_beyond_what_is_agreed(played: Played) -> None:
    notes = played.notes
    assert (notes["operational"] <= notes["effective"]).all()
    assert (notes["rung_operational"] <= notes["rung_agreed"]).all()
    apart = ~notes["in_force"] & (notes["file"] != PROVISIONAL)
    assert (notes["effective"][apart] == 0).all() and (notes["operational"][apart] == 0).all()


def test_gap_is_declared_less_operational_depth(played: Played) -> None:
    declared, operational = played.column("declared_depth"), played.column("operational_depth")
    np.testing.assert_array_equal(played.column("gap"), declared - operational)
    assert (operational <= declared).all()


def test_depth_is_the_mean_over_instruments_by_ambition(played: Played) -> None:
    ambition = np.array([one.ambition for one in played.settings.instruments])
    for column, name in (("declared_depth", "effective"), ("operational_depth", "operational")):
        depth = np.einsum("k,qkr->rq", ambition, played.notes[name]) / ambition.sum()
        np.testing.assert_allclose(played.column(column), depth, rtol=1e-12)


def test_depth_by_equal_weights_is_the_plain_mean_over_instruments(played: Played) -> None:
    depth = played.notes["operational"].mean(axis=1).T
    np.testing.assert_allclose(played.column("operational_depth_equal"), depth, rtol=1e-12)


def test_regime_is_named_by_operational_depth_at_the_end(played: Played) -> None:
    last = played.column("operational_depth")[:, -1]
    named = ["symbolic" if depth < 0.25 else "functional" if depth < 0.60 else "strategic" for depth in last]
    assert played.tables["runs"]["regime"].tolist() == named


# Files


def test_no_stage_is_skipped_and_every_transition_is_legal(played: Played) -> None:
    rules = {("EU", one.slug): one.rule for one in played.settings.instruments}
    for (run, partner, slug), career in played.careers().items():
        path = PATHS[rules.get((partner, slug), "R6")]
        first = played.first_stage(partner, slug)
        assert first in (*path, "dormant", "lapsed"), (partner, slug, first)
        state = ("in_force", "closed") if first == "in_force" else ("", first if first in path else "none")
        for quarter, stage in career:
            now = _next(state, stage, path)
            assert now is not None, (run, partner, slug, quarter, state, stage, career)
            state = now


def _next(state: tuple[str, str], stage: str, path: tuple[str, ...]) -> tuple[str, str] | None:
    """Status and stage of the file after a transition, None if it is not legal."""
    status, file = state
    if stage == "lapsed":
        return ("", "none") if status == "in_force" and path == PATHS["R0"] else None
    if status == "in_force":
        moves = {("closed", "reopened"): "open", ("open", "deepened"): "closed", ("open", "withdrawn"): "closed"}
        after = moves.get((file, stage))
        return (status, after) if after else None
    if stage == "withdrawn":
        return ("", "none") if file == "negotiating" else None
    following = path[path.index(file) + 1] if file in path else path[0]
    if stage != following:
        return None
    return ("in_force", "closed") if stage == "in_force" else ("", stage)


def test_transitions_tell_where_every_file_stands(played: Played) -> None:
    """Who reads the table alone knows at every quarter's end what is in force and which first file is where."""
    careers = played.careers()
    for k, one in enumerate(played.settings.instruments):
        first: str = played.settings.table.of(one.slug).stage
        for run in range(R):
            told, pending = first, dict(_last_by_quarter(careers.get((run, "EU", one.slug), [])))
            for q, quarter in enumerate(played.quarters):
                told = _told(told, pending.get(quarter, []))
                in_force, file = bool(played.notes["in_force"][q, k, run]), int(played.notes["file"][q, k, run])
                assert (told == "in_force") == in_force, (run, one.slug, quarter)
                if not in_force:
                    assert FILE[file] == (told if told in FILE.values() else ""), (run, one.slug, quarter, told)


def _last_by_quarter(career: list[tuple[int, str]]) -> list[tuple[int, list[str]]]:
    found: dict[int, list[str]] = defaultdict(list)
    for quarter, stage in career:
        found[quarter].append(stage)
    return list(found.items())


def _told(stage: str, changes: list[str]) -> str:
    for change in changes:
        if change in ("reopened", "deepened") or (change == "withdrawn" and stage == "in_force"):
            continue
        stage = "dormant" if change == "withdrawn" else change
    return stage


def test_hard_prerequisites_hold_at_each_opening(played: Played) -> None:
    notes, place = played.notes, {one.slug: k for k, one in enumerate(played.settings.instruments)}
    opened = 0
    for (run, partner, slug), career in played.careers().items():
        if partner != "EU" or not (needs := played.settings.instruments[place[slug]].needs):
            continue
        begins = PATHS[played.settings.instruments[place[slug]].rule][0]
        for quarter, stage in career:
            q = quarter - played.settings.start
            if stage not in (begins, "reopened"):
                continue
            opened += 1
            for need in needs:
                if q == 0:
                    there = played.settings.table.of(need).stage in ("in_force", "provisional")
                else:
                    there = notes["in_force"][q - 1, place[need], run] or (
                        notes["file"][q - 1, place[need], run] == PROVISIONAL
                    )
                assert there, (run, slug, quarter, need)
    assert opened


def test_an_instrument_is_not_opened_before_it_exists(played: Played) -> None:
    opens = {one.slug: one.opens for one in played.settings.instruments}
    for (_, partner, slug), career in played.careers().items():
        assert partner != "EU" or all(quarter >= opens[slug] for quarter, _ in career), slug


def test_a_file_is_granted_only_a_free_slot(played: Played) -> None:
    """Whoever goes into talks finds no more files there than its leader has slots, less what levers cost."""
    before, after = played.notes["talks_before"], played.notes["talks_after"]
    assert (after >= before).all()
    for leader in ("high_representative", "commission"):
        mine = [k for k, one in enumerate(played.settings.instruments) if one.led_by == leader]
        granted = (after & ~before)[:, mine].any(axis=1)
        slots = np.stack([_slots(played, leader, q, quarter) for q, quarter in enumerate(played.quarters)])
        assert granted.any()
        assert (after[:, mine].sum(axis=1) <= slots)[granted].all(), leader


def _slots(played: Played, leader: str, q: int, quarter: int) -> NDArray[Any]:
    def value(name: str) -> float:
        return float(played.settings.parameters[name].value)

    if leader == "commission":
        return np.full(R, value("files.slots_commission"))
    pulled = [lever for lever in ("dialogue", "framework") if quarter >= value(f"levers.{lever}_from")]
    costs = sum(value(f"levers.{lever}_slots") for lever in pulled)
    seeking = (quarter >= value("levers.qmv_from")) & ~played.notes["passerelle"][q]
    slots: NDArray[Any] = np.floor(
        value("files.slots_high_representative") - costs - value("levers.qmv_slots") * seeking
    )
    return slots


def test_a_file_without_progress_is_withdrawn_in_time(played: Played) -> None:
    patience = played.settings.parameters["files.patience"].value
    assert (played.notes["stalled"][played.notes["file"] == NEGOTIATING] < patience).all()


def test_deepening_is_deeper(played: Played) -> None:
    in_force, agreed = played.notes["in_force"], played.notes["agreed"]
    stays = in_force[1:] & in_force[:-1]
    assert (agreed[1:] >= agreed[:-1])[stays].all()


# Money, Japan, pressures, actors


def test_money_is_never_negative(played: Played) -> None:
    for name in ("headroom", "blocked", "paid_ukraine", "paid_indo_pacific", "contributed"):
        assert (played.notes[name] >= 0).all(), name
    paid = played.notes["paid_ukraine"] + played.notes["paid_indo_pacific"]
    np.testing.assert_allclose(played.notes["contributed"].sum(axis=1), paid, atol=1e-9)
    facility = played.settings.union.peace_facility
    before = np.array(played.quarters) < facility.ceilings[0].begins
    assert (paid[before] == 0).all()


def test_japan_climbs_its_ladders_one_by_one_and_never_back(played: Played) -> None:
    policy = played.settings.policy.name
    pushed = {"force"} if "amendment" in policy or "reinterpretation" in policy else set()
    for row, ladder in enumerate(LADDERS):
        steps = played.column(f"step_{ladder}")
        start = getattr(played.settings.table.ladders, ladder)
        np.testing.assert_array_equal(steps, played.notes["step"][:, row].T)
        moves = np.diff(steps, axis=1, prepend=start)
        assert (moves >= 0).all() and steps.max() <= len(getattr(played.settings.japan.ladders, ladder)), ladder
        assert ladder in pushed or (moves <= 1).all(), ladder


def test_pressures_move_one_regime_at_a_time_unless_pinned(played: Played) -> None:
    dictated = {one.pressure for one in played.settings.regimes}
    for row, pressure in enumerate(PRESSURES):
        regime = played.notes["regime"][:, row]
        assert ((regime >= 0) & (regime <= 2)).all()
        assert pressure in dictated or (np.abs(np.diff(regime, axis=0)) <= 1).all(), pressure


def test_a_stance_changes_only_by_election(played: Played) -> None:
    stance = played.tables["actors"]["stance"].reshape(R, len(played.quarters), -1)
    changed = (np.diff(stance, axis=1) != 0)[..., :-1]
    elected = played.notes["elected"].transpose(2, 0, 1)[:, 1:]
    np.testing.assert_array_equal(changed, elected)
    assert elected.any()


def test_defence_spending_stays_within_its_limits(played: Played) -> None:
    spending, p = played.tables["actors"]["defence_spending"], played.settings.parameters
    floor = min(p["feedback.spending_floor"].value, *(one.defence_spending_2010 for one in played.settings.members))
    assert ((spending >= floor) & (spending <= p["feedback.spending_cap"].value)).all()


def test_rows_are_complete(played: Played) -> None:
    runs, quarters, tables = list(range(R)), list(played.quarters), played.tables
    assert tables["runs"]["run"].tolist() == runs
    assert tables["trajectories"]["run"].tolist() == [run for run in runs for _ in quarters]
    assert tables["trajectories"]["quarter"].tolist() == quarters * R
    names = [one.iso3 for one in played.settings.members] + ["JPN"]
    assert tables["actors"]["actor"].tolist() == names * (R * len(quarters))
    keys = list(zip(tables["transitions"]["run"].tolist(), tables["transitions"]["quarter"].tolist(), strict=True))
    assert all(before <= after for before, after in pairwise(keys))
    assert set(tables["transitions"]["partner"]) <= {"EU", *PARTNERS}


def test_only_members_of_the_quarter_have_bounds(played: Played) -> None:
    bounds = played.tables["bounds"]
    here = bounds["run"] == 0
    seen = defaultdict(set)
    for quarter, actor in zip(bounds["quarter"][here].tolist(), bounds["actor"][here].tolist(), strict=True):
        seen[quarter].add(actor)
    for quarter in played.quarters:
        assert seen[quarter] == {one.iso3 for one in played.settings.members if one.has("member", quarter)}


def test_every_class_is_met(played: Played) -> None:
    """The histories above are lively enough to mean something."""
    stages = set(played.tables["transitions"]["stage"])
    assert {"mandated", "negotiating", "signed", "in_force", "reopened", "deepened"} <= stages
    table = played.tables["transitions"]
    moved = {slug for slug, partner in zip(table["instrument"], table["partner"], strict=True) if partner == "EU"}
    assert len(moved) >= 15
