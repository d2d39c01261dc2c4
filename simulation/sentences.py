"""Every kind of event as one short sentence: pure functions of the event and of how names read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config import Settings

if TYPE_CHECKING:
    from simulation.chronicle import Event

BODIES = {
    "EU": "the Union",
    "JPN": "Japan",
    "high_representative": "the High Representative",
    "commission": "the Commission",
    "european_parliament": "the European Parliament",
    "european_council": "the European Council",
    "council": "the Council",
    "russia": "Russia",
    "china": "China",
    "north_korea": "North Korea",
    "us_retrenchment": "American retrenchment",
}
"""Actors that are no member state."""

LEVERS = {
    "dialogue": "regular security dialogue",
    "interoperability": "joint naval training",
    "indo_pacific_strategy": "one Indo-Pacific strategy",
    "framework": "a fast track to a framework",
    "qmv": "a search for majority voting",
    "reinterpretation": "a new reading of the use of force in Japan",
    "amendment": "an amendment of Article 9",
    "lift_fragmentation": "a Council that decides like its median state",
    "lift_constitution": "a Japan without limits on what it may do",
    "lift_framework": "an operational framework taken as given",
    "lift_attention": "full attention of both sides",
}
ACTS = {"cabinet_decision": "cabinet decision", "law": "law", "amendment": "amendment of the Constitution"}
TOPICS = {
    "russia": "a decision on Russia",
    "china": "a decision on China",
    "enlargement": "a step of enlargement",
    "peace_facility": "Peace Facility money for Ukraine",
}
LACKS = {"framework": "a framework to carry it out in", "money": "means", "attention": "attention"}
ARTICLE = {"GBR": "the ", "NLD": "the "}
MANY = 6
"""Longer lists of states are counted instead of named in a sentence; the event names them all."""


@dataclass(frozen=True)
class Names:
    """How actors and instruments read."""

    actors: Mapping[str, str]
    instruments: Mapping[str, str]

    @classmethod
    def of(cls, settings: Settings) -> Names:
        """Names of everybody and everything in these settings."""
        titles = {one.slug: one.title for one in settings.instruments} | {one.slug: one.title for one in settings.rungs}
        states = {one.iso3: one.name for one in settings.members}
        short = {slug: re.sub(r" *\([^)]*\)", "", title) for slug, title in titles.items()}
        return cls({**BODIES, **states}, short)

    def state(self, code: str) -> str:
        """An actor within a sentence."""
        return ARTICLE.get(code, "") + self.actors.get(code, code)

    def states(self, codes: Sequence[str]) -> str:
        """Actors within a sentence: "Austria, Ireland and Malta", or their number."""
        return joined([self.state(code) for code in codes]) if len(codes) <= MANY else f"{len(codes)} states"

    def titles(self, slugs: Sequence[str]) -> str:
        """Instruments within a sentence."""
        return joined([self.instruments.get(slug, slug) for slug in slugs])


def joined(words: Sequence[str]) -> str:
    """Words as a list in prose."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def sentence(event: Event, names: Names) -> str:
    """The event in one short sentence, capital first, full stop last."""
    text = SENTENCES[event.kind](event, names)
    return f"{text[0].upper()}{text[1:]}."


def euros(million: float) -> str:
    """Money in EUR million, as "EUR 1,234 million"; below ten with a digit more."""
    return f"EUR {million:,.0f} million" if million >= 10 else f"EUR {million:.1f} million"


def signed(value: float, digits: int) -> str:
    """A number with its sign, and no minus before zero."""
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def share(value: float) -> str:
    """A share in per cent."""
    return f"{100 * value:.0f} %"


def _what(e: Event, names: Names) -> str:
    """The instrument of an event, with the partner if it is a single state."""
    partner = e.details.get("partner", ("EU",))[0]
    title = names.titles(e.instruments)
    return title if partner == "EU" else f"{title} with {names.state(partner)}"


def _who(e: Event, names: Names, role: str) -> str:
    return names.states(e.details.get(role, ()))


# Pressures, governments, institutions


