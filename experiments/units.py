"""What every recorded column is, for programs: unit and a few words; docs/data_dictionary.md says more, for readers.

Units are words as in the dictionary: "share" is a number from 0 to 1 without unit, "name" and "text" are no numbers.
"""

from collections.abc import Mapping
from typing import NamedTuple

from config.errors import UserError, listed, nearest
from config.schema import LADDERS, PRESSURES, Parameter
from experiments.labels import parameter_label


class Column(NamedTuple):
    """A column of a table: its unit, and what it says."""

    unit: str
    description: str


EVERYWHERE = {
    "scenario": Column("name", "scenario, as the experiment names it"),
    "policy": Column("name", "policy or policies joined by +"),
    "run": Column("number", "number of the run"),
    "point": Column("number", "number of the parameter set"),
}
"""In every table of runs; `point` only with a design."""

_LADDER = dict(
    zip(LADDERS, ("the use of force", "arms transfers", "the protection of secrets", "missions abroad"), strict=True)
)
_PRESSURE = dict(
    zip(
        PRESSURES,
        ("how hard Russia presses", "how hard China presses", "how hard North Korea presses",
         "how far the United States withdraw"),
        strict=True,
    )
)  # fmt: skip

TRAJECTORIES = {
    "quarter": Column("text", "calendar quarter, at whose end the state is recorded"),
    "declared_depth": Column("share", "depth of what is agreed and in force or provisionally applied"),
    "operational_depth": Column("share", "depth of what is carried out, with the same weights"),
    "operational_depth_equal": Column("share", "depth of what is carried out, every instrument weighing the same"),
    "gap": Column("share", "declared less operational depth"),
    "fragmentation": Column("level", "standard deviation over member states of the level that they accept"),
    "attention_eu": Column("share", "attention that the EU pays to the partnership"),
    "attention_japan": Column("share", "attention that Japan pays to the EU among its partners"),
    "dilution": Column("level", "what the Council has taken off the drafts concluded in the quarter"),
    "vetoes": Column("count", "files and other business stopped in the quarter by a state beyond its veto bound"),
    "files_open": Column("count", "EU-level files in talks at the end of the quarter"),
    "files_stalled": Column("count", "of these, those in which what would pass does not reach the least worth signing"),
    "interoperability": Column("share", "how well forces of both sides work together"),
    "trust": Column("share", "trust of the member states in the partnership, mean by persons"),
    **{f"step_{ladder}": Column("step", f"step of Japan's ladder on {what}") for ladder, what in _LADDER.items()},
    "defence_spending_japan": Column("% of GDP", "Japan's defence spending"),
    "defence_spending_eu": Column("% of GDP", "defence spending of the member states together"),
    "peace_facility_ukraine": Column("EUR million", "Peace Facility money for Ukraine in the quarter"),
    "peace_facility_indo_pacific": Column("EUR million", "Peace Facility money for Southeast Asia in the quarter"),
    **{f"pressure_{pressure}": Column("share", what) for pressure, what in _PRESSURE.items()},
    "share_outside_eu": Column(
        "share",
        "share of all operational depth between Europe and Japan that runs through bilateral ties instead of the EU",
    ),
}

_QUANTILES = ("q05", "q10", "q25", "median", "q75", "q90", "q95")
_FILE = {
    "partner": Column("name", "with whom Japan has the instrument"),
    "instrument": Column("name", "instrument at EU level, or rung of the bilateral ladder"),
}
_STAGE = {"stage": Column("name", "what it became"), "quarter": Column("text", "when")}
_QUARTER = {"quarter": Column("text", "calendar quarter")}

COLUMNS: Mapping[str, Mapping[str, Column]] = {
    "trajectories": TRAJECTORIES,
    "ends": TRAJECTORIES,
    "transitions": {**_FILE, **_STAGE},
    "runs": {
        "regime": Column("name", "the partnership at the end, by operational depth"),
        "failed": Column("text", "where a run could not be computed"),
    },
    "actors": {
        **_QUARTER,
        "actor": Column("name", "member state, or Japan"),
        **{f"threat_{pressure}": Column("share", "threat felt") for pressure in PRESSURES},
        "attention": Column("share", "attention paid to the partnership"),
        "stance": Column("index", "attitude of the government of the day, 0 ordinary, below −1 a spoiler"),
        "position": Column("depth", "how deep a partnership it wants"),
        "trust": Column("share", "trust in the other side"),
        "defence_spending": Column("% of GDP", "defence spending"),
    },
    "bounds": {
        **_QUARTER,
        "actor": Column("name", "member state"),
        "domain": Column("name", "field of co-operation"),
        "accept_bound": Column("depth", "deepest draft that the state votes for"),
        "veto_bound": Column("depth", "deepest draft that it does not stop where unanimity is needed"),
    },
    "limits": {
        **_QUARTER,
        **_FILE,
        "limit": Column("name", "what binds it in this quarter"),
        "actor": Column("name", "who holds it up, where it is one actor"),
    },
    "vetoes": {
        **_QUARTER,
        "subject": Column("name", "EU-level instrument, or other business"),
        "actor": Column("name", "state beyond its veto bound"),
    },
    "summary": {
        **_QUARTER,
        "measure": Column("name", "a column of trajectories"),
        "mean": Column("as the measure", "mean over runs"),
        **{name: Column("as the measure", "quantiles over runs, interpolated") for name in _QUANTILES},
    },
    "transition_counts": {
        **_FILE,
        **_STAGE,
        "runs": Column("count", "runs in which the instrument reached the stage in this quarter"),
    },
}
"""By table what stands beside the columns that are everywhere, in the order of the dictionary."""

POSITION = "position_"
"""Begins the columns of table `runs` with the position of a member state at the end."""


def column(table: str, name: str, parameters: Mapping[str, Parameter] | None = None) -> Column:
    """What a column is; `parameters` say it of those that table `runs` holds. UserError if it is not known."""
    known = {**EVERYWHERE, **COLUMNS[table]}
    if name in known:
        return known[name]
    if table == "runs" and name.startswith(POSITION):
        return Column("depth", f"how deep a partnership {name.removeprefix(POSITION)} wants at the end")
    if table == "runs" and parameters is not None and name in parameters:
        return Column(parameters[name].unit, parameter_label(name))
    if table == "runs" and "." in name:
        return Column("as in config/", "varied by the design")
    raise UserError("is no column", key=table, value=name, allowed=listed(known), suggestion=nearest(name, known))
