"""From the files in config/ to settings that are known to be right, or to one message that says what is not.

Layers, each over the one before: base, scenario, policies (joined by "+"), an experiment's [set], --set.
"""

import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from config.calendar import quarter_name
from config.checking import (
    FILLED,
    as_table,
    dotted,
    file_keys,
    first_error,
    read_csv,
    read_text,
    read_toml,
    said,
    tuples,
    validated,
)
from config.errors import CheckError, UserError, listed, nearest, shown
from config.panels import PANELS, load_panel
from config.posterior import load_calibration, load_posterior
from config.regimes import load_regimes
from config.schema import (
    LADDERS,
    MEMBER_STATES,
    PARTNERS,
    SAME_IN_ALL_RUNS,
    Experiment,
    Instrument,
    JapanSettings,
    MemberState,
    Parameter,
    Partners,
    Period,
    PeriodKind,
    Policy,
    Posterior,
    Pressures,
    RecordRow,
    Rung,
    Scenario,
    Settings,
    Span,
    StartTable,
    Status,
    UnionSettings,
    check_until,
    number,
    quarter_value,
    set_value,
)
from config.status import load_status, with_status

if TYPE_CHECKING:
    from config.design import Points

ROOT = Path(__file__).parent
"""The shipped configuration. Every function that reads takes another folder of the same shape as `root`."""

NOTHING: Mapping[str, Any] = MappingProxyType({})
M = TypeVar("M", bound=BaseModel)


# The base


@dataclass(frozen=True)
class Base:
    """What every run has in common before a scenario, a policy or an override changes it."""

    parameters: dict[str, Parameter]
    instruments: tuple[Instrument, ...]
    rungs: tuple[Rung, ...]
    members: tuple[MemberState, ...]
    japan: JapanSettings
    partners: Partners
    pressures: Pressures
    union: UnionSettings
    posterior: Posterior | None


def load_base(root: Path = ROOT) -> Base:
    """Everything in `root` but scenarios, policies, experiments, start tables and record."""
    instruments, rungs = load_instruments(root / "instruments.toml")
    parameters = load_parameters(root / "parameters")
    return Base(
        parameters=parameters,
        instruments=instruments,
        rungs=rungs,
        members=load_members(root / "actors" / "member_states.csv", root / "actors" / "periods.csv"),
        japan=_toml_as(JapanSettings, root / "actors" / "japan.toml"),
        partners=_toml_as(Partners, root / "actors" / "partners.toml"),
        pressures=load_pressures(root / "actors" / "pressures.toml", root / "series" / "regimes.csv"),
        union=_toml_as(UnionSettings, root / "actors" / "union.toml"),
        posterior=load_posterior(root / "posterior.csv", parameters),
    )


def _toml_as(model: type[M], path: Path) -> M:
    return validated(model, read_toml(path), said(path))


def load_parameters(folder: Path) -> dict[str, Parameter]:
    """All parameters by dotted name, "<family>.<parameter>", in alphabetical order of families."""
    found: dict[str, Parameter] = {}
    for path in sorted(folder.glob("*.toml")):
        found.update(load_family(path))
    if not found:
        raise UserError("holds no parameters", file=said(folder), allowed="one TOML file per family of rules")
    return found


def load_family(path: Path) -> dict[str, Parameter]:
    """The parameters of one file, by dotted name."""
    content = read_toml(path)
    return {
        f"{path.stem}.{key}": validated(Parameter, as_table(value, said(path), key), said(path), dotted("", key))
        for key, value in content.items()
    }


def load_instruments(path: Path) -> tuple[tuple[Instrument, ...], tuple[Rung, ...]]:
    """Instruments at EU level and rungs of the bilateral ladder, in the order of the file."""
    content, file = read_toml(path), said(path)
    for key in content:
        if key not in ("eu", "bilateral"):
            raise UserError(
                "is an unknown key",
                file=file,
                key=key,
                allowed="eu, bilateral",
                suggestion=nearest(key, ("eu", "bilateral")),
            )
    for key in ("eu", "bilateral"):
        if key not in content:
            raise UserError("is missing", file=file, key=key, allowed=f"a table [{key}.<name>] for each")
    instruments = tuple(_named(Instrument, content["eu"], file, "eu"))
    rungs = tuple(_named(Rung, content["bilateral"], file, "bilateral"))
    for prefix, family in (("eu", instruments), ("bilateral", rungs)):
        _check_prerequisites(file, prefix, family)
    return instruments, rungs


def _named(model: type[M], tables: Any, file: str, prefix: str) -> Iterable[M]:
    for slug, table in as_table(tables, file, prefix).items():
        inside = as_table(table, file, f"{prefix}.{slug}")
        if "slug" in inside:
            raise UserError(
                "is an unknown key",
                file=file,
                key=dotted(prefix, slug, "slug"),
                allowed=listed(file_keys(model)),
                suggestion=nearest("slug", file_keys(model)),
            )
        yield validated(model, {**inside, "slug": slug}, file, dotted(prefix, slug))