def _start(e: Event, names: Names) -> str:
    n = e.numbers
    crisis, spoilers = e.details.get("crisis", ()), e.details.get("spoilers", ())
    parts = [
        f"the story begins with {n['in_force']} agreements in force, "
        f"declared depth {n['declared_depth']:.2f}, operational {n['operational_depth']:.2f}"
    ]
    if crisis:
        parts.append(f"in crisis: {names.states(crisis)}")
    if spoilers:
        parts.append(f"spoiler governments in {names.states(spoilers)}")
    return "; ".join(parts)


def _lever(e: Event, names: Names) -> str:
    strength = f" (strength {e.numbers['strength']:.2f})" if "strength" in e.numbers else ""
    return f"from now on: {LEVERS[e.details['lever'][0]]}{strength}"


def _pressure(e: Event, names: Names) -> str:
    name = e.actors[0]
    subject = names.state(name) if name == "us_retrenchment" else f"pressure by {names.state(name)}"
    eased = "eases" if e.details["after"][0] == "tense" else "calms down"
    verb = {"crisis": "turns to crisis", "tension": "grows tense", "calming": eased}[e.kind]
    return f"{subject} {verb} (intensity {e.numbers['intensity']:.2f})"


def _spoiler(e: Event, names: Names) -> str:
    state, stance = names.state(e.actors[0]), e.numbers["stance"]
    if e.kind == "spoiler_leaves":
        return f"the spoiler government of {state} is voted out (stance now {signed(stance, 1)})"
    verb = "stays in office" if e.details.get("again") else "takes office"
    return f"a spoiler government {verb} in {state} (stance {signed(stance, 1)})"


def _governments(e: Event, names: Names) -> str:
    many = "new governments" if len(e.actors) > 1 else "a new government"
    return f"{many} in {joined([names.state(code) for code in e.actors])}"


def _term(e: Event, names: Names) -> str:
    now, more = e.numbers["ambition"], e.numbers["ambition"] - e.numbers["ambition_before"]
    compared = "more" if more > 0 else "less"
    return f"a new term begins for {names.state(e.actors[0])}, {compared} ambitious than the last ({signed(now, 2)})"


def _guideline(e: Event, names: Names) -> str:
    return (
        "the European Council answers the shock with a guideline on the Indo-Pacific "
        f"for {e.numbers['quarters']} quarters"
    )


def _no_guideline(e: Event, names: Names) -> str:
    opposed = _who(e, names, "opposed")
    reason = f"not with {opposed}" if opposed else "nobody takes it up"
    return f"the European Council adopts no guideline after the shock: {reason}"


def _passerelle_sought(e: Event, names: Names) -> str:
    opposed = _who(e, names, "opposed")
    return "majority voting is sought in the European Council" + (f"; {opposed} will not have it" if opposed else "")


def _lower_house(e: Event, names: Names) -> str:
    n = e.numbers
    held = "keeps" if n["share_before"] > 0.5 else "wins"
    lost = "loses" if n["share_before"] > 0.5 else "does not reach"
    verb = held if n["majority"] else lost
    return f"Japan elects its Lower House: the coalition {verb} the majority ({share(n['share'])}){_partner(e)}"


def _partner(e: Event) -> str:
    change = e.details.get("partner_change", ())
    return {(): "", ("joins",): ", a pacifist partner joins", ("leaves",): ", the pacifist partner leaves"}[
        tuple(change)
    ]


def _upper_house(e: Event, names: Names) -> str:
    has = "has" if e.numbers["majority"] else "lacks"
    event = (
        "Half of Japan's Upper House is elected"
        if e.numbers["renewal"]
        else "Japan's cabinet changes in the Upper House"
    )
    return f"{event}: the coalition {has} a majority there ({share(e.numbers['share'])})"


def _coalition(e: Event, names: Names) -> str:
    return f"Japan's cabinet changes{_partner(e)}"


def _ladder(e: Event, names: Names) -> str:
    ladder, reached, act = (e.details[name][0] for name in ("ladder", "reached", "act"))
    brake = ", a pacifist partner notwithstanding" if e.numbers["partner"] else ""
    pushed = ", pushed by the policy" if e.details.get("lever") else ""
    referendum = f" and referendum (support {share(e.numbers['public_support'])})" if act == "amendment" else ""
    step = f"step {e.numbers['step']} of its ladder on {ladder}"
    return f"Japan takes {step}: {reached}, by {ACTS[act]}{referendum}{pushed}{brake}"


