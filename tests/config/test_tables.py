"""The tables of config/ agree with each other and with the record. Reads the files as they are, without the loader."""

import csv
import math
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

CONFIG = Path(__file__).resolve().parents[2] / "config"
DOMAINS = {"political", "civil", "maritime", "information", "industry", "operations"}
LADDERS = {"force": 3, "transfers": 3, "secrecy": 2, "missions": 1}
PRESSURES = ["russia", "china", "north_korea", "us_retrenchment"]
PARTNERS = {"DEU", "ESP", "FRA", "GBR", "ITA", "NLD", "SWE"}
STAGES = {"dormant", "mandated", "negotiating", "signed", "provisional", "in_force", "lapsed"}
TALKS = ("negotiating",), ("mandated", "negotiating", "signed"), ("mandated", "negotiating", "signed", "provisional")
PATHS = {  # stages between dormant and in force, by class of rule
    **dict.fromkeys(("R0", "R1", "R3", "R4"), TALKS[0]),
    **dict.fromkeys(("R2", "R8", "R9"), TALKS[1]),
    **dict.fromkeys(("R5", "R7"), TALKS[2]),
}
STARTS = ["2010Q1", "2026Q3"]
CAPITALS = {"moscow": (55.7558, 37.6173), "tokyo": (35.6762, 139.6503)}


def table(name: str) -> dict[str, Any]:
    return tomllib.loads((CONFIG / name).read_text(encoding="utf-8"))