def _check_prerequisites(file: str, prefix: str, family: Sequence[Instrument | Rung]) -> None:
    slugs = [instrument.slug for instrument in family]
    for instrument in family:
        for field in ("needs", "helped_by"):
            for name in getattr(instrument, field):
                if name not in slugs:
                    raise UserError(
                        "is no instrument of this table",
                        file=file,
                        key=dotted(prefix, instrument.slug, field),
                        value=shown(name),
                        allowed=listed(slugs),
                        suggestion=nearest(name, slugs),
                    )
    cycle = find_cycle({instrument.slug: instrument.needs for instrument in family})
    if cycle:
        raise UserError(
            "prerequisites go in a circle",
            file=file,
            key=dotted(prefix, cycle[0], "needs"),
            value=" -> ".join(cycle),
            allowed="prerequisites that can be met one after another",
            suggestion=f"take {cycle[1]!r} from the needs of {cycle[0]!r}, or break the circle elsewhere",
        )


def find_cycle(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """A circle of needs, first name repeated at the end; empty if there is none."""
    done: set[str] = set()
    for first in needs:
        trail: list[str] = []
        stack = [(first, iter(needs[first]))] if first not in done else []
        trail += [first] if stack else []
        while stack:
            following = next(stack[-1][1], None)
            if following is None:
                stack.pop()
                done.add(trail.pop())
            elif following in trail:
                return [*trail[trail.index(following) :], following]
            elif following not in done:
                stack.append((following, iter(needs[following])))
                trail.append(following)
    return []


def load_members(states: Path, periods: Path) -> tuple[MemberState, ...]:
    """Member states with their periods, sorted by iso3 whatever the order of the rows."""
    rows = read_csv(states, MemberState, left_out=("periods",))
    found: dict[str, dict[str, Any]] = {}
    for place, row in rows:
        code = str(row["iso3"])
        if code in found:
            raise UserError(
                "state stands twice",
                file=said(states),
                key=f"{place}, iso3",
                value=shown(code),
                allowed="one row for each state",
                suggestion=f"delete one of the rows of {code}",
            )
        validated(MemberState, row, said(states), f"{place}, column ")
        found[code] = row
    for code in MEMBER_STATES:
        if code not in found:
            others = [name for name in found if name not in MEMBER_STATES]
            raise UserError(
                "member state is missing",
                file=said(states),
                key="iso3",
                value=shown(code),
                allowed=f"a row for each of {', '.join(MEMBER_STATES)}",
                suggestion=nearest(code, others) if others else f"add a row {code},...",
            )
    dated = load_periods(periods, sorted(found))
    return tuple(
        MemberState.model_validate({**found[code], "periods": tuple(p for p in dated if p["iso3"] == code)})
        for code in sorted(found)
    )


def load_periods(path: Path, codes: Sequence[str]) -> list[dict[str, Any]]:
    """Dated facts about states; an empty `from` is the start of time, an empty `until` its end."""
    found: list[dict[str, Any]] = []
    checked: list[Period] = []
    for place, row in read_csv(path, Period):
        filled = {**row, "from": row["from"] or "start", "until": row["until"] or "never"}
        period = validated(Period, filled, said(path), f"{place}, column ")
        if period.iso3 not in codes:
            raise UserError(
                "is no state of member_states.csv",
                file=said(path),
                key=f"{place}, column iso3",
                value=shown(period.iso3),
                allowed=listed(codes),
                suggestion=nearest(period.iso3, codes),
            )
        for other in checked:
            same = (other.iso3, other.kind) == (period.iso3, period.kind)
            if same and other.begins < period.ends and period.begins < other.ends:
                raise UserError(
                    f"overlaps another period of {period.kind!r}",
                    file=said(path),
                    key=f"{place}, column from",
                    value=shown(quarter_name(period.begins)),
                    allowed="one value at a time",
                    suggestion=f"the other one is {quarter_name(other.begins)} to {quarter_name(other.ends)}",
                )
        found.append(filled)
        checked.append(period)
    return found


def load_pressures(path: Path, regimes: Path) -> Pressures:
    """The four pressures, with the chances of their regimes in the past."""
    return validated(Pressures, {**_content(path, Pressures), "drawn": load_regimes(regimes)}, said(path))


def load_start(name: str, base: Base, root: Path = ROOT, file: str = "") -> StartTable:
    """The start table of this name ("2026Q3"), all its names known to `base`."""
    folder = root / "start"
    known = sorted(path.stem for path in folder.glob("*.toml"))
    if name not in known:
        raise UserError(
            "has no start table",
            file=file or said(folder),
            key="start",
            value=shown(name),
            allowed=listed(known),
            suggestion=nearest(name, known),
        )
    path = folder / f"{name}.toml"
    table = _toml_as(StartTable, path)
    if quarter_name(table.quarter) != name:
        raise UserError(
            "differs from the name of the file",
            file=said(path),
            key="quarter",
            value=shown(quarter_name(table.quarter)),
            allowed=shown(name),
            suggestion=f"did you mean {shown(name)}?",
        )
    _check_start(table, base, said(path))
    return table


def _check_start(table: StartTable, base: Base, file: str) -> None:
    def known(word: str, words: Sequence[str], place: str, what: str) -> None:
        if word not in words:
            raise UserError(
                f"is no {what}",
                file=file,
                key=dotted(place, word),
                allowed=listed(words),
                suggestion=nearest(word, words),
            )

    for slug in table.instruments:
        known(slug, [instrument.slug for instrument in base.instruments], "instruments", "instrument")
    for iso3, rungs in table.bilateral.items():
        known(iso3, PARTNERS, "bilateral", "partner of the bilateral ladder")
        for slug in rungs:
            known(slug, [rung.slug for rung in base.rungs], dotted("bilateral", iso3), "rung")
    for ladder in LADDERS:
        step, top = getattr(table.ladders, ladder), len(getattr(base.japan.ladders, ladder))
        if step > top:
            raise UserError(
                "is out of range",
                file=file,
                key=f"ladders.{ladder}",
                value=shown(step),
                allowed=f"0 to {top}",
                suggestion=f"the nearest is {top}",
            )


def load_record(root: Path = ROOT) -> tuple[RecordRow, ...]:
    """The dated record, in the order of the file: rows of one partner and instrument together, in order of time."""
    return _record(root / "record.csv", root)


def _record(path: Path, root: Path) -> tuple[RecordRow, ...]:
    instruments, rungs = load_instruments(root / "instruments.toml")
    slugs = {"EU": [one.slug for one in instruments], "JPN": list(LADDERS)}
    found: list[RecordRow] = []
    for place, row in read_csv(path, RecordRow):
        entry = validated(RecordRow, row, said(path), f"{place}, column ")
        try:
            _check_event(entry, slugs.get(entry.partner, [one.slug for one in rungs]), found)
        except CheckError as fault:
            raise UserError(
                fault.problem,
                file=said(path),
                key=f"{place}, column {fault.key}",
                value=shown(getattr(entry, fault.key)),
                allowed=fault.allowed,
                suggestion=fault.suggestion,
            ) from None
        found.append(entry)
    return tuple(found)


def _check_event(entry: RecordRow, known: Sequence[str], before: Sequence[RecordRow]) -> None:
    """An event of the record is of a known instrument and follows what stands before it."""
    if entry.instrument not in known:
        raise CheckError(
            "is unknown", allowed=listed(known), suggestion=nearest(entry.instrument, known), key="instrument"
        )
    same = [row for row in before if (row.partner, row.instrument) == (entry.partner, entry.instrument)]
    if not same:
        return
    if same[-1] is not before[-1]:
        raise CheckError("stands apart", allowed="rows of one partner and instrument together", key="instrument")
    if entry.days < same[-1].days:
        raise CheckError("is out of order", allowed=f"{same[-1].date} or later, as in the row before", key="date")
    if any(row.stage == entry.stage == "none" and row.use == entry.use for row in same):
        raise CheckError("stands twice", allowed="none once for each use", key="stage")
    reached = [row for row in same if row.rank]
    if entry.rank and reached and reached[-1].stage != "lapsed" and entry.rank <= reached[-1].rank:
        raise CheckError("is out of order", allowed=f"a stage after {reached[-1].stage}", key="stage")
    if entry.stage == "none" and reached:
        raise CheckError("is out of order", allowed=f"no none after {reached[-1].stage}", key="stage")


# Layers


@dataclass(frozen=True)
class Layer:
    """Values that replace those below, and how a message names the place they come from."""

    file: str
    inside: str
    table: Mapping[str, Any]

    def key(self, name: str) -> str:
        """The place of one of the values."""
        return dotted(self.inside, name) if self.inside else name


PROPERTIES = ("ambition", "least", "quarters", "from", "rule", "defence", "diet", "led_by")
RUNG_PROPERTIES = ("ambition", "least", "quarters", "quarters_in_force", "diet")
COLUMNS = tuple(
    name for name, field in MemberState.model_fields.items() if field.annotation in (int, float)
)  # what an override of an actor may reach
PERIOD_COLUMNS = tuple(kind for kind in get_args(PeriodKind) if kind != "election")
"""What holds of a state for a time; an override says it for all time. `stance_mean` is a number, the rest 0 or 1."""


def known_keys(base: Base) -> list[str]:
    """Every key that a [set] table or --set may name."""
    return [
        *base.parameters,
        *(f"instruments.{one.slug}.{name}" for one in base.instruments for name in PROPERTIES),
        *(f"instruments.{one.slug}.{name}" for one in base.rungs for name in RUNG_PROPERTIES),
        *(f"actors.{one.iso3}.{name}" for one in base.members for name in (*COLUMNS, *PERIOD_COLUMNS)),
    ]


def value_of(name: str, base: Base) -> Any:
    """What an override of an instrument or an actor replaces; None for what only holds for a time."""
    _, whose, what = name.split(".")
    those = [*base.instruments, *base.rungs, *base.members]
    one = next(one for one in those if whose in (getattr(one, "slug", ""), getattr(one, "iso3", "")))
    return one.model_dump(by_alias=True).get(what)


def with_layer(base: Base, layer: Layer) -> Base:
    """`base` with the values of a layer in place of its own."""
    for name, value in layer.table.items():
        base = _with_value(base, layer, name, value)
    return base


def _with_value(base: Base, layer: Layer, name: str, value: Any) -> Base:
    family, _, rest = name.partition(".")
    if name in base.parameters:
        return replace(
            base, parameters={**base.parameters, name: _overridden(base.parameters[name], layer, name, value)}
        )
    if family == "instruments":
        return _with_instrument(base, layer, name, rest, value)
    if family == "actors":
        return _with_actor(base, layer, name, rest, value)
    raise _unknown_key(base, layer, name, value)


def _overridden(parameter: Parameter, layer: Layer, name: str, value: Any) -> Parameter:
    try:
        if isinstance(value, Span) and value.low < value.high and name in SAME_IN_ALL_RUNS:
            raise CheckError("cannot differ between runs", allowed="one value")
        return parameter.overridden(value)
    except CheckError as fault:
        key = layer.key(name) + (f".{fault.key}" if fault.key else "")
        text = fault.value or _text(value)
        raise UserError(
            fault.problem, file=layer.file, key=key, value=text, allowed=fault.allowed, suggestion=fault.suggestion
        ) from None


def _unknown_key(base: Base, layer: Layer, name: str, value: Any) -> UserError:
    family, _, _ = name.partition(".")
    keys = known_keys(base)
    inside = [key for key in keys if key.startswith(f"{family}.")]
    families = sorted({key.partition(".")[0] for key in keys})
    return UserError(
        "is an unknown key",
        file=layer.file,
        key=layer.key(name),
        value=_text(value),
        allowed=listed(inside)
        if inside and family not in ("instruments", "actors")
        else "<family>.<parameter> with a family of " + ", ".join(families),
        suggestion=nearest(name, keys),
    )


def _plain(layer: Layer, name: str, value: Any) -> Any:
    if isinstance(value, Span):
        raise UserError(
            "cannot be drawn",
            file=layer.file,
            key=layer.key(name),
            value=shown(value.model_dump()),
            allowed="one value; a range only for parameters",
            suggestion=f"for example {value.low:g}",
        )
    return value


def _with_instrument(base: Base, layer: Layer, name: str, rest: str, value: Any) -> Base:
    slug, _, field = rest.partition(".")
    slugs = [*(one.slug for one in base.instruments), *(rung.slug for rung in base.rungs)]
    if slug not in slugs:
        raise _unknown(layer, name, value, "instrument", slug, slugs)
    is_rung = any(rung.slug == slug for rung in base.rungs)
    allowed = RUNG_PROPERTIES if is_rung else PROPERTIES
    if field not in allowed:
        raise _unknown(layer, name, value, "property of this instrument", field, allowed)
    if is_rung:
        rungs = [rung if rung.slug != slug else _changed(Rung, rung, layer, name, field, value) for rung in base.rungs]
        return replace(base, rungs=tuple(rungs))
    instruments = [
        one if one.slug != slug else _changed(Instrument, one, layer, name, field, value) for one in base.instruments
    ]
    return replace(base, instruments=tuple(instruments))


def _with_actor(base: Base, layer: Layer, name: str, rest: str, value: Any) -> Base:
    iso3, _, column = rest.partition(".")
    codes = [one.iso3 for one in base.members]
    if iso3 not in codes:
        by_name = [one.iso3 for one in base.members if one.name.casefold() == iso3.casefold()]
        raise _unknown(layer, name, value, "actor", iso3, codes, f"did you mean {by_name[0]!r}?" if by_name else "")
    if column not in (*COLUMNS, *PERIOD_COLUMNS):
        raise _unknown(layer, name, value, "numeric column of actors", column, (*COLUMNS, *PERIOD_COLUMNS))
    change = _with_period if column in PERIOD_COLUMNS else partial(_changed, MemberState)
    members = tuple(change(one, layer, name, column, value) if one.iso3 == iso3 else one for one in base.members)
    return replace(base, members=members)


def _with_period(one: MemberState, layer: Layer, name: str, kind: str, value: Any) -> MemberState:
    """A state of which something holds, or not, for all time."""
    try:
        found = number(_plain(layer, name, value))
        if kind != "stance_mean" and found not in (0, 1):
            raise CheckError("is not a switch", allowed="0 or 1")
    except CheckError as fault:
        raise UserError(fault.problem, file=layer.file, key=layer.key(name), value=_text(value), allowed=fault.allowed,
                        suggestion=fault.suggestion) from None  # fmt: skip
    always = {"iso3": one.iso3, "kind": kind, "from": "start", "until": "never", "value": found, "source": "override"}
    others = tuple(period for period in one.periods if period.kind != kind)
    return one.model_copy(update={"periods": (*others, Period.model_validate(always))})


def _unknown(
    layer: Layer, name: str, value: Any, what: str, word: str, words: Sequence[str], hint: str = ""
) -> UserError:
    return UserError(
        f"{word!r} is no {what}",
        file=layer.file,
        key=layer.key(name),
        value=_text(value),
        allowed=listed(words),
        suggestion=hint or nearest(word, words),
    )


def _changed(model: type[M], one: M, layer: Layer, name: str, field: str, value: Any) -> M:
    content = one.model_dump(by_alias=True)
    try:
        return model.model_validate({**content, field: _plain(layer, name, value)})
    except ValidationError as error:
        found = first_error(model, error, layer.file, "")
        raise UserError(
            found.problem,
            file=layer.file,
            key=layer.key(name),
            value=found.value,
            allowed=found.allowed,
            suggestion=found.suggestion,
        ) from None


# Scenarios, policies, experiments by name


KINDS = ("scenarios", "policies", "experiments")
_ONE = {"scenarios": "scenario", "policies": "policy", "experiments": "experiment"}


def available(kind: str, root: Path = ROOT) -> list[str]:
    """Names of the shipped "scenarios", "policies" or "experiments"."""
    if kind not in KINDS:
        raise UserError(f"{kind!r} cannot be listed", allowed=", ".join(KINDS), suggestion=nearest(kind, KINDS))
    return sorted(path.stem for path in (root / kind).glob("*.toml"))


def label(name: str) -> str:
    """How tables and figures call a scenario or policy: without the folder and ending of a user's own file."""
    return "+".join(Path(piece).stem if piece.endswith(".toml") else piece for piece in name.split("+"))


def _path(kind: str, name: str, root: Path, folder: Path, file: str, key: str) -> Path:
    """Where a scenario or policy of this name lies: shipped, or a user's .toml beside the experiment."""
    if name.endswith(".toml"):
        path = folder / name
        if not os.path.isfile(path):
            raise UserError(
                "no such file",
                file=file,
                key=key,
                value=shown(name),
                allowed=f"a file in {said(folder)}, or one of {listed(available(kind, root))}",
                suggestion=nearest(name, [other.name for other in _toml_files(path.parent)]),
            )
        return path
    names = available(kind, root)
    if name not in names:
        raise UserError(
            f"is no {_ONE[kind]}",
            file=file,
            key=key,
            value=shown(name),
            allowed=listed(names),
            suggestion=nearest(name, names),
        )
    return root / kind / f"{name}.toml"


def _toml_files(folder: Path) -> list[Path]:
    """TOML files of a folder, none if there is no such folder."""
    return [path for path in sorted(folder.glob("*.toml")) if path.is_file()] if os.path.isdir(folder) else []


def _content(path: Path, model: type[BaseModel]) -> dict[str, Any]:
    content = read_toml(path)
    for key in FILLED[model]:
        if key in content:
            raise UserError(
                "is an unknown key",
                file=said(path),
                key=key,
                value=shown(content[key]),
                allowed=listed(file_keys(model)),
                suggestion=nearest(key, file_keys(model)),
            )
    return content


def load_scenario(path: Path) -> Scenario:
    """A scenario file; its name is the file's."""
    return validated(Scenario, {**_content(path, Scenario), "name": path.stem}, said(path))


def load_policy(path: Path) -> Policy:
    """A policy file; its name is the file's."""
    return validated(Policy, {**_content(path, Policy), "name": path.stem}, said(path))


def combined(policies: Sequence[tuple[Policy, str]]) -> Policy:
    """Several policies at once, each with its file; two that give one key different values are refused."""
    origin: dict[str, tuple[Any, Policy, str]] = {}
    for policy, file in policies:
        for key, value in policy.set.items():
            before, other, other_file = origin.get(key, (value, policy, file))
            if before != value:
                raise UserError(
                    f"policy {policy.name!r} sets it to {_text(value)}, policy {other.name!r} to {_text(before)}",
                    file=f"{file} and {other_file}",
                    key=dotted("set", key),
                    allowed="one value for each key",
                    suggestion=f"leave {policy.name!r} or {other.name!r} out",
                )
            origin[key] = (value, policy, file)
    return Policy(
        name="+".join(policy.name for policy, _ in policies),
        title=" + ".join(policy.title for policy, _ in policies),
        question=" ".join(dict.fromkeys(policy.question for policy, _ in policies)),
        set={key: value for key, (value, _, _) in origin.items()},
    )


def _text(value: Any) -> str:
    return shown(value.model_dump() if isinstance(value, Span) else value)


@dataclass(frozen=True)
class Library:
    """The base read once, and where to look for scenarios and policies; resolves any number of them."""

    base: Base
    root: Path
    folder: Path
    file: str = ""
    until_file: str = ""
    scenario_key: str = "scenario"
    policy_key: str = "policy"
    status: Status | None = None
    status_file: str = ""
    prior: bool = False

    def scenario(self, name: str) -> tuple[Scenario, str]:
        """A scenario and its file."""
        path = _path("scenarios", name, self.root, self.folder, self.file, self.scenario_key)
        return load_scenario(path), said(path)

    def policies(self, name: str) -> list[tuple[Policy, str]]:
        """The policies joined by "+" in a name, each with its file."""
        pieces = name.split("+")
        for piece in pieces:
            if piece and pieces.count(piece) > 1:
                raise UserError(
                    f"names {piece!r} twice",
                    file=self.file,
                    key=self.policy_key,
                    value=shown(name),
                    allowed="each policy once",
                    suggestion=f'did you mean "{"+".join(dict.fromkeys(pieces))}"?',
                )
        paths = [_path("policies", piece, self.root, self.folder, self.file, self.policy_key) for piece in pieces]
        return [(load_policy(path), said(path)) for path in paths]

    def settings(self, scenario: str, policy: str, overrides: Sequence[Layer], until: int | None) -> Settings:
        """Everything for one scenario under one policy."""
        world, world_file = self.scenario(scenario)
        levers = self.policies(policy)
        both = combined(levers)
        base = with_layer(self.base, Layer(world_file, "set", world.set))
        for lever, file in levers:
            base = with_layer(base, Layer(file, "set", lever.set))
        for layer in overrides:
            base = with_layer(base, layer)
        last = world.until if until is None else until
        try:
            check_until(last, world.start)
        except CheckError as fault:
            raise UserError(
                fault.problem,
                file=self.until_file or self.file,
                key="until",
                value=fault.value,
                suggestion=fault.suggestion,
                allowed=f"{fault.allowed}, where scenario {world.name!r} starts",
            ) from None
        table = load_start(quarter_name(world.start), base, self.root, world_file)
        frame = {"scenario": world, "policy": both, "until": quarter_name(last), "table": table}
        settings = Settings.model_validate({**frame, **vars(base), "posterior": self._posterior(base)})
        return settings if self.status is None else with_status(settings, self.status, self.status_file)

    def _posterior(self, base: Base) -> Posterior | None:
        """The posterior without the parameters to which a scenario, a policy or an override gives another value."""
        if self.prior or self.base.posterior is None:
            return None
        names = self.base.posterior.names
        return self.base.posterior.without({n for n in names if base.parameters[n] != self.base.parameters[n]})


def resolve(
    scenario: str,
    policy: str,
    overrides: Mapping[str, Any] = NOTHING,
    *,
    until: str | int | None = None,
    prior: bool = False,
    root: Path = ROOT,
    folder: Path | str = "",
) -> Settings:
    """Settings of one scenario under one policy ("a+b" for two at once), overrides last.

    Overrides hold numbers, quarters as text, and { low, high } as a mapping; names ending in .toml lie in `folder`.
    With `prior` calibrated parameters are drawn from their ranges, not from the posterior.
    """
    library = Library(load_base(root), root, Path(folder), prior=prior)
    table = _checked_set(overrides, "overrides", "")
    return library.settings(scenario, policy, [Layer("overrides", "", table)], _until(until, "", "until"))


def _until(until: str | int | None, file: str, key: str) -> int | None:
    if until is None or (isinstance(until, int) and not isinstance(until, bool)):
        return until
    try:
        return quarter_value(until)
    except CheckError as fault:
        raise UserError(
            fault.problem, file=file, key=key, value=shown(until), allowed=fault.allowed, suggestion=fault.suggestion
        ) from None


def _checked_set(table: Mapping[str, Any], file: str, inside: str) -> dict[str, Any]:
    """Values of a [set] table checked for their form."""
    found = {}
    for name, value in table.items():
        try:
            found[str(name)] = set_value(tuples(value))
        except CheckError as fault:
            raise UserError(
                fault.problem,
                file=file,
                key=dotted(inside, str(name)) if inside else str(name),
                value=fault.value or shown(value),
                allowed=fault.allowed,
                suggestion=fault.suggestion,
            ) from None
    return found


def parse_sets(sets: Sequence[str]) -> dict[str, Any]:
    """Values of --set key=value, each read as TOML; a bare word such as 2031Q2 or never is a text."""
    found: dict[str, Any] = {}
    for text in sets:
        key, equals, raw = text.partition("=")
        key, raw = key.strip().strip('"'), raw.strip()
        if not equals or not key or not raw:
            raise UserError(
                "is not of the form key=value",
                file="--set",
                value=text,
                allowed="key=value, such as attention.link=0.8",
            )
        value = _checked_set({key: _toml_value(key, raw)}, "--set", "")[key]
        if key in found and found[key] != value:
            raise UserError(
                f"is set twice, to {_text(found[key])} and to {_text(value)}",
                file="--set",
                key=key,
                allowed="one value for each key",
            )
        found[key] = value
    return found


def _toml_value(key: str, raw: str) -> Any:
    try:
        content = tomllib.loads(f"value = {raw}\n")
        if list(content) == ["value"]:
            return content["value"]
    except (ValueError, RecursionError):
        if re.fullmatch(r"[\w.-]+", raw):
            return raw
    raise UserError(
        "is no value", file="--set", key=key, value=raw, allowed="a number, a quarter, or { low = 0.2, high = 0.8 }"
    )


def load_experiment(
    name_or_path: str,
    sets: Sequence[str] = (),
    runs: int | None = None,
    seed: int | None = None,
    until: str | None = None,
    status: Path | None = None,
    prior: bool = False,
    *,
    root: Path = ROOT,
) -> Experiment:
    """An experiment by its shipped name or the path of a .toml file, with what the command line puts in its place.

    Everything it names is read and checked: what this returns can be run.
    """
    path = _experiment_path(name_or_path, root)
    file = said(path)
    content = _content(path, Experiment)
    found = validated(Experiment, {**content, "name": path.stem, "folder": str(path.resolve().parent)}, file)
    base = load_base(root)
    with_layer(base, Layer(file, "set", found.set))
    added = parse_sets(sets)
    with_layer(base, Layer("--set", "", added))
    known = None if status is None else load_status(status)
    changes = {"runs": runs, "seed": seed, "until": until, "status": known, "prior": prior or None}
    given = {key: value for key, value in changes.items() if value is not None}
    written = {**found.model_dump(by_alias=True), "set": {**found.set, **added}}
    experiment = found
    if given or added:
        try:
            experiment = Experiment.model_validate({**written, **given})
        except ValidationError as error:
            fault = first_error(Experiment, error, "", "")
            raise UserError(
                fault.problem,
                file=f"--{fault.key}",
                key=fault.key,
                value=fault.value,
                allowed=fault.allowed,
                suggestion=fault.suggestion,
            ) from None
    library = _library(experiment, base, root, file, "--until" if until is not None else file)
    library = replace(library, status_file=file if status is None else said(status))
    _check_labels(experiment, file)
    for scenario in experiment.scenarios:
        for policy in experiment.policies:
            library.settings(scenario, policy, [Layer(file, "set", experiment.set)], experiment.until)
    _check_design(experiment, {**dict.fromkeys(found.set, file), **dict.fromkeys(added, "--set")}, root, file)
    return experiment


def points_of(experiment: Experiment, *, root: Path = ROOT, file: str = "") -> "Points | None":
    """The points of an experiment's design, read from its table or made by its scheme; None if it has no design."""
    design = experiment.design
    if design is None:
        return None
    base = with_layer(load_base(root), Layer(file, "set", experiment.set))
    if design.table is not None:
        from config.design import read_points

        return read_points(Path(experiment.folder) / design.table, base)
    from config.scheme import make_points

    return make_points(design, base, experiment.seed, file or experiment.name)


def _check_design(experiment: Experiment, files: Mapping[str, str], root: Path, file: str) -> None:
    """The design can be made, and nothing that it varies is set as well; `files` says where each is set."""
    points = points_of(experiment, root=root, file=file)
    names = () if points is None else points.columns()
    for name, where in files.items():
        if name in names:
            raise UserError(
                "differs between the points of the design",
                file=where,
                key=name if where == "--set" else dotted("set", name),
                value=_text(experiment.set[name]),
                allowed="one or the other",
                suggestion="take it out of here, or out of the design",
            )


def _experiment_path(name: str, root: Path) -> Path:
    names = available("experiments", root)
    if name in names:
        return root / "experiments" / f"{name}.toml"
    path = Path(name)
    if name.endswith(".toml") and os.path.isfile(path):
        return path
    near = [said(other) for other in _toml_files(path.parent)] if name.endswith(".toml") else names
    raise UserError(
        "is no experiment",
        key="experiment",
        value=shown(name),
        allowed=f"{listed(names)}, or a path ending in .toml",
        suggestion=nearest(name, near or names),
    )


def _library(experiment: Experiment, base: Base, root: Path, file: str, until_file: str) -> Library:
    return Library(
        base, root, Path(experiment.folder), file, until_file, "scenarios", "policies",
        experiment.status, file, experiment.prior,
    )  # fmt: skip


def _check_labels(experiment: Experiment, file: str) -> None:
    """Tables tell scenarios and policies apart by their labels, so no two may share one."""
    for key, names in (("scenarios", experiment.scenarios), ("policies", experiment.policies)):
        seen: dict[str, str] = {}
        for name in names:
            other = seen.setdefault(label(name), name)
            if other != name:
                raise UserError(
                    f"would have the same name in the results as {other!r}",
                    file=file,
                    key=key,
                    value=shown(name),
                    allowed="files whose names differ",
                    suggestion=f"rename the file to my_{label(name)}.toml",
                )


def settings_of(experiment: Experiment, scenario: str, policy: str, *, root: Path = ROOT) -> Settings:
    """Settings of one cell of an experiment: its scenario and policy, its [set] (with --set), its `until`.

    With `rest = "fixed"` in its design, parameters that are uncertain have their values.
    """
    library = _library(experiment, load_base(root), root, experiment.name, "")
    layers = [Layer(experiment.name, "set", experiment.set)]
    settings = library.settings(scenario, policy, layers, experiment.until)
    return _fixed(settings) if experiment.design is not None and experiment.design.rest == "fixed" else settings


def _fixed(settings: Settings) -> Settings:
    """The same with nothing uncertain."""
    parameters = {name: one.model_copy(update={"draw": None}) for name, one in settings.parameters.items()}
    return settings.model_copy(update={"parameters": parameters, "posterior": None})


def varied(settings: Settings, row: Mapping[str, Any]) -> Settings:
    """Settings with other values by dotted name: those of a point of a design, over everything else."""
    base = Base(**{one.name: getattr(settings, one.name) for one in fields(Base)})
    changed = with_layer(base, Layer("design", "", row))
    posterior = None if settings.posterior is None else settings.posterior.without(set(row))
    return settings.model_copy(update={**vars(changed), "posterior": posterior})


# Checking one file


def check_file(path: Path | str, *, root: Path = ROOT) -> str:
    """What a file is ("policy", "member states", ...), once it is found to be right."""
    path = Path(path)
    if path.suffix == ".csv":
        return _check_csv(path, root)
    if path.suffix == ".parquet":
        return _check_points(path, load_base(root))
    if path.suffix != ".toml":
        allowed = "a file ending in .toml or .csv, or .parquet for the table of a design"
        raise UserError("is no TOML, CSV or Parquet file", file=said(path), allowed=allowed)
    content = read_toml(path)
    kind = _kind(path, content)
    if kind == "experiment":
        kind = _counted(load_experiment(str(path), root=root), root)
    elif kind == "scenario":
        world = load_scenario(path)
        base = with_layer(load_base(root), Layer(said(path), "set", world.set))
        load_start(quarter_name(world.start), base, root, said(path))
    elif kind == "policy":
        with_layer(load_base(root), Layer(said(path), "set", load_policy(path).set))
    elif kind == "instruments":
        load_instruments(path)
    elif kind == "start table":
        _check_start(_toml_as(StartTable, path), load_base(root), said(path))
    elif kind == "parameters":
        load_family(path)
    elif kind == "status":
        load_status(path)
    elif kind == "calibration":
        load_calibration(path, load_parameters(root / "parameters"))
    elif kind == "pressures":
        load_pressures(path, root / "series" / "regimes.csv")
    else:
        _toml_as(_ACTORS[kind], path)
    return kind


def _counted(experiment: Experiment, root: Path) -> str:
    """What an experiment is, with the size of its design."""
    points = points_of(experiment, root=root)
    return "experiment" if points is None else f"experiment of {len(points)} parameter sets x {experiment.runs} runs"


_ACTORS: dict[str, type[BaseModel]] = {
    "Japan": JapanSettings,
    "partners": Partners,
    "Union": UnionSettings,
}
_BY_FOLDER = {
    "scenarios": "scenario",
    "policies": "policy",
    "experiments": "experiment",
    "parameters": "parameters",
    "start": "start table",
}
_BY_KEYS = (
    ("experiment", ("scenarios", "policies", "runs", "seed", "record")),
    ("instruments", ("eu", "bilateral")),
    ("Japan", ("exposures", "chambers", "thresholds", "elections")),
    ("partners", ("frameworks", "receivers")),
    ("pressures", tuple(Pressures.model_fields)),
    ("Union", ("council_rules", "declared_abstentions", "terms", "summits", "peace_facility")),
    ("start table", ("trust", "interoperability", "instruments", "ladders", "rivals")),
    ("scenario", ("start", "until", "regimes")),
    ("calibration", ("parameters", "rounds", "draws", "vetoes_until")),
    ("policy", ("title", "question", "set")),
)


def _kind(path: Path, content: Mapping[str, Any]) -> str:
    """What a TOML file is, by its folder, else by the keys it has most of."""
    folder = path.resolve().parent.name
    if folder in _BY_FOLDER:
        return _BY_FOLDER[folder]
    if "until" in content and not {"question", "start", "rounds"} & set(content):
        return "status"
    counts = [(sum(key in content for key in keys) / len(keys), kind) for kind, keys in _BY_KEYS]
    best, kind = max(counts, key=lambda one: one[0])
    if content and all(
        isinstance(value, dict) and {"unit", "value", "source"} & set(value) for value in content.values()
    ):
        return "parameters"
    if best == 0:
        raise UserError(
            "is not recognised",
            file=said(path),
            key=next(iter(content), ""),
            allowed=", ".join([*(name for name, _ in _BY_KEYS), "parameters"]),
            suggestion="a policy, for example, has title, question and [set]",
        )
    return kind


def _check_csv(path: Path, root: Path) -> str:
    if path.stem in PANELS:
        if path.stem == "regimes":
            load_regimes(path)
        else:
            load_panel(path, PANELS[path.stem])
        return "panel"
    header = set(read_text(path).partition("\n")[0].strip().split(","))
    if header & set(known_keys(base := load_base(root))):
        if path.stem != "posterior":
            return _check_points(path, base)
        load_posterior(path, base.parameters)
        return "posterior"
    tables: dict[str, type[BaseModel]] = {"member states": MemberState, "periods": Period, "record": RecordRow}
    kind = max(tables, key=lambda name: len(header & set(file_keys(tables[name]))) / len(file_keys(tables[name])))
    if not header & set(file_keys(tables[kind])) - {"source", "iso3"}:
        raise UserError(
            "is not recognised",
            file=said(path),
            key=", ".join(sorted(header))[:80],
            allowed=", ".join(tables),
            suggestion="the first line must name the columns",
        )
    if kind == "member states":
        load_members(path, root / "actors" / "periods.csv")
    elif kind == "periods":
        load_periods(path, [one.iso3 for one in load_base(root).members])
    else:
        _record(path, root)
    return kind


def _check_points(path: Path, base: Base) -> str:
    from config.design import read_points

    return f"table of {len(read_points(path, base))} parameter sets"