# Files


def _why_now(e: Event, names: Names) -> str:
    """Why a file is opened in this quarter."""
    n = e.numbers
    parts = [f"attention {n['attention_eu']:.2f} in the Union and {n['attention_japan']:.2f} in Japan"]
    if "forecast" in n:
        parts.append(f"seen to pass with {share(n['forecast'])}")
    return "; ".join([*parts, *_soft(e, names)])


def _soft(e: Event, names: Names) -> list[str]:
    """Soft prerequisites that are there or missing, and a fast track."""
    parts = []
    if e.details.get("helped_by"):
        parts.append(f"helped by {names.titles(e.details['helped_by'])}")
    if e.details.get("missing"):
        parts.append(f"still without {names.titles(e.details['missing'])}")
    if e.details.get("fast_track"):
        parts.append("on the fast track")
    return parts


def _draft(e: Event) -> str:
    """The draft, and the three of which it is the smallest."""
    n = e.numbers
    if n["draft"] >= 1:
        return f"draft 1.00, as deep as it can be (worth it from {n['least']:.2f})"
    return (
        f"draft {n['draft']:.2f} (midpoint {n['midpoint']:.2f}, Japan's law allows {n['cap']:.2f}, "
        f"Japan wishes {n['wish']:.2f}; worth it from {n['least']:.2f})"
    )


def _mandated(e: Event, names: Names) -> str:
    return f"{_what(e, names)}: mandate given; {_why_now(e, names)}"


def _negotiating(e: Event, names: Names) -> str:
    if "draft" not in e.numbers:
        return "; ".join([f"{_what(e, names)}: talks open", *_soft(e, names)])
    return f"{_what(e, names)}: talks open with {_draft(e)}; {_why_now(e, names)}"


def _reopened(e: Event, names: Names) -> str:
    before = f"{e.numbers['agreed_before']:.2f}"
    return f"{_what(e, names)}: to go deeper than {before}, with {_draft(e)}; {_why_now(e, names)}"


def _deepening_talks(e: Event, names: Names) -> str:
    return f"{_what(e, names)}: talks to deepen it open with {_draft(e)}"


def _prerequisite(e: Event, names: Names) -> str:
    return f"{_what(e, names)}: would be tabled, but {names.titles(e.details['missing'])} must come first"


def _no_slot(e: Event, names: Names) -> str:
    return f"{_what(e, names)}: must wait, {names.state(e.actors[0])} has no slot free"


def _vote(e: Event, names: Names) -> str:
    n, d = e.numbers, e.details
    stances = [
        f"{names.states(d[role])} {verb}"
        for role, verb in (
            ("opposed", "would have opposed"),
            ("abstained_declared", "abstained with a declaration"),
            ("abstained", "abstained"),
        )
        if d.get(role)
    ]
    stood = ", ".join(stances) or "all were in favour"
    pivot = f"; {_who(e, names, 'pivotal')} was pivotal" if d.get("pivotal") else ""
    thinned = f"{n['passes']:.2f} passes, thinned out by {n['thinned_out']:.2f}{pivot}"
    result = thinned if n["thinned_out"] > 0 else "it passes as it is"
    how = " by majority" if d.get("passerelle") else ""
    return f"{_what(e, names)}: in the Council{how}, on draft {n['draft']:.2f}, {stood}; {result}"


def _veto(e: Event, names: Names) -> str:
    return f"{_what(e, names)}: vetoed by {_who(e, names, 'vetoed_by')}"


def _held(e: Event, names: Names) -> str:
    """What holds a file below what would be worth it."""
    n = e.numbers
    held = e.details["held_by"][0]
    least = f"worth it from {n['least']:.2f}"
    if held == "council":
        pivot = (
            f"{_who(e, names, 'pivotal')} lets no more than" if e.details.get("pivotal") else "the Council lets only"
        )
        return f"{pivot} {n['passes']:.2f} pass, {least}"
    subject = {
        "ladder": "Japan's law allows only",
        "wish": "Japan wishes only",
        "midpoint": "the two sides meet at only",
    }
    number = {"ladder": n["cap"], "wish": n["wish"], "midpoint": n["midpoint"]}[held]
    return f"{subject[held]} {number:.2f}, {least}"