def rows(name: str) -> list[dict[str, str]]:
    with (CONFIG / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def index(quarter: str) -> int:
    assert len(quarter) == 6 and quarter[4] == "Q" and quarter[5] in "1234", quarter
    return 4 * int(quarter[:4]) + int(quarter[5]) - 1


def quarter_of(date: str) -> int:
    """The quarter of a date that may lack its day or month (then the first of the year)."""
    return 4 * int(date[:4]) + (int(date[5:7]) - 1) // 3 if len(date) > 4 else 4 * int(date)


INSTRUMENTS = table("instruments.toml")
STATES = rows("actors/member_states.csv")
PERIODS = rows("actors/periods.csv")
RECORD = rows("record.csv")


def held(kind: str, quarter: str) -> set[str]:
    """The states that are `kind` in this quarter."""
    now = index(quarter)
    return {
        row["iso3"]
        for row in PERIODS
        if row["kind"] == kind
        and (not row["from"] or index(row["from"]) <= now)
        and (not row["until"] or now < index(row["until"]))
    }


def kilometres(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Great-circle distance of two places given in degrees, by the haversine formula."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(math.radians, place)) for place in (here, there))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(half))


@pytest.mark.parametrize("path", sorted(CONFIG.rglob("*.toml")), ids=lambda path: str(path.relative_to(CONFIG)))
def test_every_toml_file_can_be_read(path: Path) -> None:
    assert tomllib.loads(path.read_text(encoding="utf-8"))


WRITTEN_BY_ANALYSIS = {"regimes", "posterior"}
"""By experiments/analysis/regimes.py and `partnership calibrate`, from tables whose rows name their sources."""


TABLES = {*CONFIG.rglob("*.csv")} - {*CONFIG.glob("experiments/*.csv")}
"""Without the tables of designs, which ask and assume nothing."""


@pytest.mark.parametrize("path", sorted(TABLES), ids=lambda path: str(path.relative_to(CONFIG)))
def test_every_csv_row_has_all_columns_and_a_source(path: Path) -> None:
    for row in rows(str(path.relative_to(CONFIG))):
        assert None not in row and None not in row.values(), row
        assert row["source"] if path.stem not in WRITTEN_BY_ANALYSIS else "source" not in row, row


def test_states_stand_once_in_the_order_of_their_codes() -> None:
    codes = [row["iso3"] for row in STATES]
    assert codes == sorted(set(codes)) and len(codes) == 28 and "GBR" in codes


@pytest.mark.parametrize("row", STATES, ids=lambda row: row["iso3"])
def test_figures_of_a_state_are_possible(row: dict[str, str]) -> None:
    assert int(row["population"]) > 500_000 and float(row["gdp_usd_bn"]) > 0 and int(row["us_troops"]) >= 0
    assert 0 < float(row["trade_china_pct_gdp"]) < 20 and 0 < float(row["trade_japan_pct_gdp"]) < 5
    assert 0 <= float(row["un_agreement_japan"]) <= 1
    assert row["nato_year"] == "0" or 1949 <= int(row["nato_year"]) <= 2024
    assert {row[flag] for flag in ("border_russia_or_belarus", "indo_pacific_territory", "g7")} <= {"0", "1"}
    assert row["passerelle"] in {"friend", "open", "sceptic"} and row["chambers"] in {"1", "2"}
    assert all(0 < float(row[f"defence_spending_{year}"]) < 6 for year in (2010, 2026))
    spent = float(row["defence_spending_2026"]) / 100 * float(row["gdp_usd_bn"]) * 1000
    assert int(row["military_expenditure_usd_m"]) == pytest.approx(spent, abs=1)


@pytest.mark.parametrize("row", STATES, ids=lambda row: row["iso3"])
@pytest.mark.parametrize("capital", CAPITALS)
def test_distances_follow_from_coordinates(row: dict[str, str], capital: str) -> None:
    here = float(row["latitude"]), float(row["longitude"])
    assert int(row[f"km_to_{capital}"]) == round(kilometres(here, CAPITALS[capital]))


def test_27_states_have_39_chambers() -> None:
    assert sum(int(row["chambers"]) for row in STATES if row["iso3"] != "GBR") == 39


@pytest.mark.parametrize(
    ("quarter", "number"),
    [("2010Q1", 27), ("2013Q2", 27), ("2013Q3", 28), ("2015Q1", 28), ("2020Q1", 27), ("2026Q3", 27)],
)
def test_the_union_has_its_members(quarter: str, number: int) -> None:
    members = held("member", quarter)
    assert len(members) == number
    assert ("GBR" in members) == (index(quarter) < index("2020Q1"))
    assert ("HRV" in members) == (index(quarter) >= index("2013Q3"))


def test_neutral_states_opt_out_and_pesco_change_when_they_did() -> None:
    assert held("neutral", "2023Q1") == {"AUT", "CYP", "FIN", "IRL", "MLT", "SWE"}
    assert held("neutral", "2024Q1") == {"AUT", "CYP", "IRL", "MLT"}
    assert held("opt_out", "2022Q2") == {"DNK"} and not held("opt_out", "2022Q3")
    assert not held("pesco", "2017Q3") and len(held("pesco", "2017Q4")) == 25
    assert held("pesco", "2026Q3") == held("member", "2026Q3") - {"MLT"}
    assert held("strategy", "2026Q3") == {"CZE", "DEU", "FRA", "LTU", "NLD"}
    assert held("election", "2026Q2") == {"HUN"}


def test_periods_name_states_and_do_not_overlap() -> None:
    codes = {row["iso3"] for row in STATES}
    spans: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for row in PERIODS:
        assert row["iso3"] in codes
        span = (index(row["from"]) if row["from"] else 0, index(row["until"]) if row["until"] else 10**6)
        assert span[0] < span[1], row
        assert row["value"] == "1" or row["kind"] == "stance_mean"
        spans.setdefault((row["iso3"], row["kind"]), []).append(span)
    for some in spans.values():
        assert all(first[1] <= second[0] for first, second in pairwise(sorted(some)))


def test_nice_votes_add_up_to_the_dated_totals() -> None:
    """345 votes with 27 members and 352 with Croatia: Protocol (No 36), Act of Accession of Croatia."""
    votes = {row["iso3"]: int(row["nice_votes"]) for row in STATES}
    nice = [rule for rule in table("actors/union.toml")["council_rules"] if rule["nice_votes"]]
    assert [(rule["nice_votes"], rule["nice_votes_total"]) for rule in nice] == [(255, 345), (260, 352)]
    for rule in nice:
        assert sum(votes[iso3] for iso3 in held("member", rule["from"])) == rule["nice_votes_total"]


def test_lisbon_majorities_are_those_of_the_treaty() -> None:
    lisbon = table("actors/union.toml")["council_rules"][-1]
    members = len(held("member", "2026Q3"))
    assert lisbon["from"] == "2014Q4" and lisbon["blocking_members"] == 4
    assert math.ceil(lisbon["members_share"] * members) == 15
    assert math.ceil(lisbon["without_proposal_members_share"] * members) == 20


def test_calendars_of_the_union_are_in_order() -> None:
    union = table("actors/union.toml")
    for body in ("high_representative", "commission", "parliament"):
        assert {b - a for a, b in pairwise(map(index, union["terms"][body]))} == {20}
    ceilings = [(index(step["from"]), step["eur_m"]) for step in union["peace_facility"]["ceilings"]]
    assert ceilings == sorted(ceilings) and ceilings[-1][1] == 17040
    assert union["peace_facility"]["successor"]["eur_m_per_year"] == pytest.approx(17040 / 7)


def test_the_catalogue_is_complete_and_refers_only_to_itself() -> None:
    eu, rungs = INSTRUMENTS["eu"], INSTRUMENTS["bilateral"]
    assert len(eu) == 23
    assert list(rungs) == ["information_protection", "equipment_transfer", "acsa", "raa", "co_development"]
    for slug, item in eu.items():
        assert item["domain"] in DOMAINS and item["rule"] in PATHS, slug
        assert set(item["needs"]) | set(item["helped_by"]) <= set(eu) - {slug}, slug
        assert not set(item["needs"]) & set(item["helped_by"]), slug
        led = slug not in {"cyber_dialogue", "hybrid_fimi", "pesco_project"} and item["domain"] in {"civil", "industry"}
        assert item["led_by"] == ("commission" if led else "high_representative")
        for ladder, caps in item["caps"].items():
            assert len(caps) <= LADDERS[ladder] and caps == sorted(caps) and max(caps) < 1, slug
    for slug, item in rungs.items():
        assert {*item.get("needs", []), *item["helped_by"]} <= set(rungs) - {slug}, slug
        assert all(step <= LADDERS[ladder] for ladder, step in (item["caps_soft"] | item["needs_in_force"]).items())
    for slug, item in (eu | rungs).items():
        assert 0 < item["ambition"] <= 1 and 0 < item["least"] <= 1 and item["quarters"] > 0 and item["source"], slug


def test_prerequisites_never_run_in_a_circle() -> None:
    left = {slug: set(item["needs"]) for slug, item in INSTRUMENTS["eu"].items()}
    while left:
        free = {slug for slug, needs in left.items() if not needs & set(left)}
        assert free, f"circle among {sorted(left)}"
        left = {slug: needs for slug, needs in left.items() if slug not in free}


def test_replaying_the_record_breaks_no_prerequisite() -> None:
    in_force: set[str] = set()
    events = [row for row in RECORD if row["partner"] == "EU" and row["stage"] in {"in_force", "lapsed"}]
    for row in sorted(events, key=lambda row: row["date"]):
        slug = row["instrument"]
        if row["stage"] == "lapsed":
            in_force.remove(slug)
            continue
        item = INSTRUMENTS["eu"][slug]
        assert set(item["needs"]) <= in_force, row
        assert quarter_of(row["date"]) >= index(item.get("from", "1990Q1")), row
        in_force.add(slug)


def test_steps_on_record_are_on_the_ladders() -> None:
    for row in RECORD:
        if row["stage"].startswith("step"):
            assert row["partner"] == "JPN", row
            assert 1 <= int(row["stage"].removeprefix("step ")) <= LADDERS[row["instrument"]], row


@pytest.mark.parametrize("start", STARTS)
def test_a_start_table_is_complete_and_possible(start: str) -> None:
    world = table(f"start/{start}.toml")
    assert world["quarter"] == start
    assert list(world["pressures"]) == PRESSURES and list(world["ladders"]) == list(LADDERS)
    assert list(world["instruments"]) == list(INSTRUMENTS["eu"])
    rungs = {(partner, rung): row for partner, some in world.get("bilateral", {}).items() for rung, row in some.items()}
    for partner, rung in rungs:
        assert partner in PARTNERS and rung in INSTRUMENTS["bilateral"]
        assert all((partner, need) in rungs for need in INSTRUMENTS["bilateral"][rung].get("needs", []))
    for row in (*world["instruments"].values(), *rungs.values()):
        assert row["stage"] in STAGES and 0 <= row["operational"] <= row["agreed"] <= 1
        assert row["agreed"] > 0 or row["stage"] != "in_force"
        assert index(row.get("since", start)) <= index(start) < index(row.get("lapses", "2999Q1"))
    for slug, row in world["instruments"].items():
        item = INSTRUMENTS["eu"][slug]
        assert row["stage"] in {"dormant", "in_force", "lapsed", *PATHS[item["rule"]]}, slug
        if row["stage"] == "in_force":
            assert all(world["instruments"][need]["stage"] == "in_force" for need in item["needs"]), slug
        if row["stage"] != "dormant":
            assert index(item.get("from", start)) <= index(start), slug


def test_japan_has_its_chambers_ladders_and_elections() -> None:
    japan = table("actors/japan.toml")
    assert list(japan["ladders"]) == list(LADDERS)
    for ladder, steps in LADDERS.items():
        acts = [step["act"] for step in japan["ladders"][ladder]]
        assert len(acts) == steps and set(acts) <= {"cabinet_decision", "law", "amendment"}
    assert list(japan["exposures"])[:4] == PRESSURES
    elections = japan["elections"]
    assert [index(row["quarter"]) for row in elections] == sorted(index(row["quarter"]) for row in elections)
    assert all(row["chamber"] in japan["chambers"] and 0 < row["share"] < 1 for row in elections)
    latest = {row["chamber"]: row for row in elections}
    now = table("start/2026Q3.toml")["japan"]
    assert (now["lower_house_share"], now["upper_house_share"]) == (latest["lower"]["share"], latest["upper"]["share"])
    assert now["lower_house_share"] > japan["thresholds"]["two_thirds"] > 0.5 > now["upper_house_share"]
    assert {row["quarter"] for row in elections if row["partner"]} == {
        "2012Q4", "2013Q3", "2014Q4", "2016Q3", "2017Q4", "2019Q3", "2021Q4", "2022Q3", "2024Q4", "2025Q3",
    }  # fmt: skip


def test_pressures_have_regimes_and_the_start_tables_know_them() -> None:
    pressures = table("actors/pressures.toml")["pressures"]
    assert list(pressures) == PRESSURES
    for start in STARTS:
        for pressure, row in table(f"start/{start}.toml")["pressures"].items():
            assert row["regime"] in pressures[pressure]["regimes"], (pressure, start)


def test_chances_of_regimes_go_from_the_start_of_the_hindcast_to_that_of_the_outlook() -> None:
    quarters = [index(row["quarter"]) for row in rows("series/regimes.csv")]
    assert (min(quarters), max(quarters) + 1) == tuple(map(index, STARTS))


def test_shares_of_receivers_and_rivals_lie_between_none_and_all() -> None:
    partners = table("actors/partners.toml")
    assert list(partners["receivers"]) == ["PHL", "VNM", "IDN", "MYS"]
    for row in partners["receivers"].values():
        assert 0 <= row["claim"] <= 1 and 0 <= row["fear"] <= 1 and row["source"].startswith("assumed: ")
    for start in STARTS:
        rivals = table(f"start/{start}.toml")["rivals"]
        assert all(0 <= rivals[name] <= 1 for name in partners["frameworks"])
