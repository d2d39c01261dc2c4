"""How each kind of event reads, in every variant."""

from typing import Any

import pytest

from simulation.chronicle import Event
from simulation.sentences import SENTENCES, Names, sentence

NAMES = Names(
    {
        "AUT": "Austria", "DEU": "Germany", "FRA": "France", "GBR": "United Kingdom", "HUN": "Hungary",
        "IRL": "Ireland", "MLT": "Malta", "NLD": "Netherlands", "russia": "Russia",
        "us_retrenchment": "American retrenchment", "commission": "the Commission",
        "high_representative": "the High Representative",
    },
    {"acsa": "Logistics agreement", "dialogue": "Strategic dialogue", "spa": "Partnership agreement"},
)  # fmt: skip
DRAFT = {"draft": 0.5, "midpoint": 0.6, "cap": 0.7, "wish": 0.8, "least": 0.3}
OPENED = DRAFT | {"attention_eu": 0.2, "attention_japan": 0.4, "talks_open": 3}

Numbers = dict[str, Any]
Details = dict[str, tuple[str, ...]]

READS: list[tuple[str, tuple[str, ...], tuple[str, ...], Numbers, Details, str]] = [
    ("start", (), (), {"in_force": 3, "declared_depth": 0.25, "operational_depth": 0.125},
     {"crisis": ("russia",), "spoilers": ("HUN",)},
     "The story begins with 3 agreements in force, declared depth 0.25, operational 0.12; in crisis: Russia; "
     "spoiler governments in Hungary."),
    ("start", (), (), {"in_force": 0, "declared_depth": 0.0, "operational_depth": 0.0}, {},
     "The story begins with 0 agreements in force, declared depth 0.00, operational 0.00."),
    ("lever", (), (), {"strength": 0.5}, {"lever": ("dialogue",)},
     "From now on: regular security dialogue (strength 0.50)."),
    ("lever", (), (), {}, {"lever": ("lift_framework",)},
     "From now on: an operational framework taken as given."),
    ("accession", ("HUN",), (), {}, {},
     "Hungary joins the Union."),
    ("exit", ("GBR",), (), {}, {},
     "The United Kingdom leaves the Union."),
    ("crisis", ("russia",), (), {"intensity": 0.9}, {"before": ("tense",), "after": ("crisis",)},
     "Pressure by Russia turns to crisis (intensity 0.90)."),
    ("tension", ("us_retrenchment",), (), {"intensity": 0.5}, {"before": ("calm",), "after": ("tense",)},
     "American retrenchment grows tense (intensity 0.50)."),
    ("calming", ("russia",), (), {"intensity": 0.4}, {"before": ("crisis",), "after": ("tense",)},
     "Pressure by Russia eases (intensity 0.40)."),
    ("calming", ("russia",), (), {"intensity": 0.2}, {"before": ("tense",), "after": ("calm",)},
     "Pressure by Russia calms down (intensity 0.20)."),
    ("governments", ("AUT",), (), {"AUT": 0.1}, {},
     "A new government in Austria."),
    ("governments", ("AUT", "FRA"), (), {}, {},
     "New governments in Austria and France."),
    ("governments", ("AUT", "FRA", "NLD"), (), {}, {},
     "New governments in Austria, France and the Netherlands."),
    ("spoiler", ("HUN",), (), {"stance_before": 0.0, "stance": -1.5}, {},
     "A spoiler government takes office in Hungary (stance -1.5)."),
    ("spoiler", ("HUN",), (), {"stance_before": -2, "stance": -1.5}, {"again": ("again",)},
     "A spoiler government stays in office in Hungary (stance -1.5)."),
    ("spoiler_leaves", ("HUN",), (), {"stance_before": -2, "stance": 0.5}, {},
     "The spoiler government of Hungary is voted out (stance now +0.5)."),
    ("term", ("commission",), (), {"ambition_before": 0.1, "ambition": 0.3}, {},
     "A new term begins for the Commission, more ambitious than the last (+0.30)."),
    ("term", ("commission",), (), {"ambition_before": 0.3, "ambition": -0.001}, {},
     "A new term begins for the Commission, less ambitious than the last (+0.00)."),
    ("term", ("commission",), (), {"ambition_before": 0.3, "ambition": 0.3}, {},
     "A new term begins for the Commission, less ambitious than the last (+0.30)."),
    ("guideline", ("european_council",), (), {"quarters": 8}, {},
     "The European Council answers the shock with a guideline on the Indo-Pacific for 8 quarters."),
    ("no_guideline", ("european_council",), (), {}, {},
     "The European Council adopts no guideline after the shock: nobody takes it up."),
    ("no_guideline", ("european_council", "HUN"), (), {}, {"opposed": ("HUN",)},
     "The European Council adopts no guideline after the shock: not with Hungary."),
    ("guideline_ends", (), (), {}, {},
     "The guideline of the European Council on the Indo-Pacific runs out."),
    ("passerelle", (), (), {}, {},
     "The European Council agrees to majority voting where the treaty allows it."),
    ("passerelle_sought", (), (), {}, {},
     "Majority voting is sought in the European Council."),
    ("passerelle_sought", (), (), {}, {"opposed": ("AUT", "DEU", "FRA", "HUN", "IRL", "MLT", "NLD")},
     "Majority voting is sought in the European Council; 7 states will not have it."),
    ("passerelle_sought", (), (), {}, {"opposed": ("AUT", "DEU", "FRA", "HUN", "IRL", "MLT")},
     "Majority voting is sought in the European Council; Austria, Germany, France, Hungary, Ireland and Malta "
     "will not have it."),
    ("lower_house", ("JPN",), (), {"share_before": 0.6, "share": 0.55, "majority": True, "partner": 0, "stance": 0.0},
     {},
     "Japan elects its Lower House: the coalition keeps the majority (55 %)."),
    ("lower_house", ("JPN",), (), {"share_before": 0.6, "share": 0.45, "majority": False, "partner": 0, "stance": 0.0},
     {"partner_change": ("leaves",)},
     "Japan elects its Lower House: the coalition loses the majority (45 %), the pacifist partner leaves."),
    ("lower_house", ("JPN",), (), {"share_before": 0.5, "share": 0.55, "majority": True, "partner": 0, "stance": 0.0},
     {"partner_change": ("joins",)},
     "Japan elects its Lower House: the coalition wins the majority (55 %), a pacifist partner joins."),
    ("lower_house", ("JPN",), (), {"share_before": 0.4, "share": 0.45, "majority": False, "partner": 0, "stance": 0.0},
     {},
     "Japan elects its Lower House: the coalition does not reach the majority (45 %)."),
    ("upper_house", (), (), {"share": 0.55, "majority": 1, "renewal": 1}, {},
     "Half of Japan's Upper House is elected: the coalition has a majority there (55 %)."),
    ("upper_house", (), (), {"share": 0.45, "majority": 0, "renewal": 0}, {},
     "Japan's cabinet changes in the Upper House: the coalition lacks a majority there (45 %)."),
    ("coalition", (), (), {"partner": 1}, {"partner_change": ("joins",)},
     "Japan's cabinet changes, a pacifist partner joins."),
    ("ladder", (), (), {"step_before": 0, "step": 1, "public_support": 0.4, "partner": 0},
     {"ladder": ("secrecy",), "reached": ("clearances",), "act": ("law",)},
     "Japan takes step 1 of its ladder on secrecy: clearances, by law."),
    ("ladder", (), (), {"step_before": 2, "step": 3, "public_support": 0.6, "partner": 1},
     {"ladder": ("force",), "reached": ("Article 9 amended",), "act": ("amendment",), "lever": ("amendment",)},
     "Japan takes step 3 of its ladder on force: Article 9 amended, by amendment of the Constitution and "
     "referendum (support 60 %), pushed by the policy, a pacifist partner notwithstanding."),
    ("mandated", (), ("spa",), OPENED | {"forecast": 0.75},
     {"partner": ("EU",), "helped_by": ("dialogue",), "missing": ("acsa",), "fast_track": ("framework",)},
     "Partnership agreement: mandate given; attention 0.20 in the Union and 0.40 in Japan; seen to pass with 75"
     " %; helped by Strategic dialogue; still without Logistics agreement; on the fast track."),
    ("negotiating", (), ("spa",), OPENED, {"partner": ("EU",)},
     "Partnership agreement: talks open with draft 0.50 (midpoint 0.60, Japan's law allows 0.70, Japan wishes "
     "0.80; worth it from 0.30); attention 0.20 in the Union and 0.40 in Japan."),
    ("negotiating", (), ("spa",), OPENED | {"draft": 1.0}, {"partner": ("EU",)},
     "Partnership agreement: talks open with draft 1.00, as deep as it can be (worth it from 0.30); attention "
     "0.20 in the Union and 0.40 in Japan."),
    ("negotiating", (), ("acsa",), {}, {"partner": ("GBR",), "missing": ("dialogue", "spa")},
     "Logistics agreement with the United Kingdom: talks open; still without Strategic dialogue and Partnership"
     " agreement."),
    ("reopened", (), ("spa",), OPENED | {"agreed_before": 0.25, "forecast": 0.5}, {"partner": ("EU",)},
     "Partnership agreement: to go deeper than 0.25, with draft 0.50 (midpoint 0.60, Japan's law allows 0.70, "
     "Japan wishes 0.80; worth it from 0.30); attention 0.20 in the Union and 0.40 in Japan; seen to pass with "
     "50 %."),
    ("deepening_talks", (), ("spa",), DRAFT, {},
     "Partnership agreement: talks to deepen it open with draft 0.50 (midpoint 0.60, Japan's law allows 0.70, "
     "Japan wishes 0.80; worth it from 0.30)."),
    ("prerequisite", ("commission",), ("spa",), {}, {"missing": ("acsa", "dialogue")},
     "Partnership agreement: would be tabled, but Logistics agreement and Strategic dialogue must come first."),
    ("no_slot", ("high_representative",), ("spa",), {}, {},
     "Partnership agreement: must wait, the High Representative has no slot free."),
    ("vote", (), ("spa",), DRAFT | {"passes": 0.4, "thinned_out": 0.1, "dilution": 0.05},
     {"pivotal": ("HUN",), "opposed": ("HUN",), "abstained_declared": ("AUT", "IRL"), "abstained": ("MLT",)},
     "Partnership agreement: in the Council, on draft 0.50, Hungary would have opposed, Austria and Ireland "
     "abstained with a declaration, Malta abstained; 0.40 passes, thinned out by 0.10; Hungary was pivotal."),
    ("vote", (), ("spa",), DRAFT | {"passes": 0.4, "thinned_out": 0.1, "dilution": 0.05}, {"passerelle": ("agreed",)},
     "Partnership agreement: in the Council by majority, on draft 0.50, all were in favour; 0.40 passes, "
     "thinned out by 0.10."),
    ("vote", (), ("spa",), DRAFT | {"passes": 0.9, "thinned_out": 0.0, "dilution": 0.0}, {},
     "Partnership agreement: in the Council, on draft 0.50, all were in favour; it passes as it is."),
    ("veto", (), ("spa",), DRAFT, {"vetoed_by": ("HUN", "NLD")},
     "Partnership agreement: vetoed by Hungary and the Netherlands."),
    ("stalled", ("HUN",), ("spa",), DRAFT | {"passes": 0.2, "quarters": 1},
     {"held_by": ("council",), "pivotal": ("HUN",)},
     "Partnership agreement: talks stall; Hungary lets no more than 0.20 pass, worth it from 0.30."),
    ("stalled", (), ("spa",), DRAFT | {"passes": 0.2, "quarters": 1}, {"held_by": ("council",)},
     "Partnership agreement: talks stall; the Council lets only 0.20 pass, worth it from 0.30."),
    ("withdrawn", (), ("spa",), DRAFT | {"passes": 0.2, "quarters": 9}, {"held_by": ("ladder",)},
     "Partnership agreement: given up after 9 quarters at a standstill; Japan's law allows only 0.70, worth it "
     "from 0.30."),
    ("withdrawn", (), ("spa",), DRAFT | {"passes": 0.2, "quarters": 9}, {"held_by": ("wish",)},
     "Partnership agreement: given up after 9 quarters at a standstill; Japan wishes only 0.80, worth it from "
     "0.30."),
    ("withdrawn", (), ("spa",), DRAFT | {"passes": 0.2, "quarters": 9}, {"held_by": ("midpoint",)},
     "Partnership agreement: given up after 9 quarters at a standstill; the two sides meet at only 0.60, worth "
     "it from 0.30."),
    ("moving_again", (), ("spa",), DRAFT, {},
     "Partnership agreement: talks move again with draft 0.50 (midpoint 0.60, Japan's law allows 0.70, Japan "
     "wishes 0.80; worth it from 0.30)."),
    ("signed", (), ("spa",), {"depth": 0.4}, {"partner": ("EU",)},
     "Partnership agreement: signed at depth 0.40."),
    ("deepening_signed", (), ("spa",), {"depth": 0.4}, {"partner": ("EU",)},
     "Partnership agreement: signed at depth 0.40, to go deeper."),
    ("signed", (), ("acsa",), {"depth": 0.4}, {"partner": ("NLD",)},
     "Logistics agreement with the Netherlands: signed at depth 0.40."),
    ("in_force", (), ("spa",), {"depth": 0.4}, {},
     "Partnership agreement: in force at depth 0.40."),
    ("deepened", (), ("spa",), {"depth": 0.4, "depth_before": 0.2}, {},
     "Partnership agreement: deepened from 0.20 to 0.40."),
    ("blocked", ("HUN",), (), {}, {"topic": ("russia",), "blocked_by": ("HUN",)},
     "Hungary blocks a decision on Russia."),
    ("blocked", ("HUN",), (), {}, {"topic": ("china",), "blocked_by": ("HUN", "MLT")},
     "Hungary and Malta block a decision on China."),
    ("bargain", ("HUN",), (), {}, {"topic": ("peace_facility",)},
     "A bargain with Hungary lifts the block of Peace Facility money for Ukraine."),
    ("outvoted", ("HUN",), (), {}, {"topic": ("china",), "opposed": ("HUN",)},
     "Hungary is outvoted on a decision on China."),
    ("outvoted", ("HUN", "MLT"), (), {}, {"topic": ("enlargement",), "opposed": ("HUN", "MLT")},
     "Hungary and Malta are outvoted on a step of enlargement."),
    ("parliament_consents", (), ("spa",), {}, {},
     "Partnership agreement: the European Parliament consents."),
    ("parliament_withholds", (), ("spa",), {}, {},
     "Partnership agreement: the European Parliament withholds its consent."),
    ("diet", (), ("spa",), {"majority": 1}, {},
     "Partnership agreement: Japan's Diet approves."),
    ("diet", (), ("spa",), {"majority": 0}, {},
     "Partnership agreement: Japan's Diet approves, though the coalition has no majority."),
    ("ratified", (), ("spa",), {"ratified": 1, "members": 27}, {"ratified_by": ("AUT",)},
     "Partnership agreement: Austria ratifies (1 of 27)."),
    ("ratified", (), ("spa",), {"ratified": 26, "members": 27},
     {"ratified_by": ("AUT", "DEU", "FRA", "GBR", "IRL", "MLT", "NLD"), "still_missing": ("HUN",)},
     "Partnership agreement: Austria, Germany, France, the United Kingdom, Ireland, Malta and the Netherlands "
     "ratify (26 of 27; only Hungary still missing)."),
    ("union_concludes", (), ("spa",), {}, {},
     "Partnership agreement: concluded by the Council for the Union."),
    ("provisional", (), ("spa",), {}, {},
     "Partnership agreement: applied provisionally."),
    ("deepening_provisional", (), ("spa",), {}, {},
     "Partnership agreement: applied provisionally."),
    ("money_ukraine", (), (), {"paid": 500.0}, {},
     "The Peace Facility pays EUR 500 million for Ukraine."),
    ("money_ukraine", (), (), {"paid": 10.0, "quarters": 3}, {},
     "The Peace Facility pays EUR 10 million for Ukraine over 3 quarters."),
    ("money_ukraine", (), (), {"paid": 9.96, "quarters": 1}, {},
     "The Peace Facility pays EUR 10.0 million for Ukraine."),
    ("money_released", (), (), {"paid": 1500.0, "released": 1000.0}, {},
     "The Peace Facility pays EUR 1,500 million for Ukraine, EUR 1,000 million of it blocked until now."),
    ("money_blocked", (), (), {"requested": 500.0, "waiting": 6600.0, "quarters": 2}, {"blocked_by": ("HUN",)},
     "EUR 500 million for Ukraine stay blocked by Hungary over 2 quarters; EUR 6,600 million wait."),
    ("money_south_east_asia", (), (), {"paid": 5.25}, {},
     "The Peace Facility pays EUR 5.2 million for Southeast Asia."),
    ("money_south_east_asia_blocked", (), (), {}, {"blocked_by": ("HUN",)},
     "Money for Southeast Asia is stopped at the second vote by Hungary."),
    ("money_south_east_asia_blocked", (), (), {}, {},
     "Money for Southeast Asia is stopped at the second vote by too many declared abstentions."),
    ("lethal_aid_abstained", ("AUT",), (), {"lethal": 400.0}, {},
     "Austria abstains from lethal aid (EUR 400 million)."),
    ("lethal_aid_abstained", ("AUT", "IRL"), (), {"lethal": 400.0, "quarters": 4}, {},
     "Austria and Ireland abstain from lethal aid (EUR 400 million over 4 quarters)."),
    ("lapsed", (), ("dialogue",), {"operational": 0.1, "agreed": 0.5}, {"lack": ("money",)},
     "Strategic dialogue: lapses for lack of means, 0.10 of 0.50 carried out."),
    ("lapsed", (), ("dialogue",), {"operational": 0.1, "agreed": 0.5},
     {"by": ("record",), "lack": ("money",), "with_it": ("file",)},
     "Strategic dialogue: lapses as on record, 0.10 of 0.50 carried out; the talks to deepen it end with it."),
    ("fades", (), ("dialogue",), {"operational": 0.1, "agreed": 0.5, "before": 0.4}, {"lack": ("attention",)},
     "Strategic dialogue: fades from 0.40 to 0.10 for lack of attention."),
    ("idle", (), ("dialogue",), {"operational": 0.1, "agreed": 0.5, "quarters": 8}, {"lack": ("framework",)},
     "Strategic dialogue: after 8 quarters only 0.10 of 0.50 carried out, for lack of a framework to carry it "
     "out in."),
    ("carried_out", (), ("dialogue",), {"operational": 0.5, "agreed": 0.5}, {},
     "Strategic dialogue: carried out, 0.50 of 0.50."),
    ("regime", (), (), {"operational_depth": 0.25}, {"before": ("symbolic",), "after": ("functional",)},
     "The partnership turns from symbolic to functional (operational depth 0.25)."),
    ("waits_for_ladder", (), ("acsa",), {}, {"partner": ("FRA",), "ladder": ("transfers", "secrecy")},
     "Logistics agreement with France: must wait for Japan's ladder on transfers and secrecy."),
    ("retaliation", ("china",), (), {"visible_depth": 0.2}, {},
     "China retaliates against the states that depend on it (visible depth 0.20)."),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "actors", "instruments", "numbers", "details", "text"), READS)
def test_an_event_reads_as_written(
    kind: str, actors: tuple[str, ...], instruments: tuple[str, ...], numbers: Numbers, details: Details, text: str
) -> None:
    assert sentence(Event(8100, kind, actors, instruments, numbers, details), NAMES) == text


def test_every_kind_is_read() -> None:
    assert {kind for kind, *_ in READS} == set(SENTENCES)