def _stalled(e: Event, names: Names) -> str:
    return f"{_what(e, names)}: talks stall; {_held(e, names)}"


def _withdrawn(e: Event, names: Names) -> str:
    return f"{_what(e, names)}: given up after {e.numbers['quarters']} quarters at a standstill; {_held(e, names)}"


def _moving_again(e: Event, names: Names) -> str:
    return f"{_what(e, names)}: talks move again with {_draft(e)}"


def _signed(e: Event, names: Names) -> str:
    deepening = ", to go deeper" if e.kind == "deepening_signed" else ""
    return f"{_what(e, names)}: signed at depth {e.numbers['depth']:.2f}{deepening}"


def _in_force(e: Event, names: Names) -> str:
    return f"{_what(e, names)}: in force at depth {e.numbers['depth']:.2f}"


def _deepened(e: Event, names: Names) -> str:
    return f"{_what(e, names)}: deepened from {e.numbers['depth_before']:.2f} to {e.numbers['depth']:.2f}"


def _blocked(e: Event, names: Names) -> str:
    who = _who(e, names, "blocked_by") or "a minority"
    verb = "blocks" if len(e.details.get("blocked_by", ("one",))) == 1 else "block"
    return f"{who} {verb} {TOPICS[e.details['topic'][0]]}"


def _bargain(e: Event, names: Names) -> str:
    return f"a bargain with {names.states(e.actors)} lifts the block of {TOPICS[e.details['topic'][0]]}"


def _outvoted(e: Event, names: Names) -> str:
    verb = "is" if len(e.details["opposed"]) == 1 else "are"
    return f"{_who(e, names, 'opposed')} {verb} outvoted on {TOPICS[e.details['topic'][0]]}"


# After signature


def _parliament(e: Event, names: Names) -> str:
    verb = "consents" if e.kind == "parliament_consents" else "withholds its consent"
    return f"{_what(e, names)}: the European Parliament {verb}"


def _diet(e: Event, names: Names) -> str:
    minority = "" if e.numbers["majority"] else ", though the coalition has no majority"
    return f"{_what(e, names)}: Japan's Diet approves{minority}"


def _ratified(e: Event, names: Names) -> str:
    n, states = e.numbers, e.details["ratified_by"]
    verb = "ratifies" if len(states) == 1 else "ratify"
    left = f"; only {_who(e, names, 'still_missing')} still missing" if e.details.get("still_missing") else ""
    who = joined([names.state(code) for code in states])
    return f"{_what(e, names)}: {who} {verb} ({n['ratified']} of {n['members']}{left})"


def _union_concludes(e: Event, names: Names) -> str:
    return f"{_what(e, names)}: concluded by the Council for the Union"


def _provisional(e: Event, names: Names) -> str:
    return f"{_what(e, names)}: applied provisionally"


# Money, carrying out, China


def _money_ukraine(e: Event, names: Names) -> str:
    return f"the Peace Facility pays {euros(e.numbers['paid'])} for Ukraine{_over(e)}"


def _over(e: Event) -> str:
    """Over how many quarters a sum of money is, where several were put together."""
    quarters = e.numbers.get("quarters", 1)
    return f" over {quarters} quarters" if quarters > 1 else ""


def _money_released(e: Event, names: Names) -> str:
    n = e.numbers
    return f"the Peace Facility pays {euros(n['paid'])} for Ukraine, {euros(n['released'])} of it blocked until now"


def _money_blocked(e: Event, names: Names) -> str:
    n = e.numbers
    who = _who(e, names, "blocked_by")
    return f"{euros(n['requested'])} for Ukraine stay blocked by {who}{_over(e)}; {euros(n['waiting'])} wait"


def _money_south_east_asia(e: Event, names: Names) -> str:
    return f"the Peace Facility pays {euros(e.numbers['paid'])} for Southeast Asia{_over(e)}"


def _money_south_east_asia_blocked(e: Event, names: Names) -> str:
    who = _who(e, names, "blocked_by") or "too many declared abstentions"
    return f"money for Southeast Asia is stopped at the second vote by {who}"


