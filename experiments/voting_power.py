"""`partnership show council`: who votes on a date, what wins, and the voting power of each member, as text."""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date

from agents.institutions import power
from agents.institutions.power import Game, Quota, Wins
from agents.institutions.voting import Electorate
from config.calendar import quarter_name, quarter_of_date
from config.errors import UserError, listed, nearest
from config.loading import Base, load_base

DATE = "2026-07-01"
"""The day shown where none is asked for: the start of the outlook."""
LAST_YEAR = 2999
"""Quarters have names up to this year."""

TITLES = {
    "R1": "consensus on what does not bind",
    "R2": "unanimity, foreign and security policy",
    "R3": "unanimity, the Peace Facility",
    "R4": "qualified majority",
    "R5": "unanimity, mixed agreements",
    "R7": "common accord, change of the Treaties",
    "R8": "qualified majority, agreements of the Union",
    "R9": "consensus of those that take part in PESCO",
}


def page(day: str | None = None, rule: str = "R4", every: bool = False) -> str:
    """The Council on a day by a rule. `every`: put all coalitions, not a sample, to the model's own functions."""
    base, day = load_base(), DATE if day is None else day
    _check_rule(rule)
    quarter = quarter_of_date(_checked_day(day, base))
    by = power.electorate(base.members, base.union, quarter, rule)
    if not by.size:
        raise UserError("nobody votes by R9 before PESCO", key="--date", value=day, allowed=_since_pesco(base),
                        suggestion=f"the nearest is {_since_pesco(base).split()[0]}")  # fmt: skip
    needed = power.quota(rule, by)
    exact = power.counted(by.persons, by.nice_votes, needed)
    play = power.game(rule, by)
    check = _agreement(power.asked(play, by.size), exact) if every else _sampled(play, by.size, exact, rule)
    entries = {
        "voters": f"{by.size} members: {' '.join(base.members[row].iso3 for row in by.rows)}",
        "persons": f"{by.persons.sum():,} (as in member_states.csv, the same figures at every date)",
        "quota": _in_words(rule, by, needed),
        "the others": _others(rule),
        "winning": f"{exact.total:,} of 2^{by.size} = {2**by.size:,} coalitions, {float(exact.share):.6%}",
        **_closed_forms(rule, by),
        **_notes(rule, quarter, base),
    }
    lines = [f"  {key:<11} {value}" for key, value in entries.items()]
    head = f"The Council on {day} ({quarter_name(quarter)}, which counts by its last day), {rule}: {TITLES[rule]}"
    return "\n".join([head, *lines, "", *_table(base, by, exact), "", LEGEND, f"Check: {check}"])


# What was asked for


def _check_rule(rule: str) -> None:
    if rule not in power.VOTED:
        suggestion = "services decide R0 by themselves" if rule == "R0" else nearest(rule, power.VOTED)
        raise UserError("is no rule of the Council", key="--rule", value=rule, allowed=listed(power.VOTED),
                        suggestion=suggestion)  # fmt: skip


def _checked_day(text: str, base: Base) -> str:
    """The day if it is one that the model knows rules for."""
    first = _first_day(base.union.council_rules[0].begins)
    allowed = f"a day such as {DATE}, from {first} on"
    year, month, day = _numbers(text)
    if not year:
        raise UserError("is not a date", key="--date", value=text, allowed=allowed, suggestion=f"for example {DATE}")
    near = max(_existing(year, month, day), first)
    if near != text:
        problem = "is before the first rule" if _existing(year, month, day) == text else "is not a date"
        raise UserError(problem, key="--date", value=text, allowed=allowed, suggestion=f"the nearest is {near}")
    return text


def _numbers(text: str) -> tuple[int, int, int]:
    """Year, month and day as far as a text has them, whatever their order; year 0 if there is none."""
    quarter = re.fullmatch(r"([0-9]{4})-?[Qq]([1-4])", text)
    if quarter:
        return int(quarter[1]), 3 * int(quarter[2]) - 2, 1
    found = re.findall(r"[0-9]+", text)
    if found and len(found[-1]) == 4 and len(found[0]) != 4:
        found.reverse()
    if len(found) == 1 and len(found[0]) == 8:
        found = [found[0][:4], found[0][4:6], found[0][6:]]
    if not found or len(found[0]) != 4:
        return 0, 0, 0
    year, month, day = (int(part[:9]) for part in (*found, "1", "1")[:3])
    return max(year, 1), month, day


def _existing(year: int, month: int, day: int) -> str:
    year, month = min(year, LAST_YEAR), min(max(month, 1), 12)
    return date(year, month, min(max(day, 1), monthrange(year, month)[1])).isoformat()


