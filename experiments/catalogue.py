"""What config/ offers, as text for a reader: lists of names, and one thing at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from config.calendar import NEVER, START, quarter_name
from config.checking import read_toml
from config.errors import UserError, listed, nearest
from config.loading import ROOT, Base, available, load_base, load_policy, load_scenario
from config.schema import PRESSURES, Instrument, Parameter, Rung
from experiments.files import toml_value

LISTS = ("scenarios", "policies", "experiments", "instruments", "parameters", "actors")
KINDS = ("scenario", "policy", "parameter", "instrument", "actor")
PAGES = ("council", "limits", "vetoes")
"""What else `partnership show` knows, with options of its own."""


def listing(kind: str | None) -> str:
    """Names of one kind, each with a title, or of all kinds one after another."""
    if kind is not None and kind not in LISTS:
        raise UserError("cannot be listed", key="list", value=kind, allowed=listed(LISTS),
                        suggestion=nearest(kind, LISTS))  # fmt: skip
    base = load_base()
    blocks = []
    for one in LISTS if kind is None else (kind,):
        rows = _titles(one, base)
        width = max(map(len, rows))
        lines = [f"{name:<{width}}  {title}".rstrip() for name, title in rows.items()]
        blocks.append("\n".join([f"{one}:", *(f"  {line}" for line in lines)] if kind is None else lines))
    return "\n\n".join(blocks)


def describe(kind: str, name: str) -> str:
    """One scenario, policy, parameter, instrument or actor, with everything that config/ says of it."""
    describers: dict[str, Callable[[str], str]] = {
        "scenario": _scenario,
        "policy": _policy,
        "parameter": _parameter,
        "instrument": _instrument,
        "actor": _actor,
    }
    if kind not in describers:
        raise UserError("cannot be shown", key="show", value=kind, allowed=listed((*KINDS, *PAGES)),
                        suggestion=nearest(kind, (*KINDS, *PAGES)))  # fmt: skip
    return describers[kind](name)


def _titles(kind: str, base: Base) -> dict[str, str]:
    """Name and title of everything of a kind."""
    if kind == "scenarios":
        return {name: load_scenario(ROOT / kind / f"{name}.toml").title for name in available(kind)}
    if kind == "policies":
        return {name: load_policy(ROOT / kind / f"{name}.toml").title for name in available(kind)}
    if kind == "experiments":
        return {name: str(read_toml(ROOT / kind / f"{name}.toml")["question"]) for name in available(kind)}
    if kind == "instruments":
        return {slug: one.title for slug, one in _instruments(base).items()}
    if kind == "parameters":
        return {name: f"{_value(one)}, {one.unit}" for name, one in base.parameters.items()}
    return {one.iso3: one.name for one in base.members} | OTHER_ACTORS


OTHER_ACTORS = {
    "japan": "chambers, elections, ladders",
    "partners": "other frameworks and partners of Japan",
    "union": "rules and calendar of the European Union",
    **dict.fromkeys(PRESSURES, "a pressure from outside"),
}


def _find(kind: str, name: str, names: Iterable[str]) -> str:
    """`name` if it is one of these, the nearest pointed out if not."""
    known = list(names)
    if name not in known:
        raise UserError(f"is no {kind}", key="show", value=name, allowed=listed(known), suggestion=nearest(name, known))
    return name


def _scenario(name: str) -> str:
    found = load_scenario(ROOT / "scenarios" / f"{_find('scenario', name, available('scenarios'))}.toml")
    pinned = [
        f"{regime.pressure} is {regime.regime} from {quarter_name(regime.begins)} until {quarter_name(regime.ends)}"
        for regime in found.regimes
    ]
    head = {
        "question": found.question,
        "from": quarter_name(found.start),
        "until": quarter_name(found.until),
        "regimes": "; ".join(pinned),
    }
    return _page(f"{name}: {found.title}", head, _set(found.set))


def _policy(name: str) -> str:
    pieces = name.split("+")
    for piece in pieces:
        _find("policy", piece, available("policies"))
    pages = []
    for piece in pieces:
        found = load_policy(ROOT / "policies" / f"{piece}.toml")
        pages.append(_page(f"{piece}: {found.title}", {"question": found.question}, _set(found.set)))
    return "\n\n".join(pages)


def _parameter(name: str) -> str:
    base = load_base()
    found = base.parameters[_find("parameter", name, base.parameters)]
    return _page(name, {
        "value": _value(found),
        "unit": found.unit,
        "range": "" if found.range is None else f"{found.range[0]:g} to {found.range[1]:g}",
        "drawn per run": _draw(found),
        "calibrated": _calibrated(base, name),
        "source": found.source,
        "change it with": f"--set {name}={_value(found)}",
    })  # fmt: skip


def _instrument(name: str) -> str:
    base = load_base()
    found = _instruments(base)
    one = found[_find("instrument", name, found)]
    where = "EU level" if isinstance(one, Instrument) else "rung of the bilateral ladder"
    return _page(f"{name}: {one.title} ({where})", {}, _outline(one, "slug", "title"))


def _instruments(base: Base) -> dict[str, Instrument | Rung]:
    return {one.slug: one for one in base.instruments} | {one.slug: one for one in base.rungs}


def _actor(name: str) -> str:
    base = load_base()
    states = {one.iso3: one for one in base.members}
    others: dict[str, BaseModel] = {"japan": base.japan, "partners": base.partners, "union": base.union}
    others |= {pressure: getattr(base.pressures.pressures, pressure) for pressure in PRESSURES}
    by_name = {one.name.casefold(): one.iso3 for one in base.members}
    key = by_name.get(name.casefold(), name.upper() if name.upper() in states else name)
    if key in states:
        return _page(f"{key}: {states[key].name}", {}, _outline(states[key], "iso3", "name"))
    return _page(f"{key}: {OTHER_ACTORS[_find('actor', key, [*states, *others])]}", {}, _outline(others[key]))


def _outline(one: BaseModel, *but: str) -> list[str]:
    """What a record holds, a line each; records within it are indented, lists of records have a line per record."""
    return list(_lines(one.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=set(but))))


def _lines(content: Mapping[str, Any]) -> Iterator[str]:
    width = max((len(key) for key, value in content.items() if not _has_parts(value)), default=0)
    for key, value in content.items():
        if not _has_parts(value):
            yield f"{key:<{width}}  {_plain(value)}".rstrip()
        elif isinstance(value, Mapping):
            yield key
            yield from (f"  {line}" for line in _lines(value))
        else:
            yield key
            yield from (f"  - {_plain(item)}" for item in value)


def _has_parts(value: Any) -> bool:
    """Whether a value is better shown on lines of its own."""
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    long = isinstance(value, Mapping) and len(value) > 4
    return long or any(isinstance(part, Mapping) or _has_parts(part) for part in parts)


def _plain(value: Any) -> str:
    """A value on one line: lists with commas, tables as "key value; key value", switches as yes and no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {_plain(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    return str(value)


def _set(table: Mapping[str, Any]) -> list[str]:
    plain = {key: value.model_dump() if isinstance(value, BaseModel) else value for key, value in table.items()}
    return [f"sets {key} = {toml_value(value)}" for key, value in plain.items()] or ["sets nothing"]


def _value(parameter: Parameter) -> str:
    if parameter.unit == "quarter":
        return {START: "start", NEVER: "never"}.get(int(parameter.value)) or quarter_name(int(parameter.value))
    return f"{parameter.value:g}"


def _draw(parameter: Parameter) -> str:
    draw = parameter.draw
    if draw is None:
        return "no"
    if draw.uniform is not None:
        return f"uniform from {draw.uniform[0]:g} to {draw.uniform[1]:g}"
    if draw.normal is not None:
        return f"normal with mean {draw.normal[0]:g} and standard deviation {draw.normal[1]:g}, clipped to the range"
    return f"value times exp({draw.lognormal_sd:g} times a standard normal), clipped to the range"


def _calibrated(base: Base, name: str) -> str:
    """What the record leaves of a parameter, "" if it was not asked."""
    if base.posterior is None or name not in base.posterior.names:
        return ""
    values = sorted(row[base.posterior.names.index(name)] for row in base.posterior.rows)
    low, middle, high = (values[int(share * (len(values) - 1))] for share in (0.05, 0.5, 0.95))
    return f"{middle:.3g}, 5 to 95 % {low:.3g} to {high:.3g}; draws from the range above only with --prior"


def _page(title: str, entries: Mapping[str, str], lines: Iterable[str] = ()) -> str:
    shown = {key: value for key, value in entries.items() if value}
    width = max(map(len, shown), default=0)
    return "\n".join(
        [title, *(f"  {key:<{width}}  {value}" for key, value in shown.items()), *(f"  {x}" for x in lines)]
    )