def _lethal_aid_abstained(e: Event, names: Names) -> str:
    verb = "abstains" if len(e.actors) == 1 else "abstain"
    return f"{names.states(e.actors)} {verb} from lethal aid ({euros(e.numbers['lethal'])}{_over(e)})"


def _lapsed(e: Event, names: Names) -> str:
    n = e.numbers
    cause = "as on record" if e.details.get("by") else f"for lack of {LACKS[e.details['lack'][0]]}"
    file = "; the talks to deepen it end with it" if e.details.get("with_it") else ""
    return f"{_what(e, names)}: lapses {cause}, {n['operational']:.2f} of {n['agreed']:.2f} carried out{file}"


def _fades(e: Event, names: Names) -> str:
    n = e.numbers
    lack = LACKS[e.details["lack"][0]]
    return f"{_what(e, names)}: fades from {n['before']:.2f} to {n['operational']:.2f} for lack of {lack}"


def _idle(e: Event, names: Names) -> str:
    n = e.numbers
    done = f"after {n['quarters']} quarters only {n['operational']:.2f} of {n['agreed']:.2f} carried out"
    return f"{_what(e, names)}: {done}, for lack of {LACKS[e.details['lack'][0]]}"


def _carried_out(e: Event, names: Names) -> str:
    return f"{_what(e, names)}: carried out, {e.numbers['operational']:.2f} of {e.numbers['agreed']:.2f}"


def _regime(e: Event, names: Names) -> str:
    before, after = e.details["before"][0], e.details["after"][0]
    return f"the partnership turns from {before} to {after} (operational depth {e.numbers['operational_depth']:.2f})"


def _waits_for_ladder(e: Event, names: Names) -> str:
    return f"{_what(e, names)}: must wait for Japan's ladder on {joined(e.details['ladder'])}"


def _retaliation(e: Event, names: Names) -> str:
    return f"China retaliates against the states that depend on it (visible depth {e.numbers['visible_depth']:.2f})"


SENTENCES: dict[str, Callable[[Event, Names], str]] = {
    "start": _start,
    "lever": _lever,
    "accession": lambda e, names: f"{names.state(e.actors[0])} joins the Union",
    "exit": lambda e, names: f"{names.state(e.actors[0])} leaves the Union",
    "crisis": _pressure,
    "tension": _pressure,
    "calming": _pressure,
    "governments": _governments,
    "spoiler": _spoiler,
    "spoiler_leaves": _spoiler,
    "term": _term,
    "guideline": _guideline,
    "no_guideline": _no_guideline,
    "guideline_ends": lambda e, names: "the guideline of the European Council on the Indo-Pacific runs out",
    "passerelle_sought": _passerelle_sought,
    "passerelle": lambda e, names: "the European Council agrees to majority voting where the treaty allows it",
    "lower_house": _lower_house,
    "upper_house": _upper_house,
    "coalition": _coalition,
    "ladder": _ladder,
    "mandated": _mandated,
    "negotiating": _negotiating,
    "reopened": _reopened,
    "deepening_talks": _deepening_talks,
    "prerequisite": _prerequisite,
    "no_slot": _no_slot,
    "vote": _vote,
    "veto": _veto,
    "stalled": _stalled,
    "withdrawn": _withdrawn,
    "moving_again": _moving_again,
    "signed": _signed,
    "deepening_signed": _signed,
    "in_force": _in_force,
    "deepened": _deepened,
    "blocked": _blocked,
    "bargain": _bargain,
    "outvoted": _outvoted,
    "parliament_consents": _parliament,
    "parliament_withholds": _parliament,
    "diet": _diet,
    "ratified": _ratified,
    "union_concludes": _union_concludes,
    "provisional": _provisional,
    "deepening_provisional": _provisional,
    "money_ukraine": _money_ukraine,
    "money_released": _money_released,
    "money_blocked": _money_blocked,
    "money_south_east_asia": _money_south_east_asia,
    "money_south_east_asia_blocked": _money_south_east_asia_blocked,
    "lethal_aid_abstained": _lethal_aid_abstained,
    "lapsed": _lapsed,
    "fades": _fades,
    "idle": _idle,
    "carried_out": _carried_out,
    "regime": _regime,
    "waits_for_ladder": _waits_for_ladder,
    "retaliation": _retaliation,
}
"""By kind: all kinds there are."""