def _first_day(quarter: int) -> str:
    return date(quarter // 4, 3 * (quarter % 4) + 1, 1).isoformat()


def _since_pesco(base: Base) -> str:
    begins = [period.begins for one in base.members for period in one.periods if period.kind == "pesco"]
    return f"{_first_day(min(begins))} or later"


# The page


def _in_words(rule: str, by: Electorate, needed: Quota) -> str:
    of, persons = f"of {by.size} members", f"{needed.persons:,} persons"
    if rule in power.UNANIMITY:
        return (
            f"nobody opposes; and {needed.enough} {of} or {persons} do without a declared abstention "
            f"(abstainers fall short of a third of one or the other, {by.abstentions.source.split(',')[0]})"
        )
    if rule not in power.MAJORITY:
        return f"all {by.size} members: one alone stops the act"
    if needed.votes:
        return (
            f"{needed.votes} of {by.nice_votes.sum()} votes, {needed.members} {of}, and {persons} "
            f"({by.rule.population_share:.0%}); {by.rule.name}"
        )
    return (
        f"{needed.members} {of} with {persons} ({by.rule.population_share:.0%}); {needed.enough} members suffice "
        f"whatever their persons, as fewer than {by.rule.blocking_members} block nothing; {by.rule.name}"
    )


def _others(rule: str) -> str:
    if rule in power.UNANIMITY:
        return "who is outside a coalition abstains with a declaration"
    return (
        "who is outside a coalition opposes"
        if rule in power.CONSENSUS
        else "who is outside a coalition is not in favour"
    )


def _closed_forms(rule: str, by: Electorate) -> dict[str, str]:
    """What needs no counting: where one vote against stops an act, all members are alike."""
    alone = f"1 of 2^{by.size}; each member 1/{by.size} (both indices), absolute Banzhaf 1/2^{by.size - 1}"
    if rule in power.UNANIMITY:
        return {"if opposed": f"where the others oppose, only everybody wins: {alone}",
                "if silent": "where the others abstain without a declaration, they stop nothing"}  # fmt: skip
    return {} if rule in power.MAJORITY else {"closed form": alone}


def _notes(rule: str, quarter: int, base: Base) -> dict[str, str]:
    notes = {}
    out = [one.iso3 for one in base.members if one.has("member", quarter) and one.has("opt_out", quarter)]
    if out:
        notes["defence"] = f"{' '.join(out)} does not vote on files with defence implications; counted here"
    if rule == "R8":
        notes["safe"] = "association to SAFE is decided as R2 while council.safe_unanimity is 1"
    if rule in ("R1", "R2"):
        notes["passerelle"] = "once agreed, as R4 with an emergency brake, but for defence (Art. 31(3) and (4) TEU)"
    return notes


def _table(base: Base, by: Electorate, exact: Wins) -> Iterator[str]:
    """A line for each member, the most populous first; votes where they count."""
    with_votes = bool(by.rule.nice_votes)
    yield (
        f"  {'state':<19}{'persons':>11}{'share %':>9}{'votes' if with_votes else '':>7}"
        f"{'Banzhaf %':>11}{'absolute %':>12}{'Shapley %':>11}"
    )
    everyone = int(by.persons.sum())
    indices = list(zip(exact.banzhaf, exact.penrose, exact.shapley_shubik, strict=True))
    for place in sorted(range(by.size), key=lambda place: -by.persons[place]):
        one, (banzhaf, penrose, shapley) = base.members[by.rows[place]], indices[place]
        yield (
            f"  {one.iso3} {one.name:<15}{one.population:>11,}{100 * one.population / everyone:>9.2f}"
            f"{one.nice_votes if with_votes else '':>7}"
            f"{100 * float(banzhaf):>11.4f}{100 * float(penrose):>12.6f}{100 * float(shapley):>11.4f}"
        )


LEGEND = """\
Counted exactly from the words of the Treaty. Banzhaf: share of all swings; absolute: probability to decide when all
others toss a coin (Penrose); Shapley: share of the orders of joining in which the member decides (Shapley-Shubik)."""


def _sampled(play: Game, n: int, exact: Wins, rule: str) -> str:
    """How far the model's own function is from the exact numbers; where one vote decides, whether it does there."""
    if rule not in (*power.MAJORITY, *power.UNANIMITY):
        passes = "passes what all want and nothing" if power.is_unanimous(play, n) else "DISAGREES about what passes"
        return f"the model's own function {passes} that one member stops."
    sample = power.sampled(play, n)
    return (
        f"the model's own function on {sample.coalitions:,} coalitions drawn at random passes {sample.share:.4%} "
        f"(standard error {sample.share_error:.4%});\nit and {sample.orders:,} orders of joining: no number above is "
        f"farther than {sample.farthest(exact):.1f} standard errors of the sample.\n"
        "--every asks it about all coalitions."
    )


def _agreement(found: Wins, exact: Wins) -> str:
    same = (found.by_size == exact.by_size).all() and (found.with_member == exact.with_member).all()
    if not same:
        return f"the model's own function DISAGREES: it passes {found.total:,} of all coalitions"
    return f"the model's own function, asked about all {2**found.members:,} coalitions, passes exactly these."
