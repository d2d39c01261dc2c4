"""RESULTS.md and its picture from what was measured."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.scaling import exponent
from experiments.figures.style import DECLARED_LINE, FAINT, INK, OPERATIONAL, SOFT, axes_at, sheet, styled
from experiments.running import WIDTH

Results = Mapping[str, Any]
RIVALS = {
    "rivals.batch": "scalar Mesa model, batch_run",
    "rivals.workbench": "scalar Mesa model, EMA Workbench",
    "rivals.one_by_one": "our model, one run at a time",
}
COMPARED = 10_000
"""Runs at which rivals are compared; they play fewer, and are taken to need as much for each further one."""

MANY = 1_000
"""Runs from which the start of the program no longer counts for much."""

MOST_EXPONENT = 1.1
SPEEDS = {"at least 2,000": 2000, "3,000": 3000}

COVERED = {
    "convene": "Council: who votes, how far each goes",
    "surely_passes": "Council: files that pass without a vote",
    "vote": "Council: files, foreseen and put to the vote",
    "decide_other_business": "Council: other business",
    "take_positions": "positions of states",
}


def write(results: Results, folder: Path) -> str:
    """Write RESULTS.md and pictures/speed.png; returns the table of aims."""
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    draw_speed(results).savefig(folder / "pictures" / "speed.png", metadata={"Software": None})
    (folder / "RESULTS.md").write_text(page(results), encoding="utf-8")
    return "\n".join(aims_table(results))


def page(results: Results) -> str:
    """The whole report."""
    sections = (
        ("Aims", aims_table(results)),
        ("Beside what one would write instead", rivals_section(results)),
        ("The whole command", command_section(results)),
        ("The model alone", alone_section(results)),
        ("Microseconds per run and phase", phases_section(results)),
        ("Width of a block, and its memory", blocks_section(results)),
        ("Floors", floor_section(results)),
        ("How cost grows", growth_section(results)),
        ("From a standing start", cold_section(results)),
    )
    head = [
        "# Speed and memory, measured",
        "",
        "Written by `make bench` from `results.json`; what is measured and how is in [README.md](README.md).",
        "",
        *(["**A quick look at tiny sizes, no measurement.**", ""] if results.get("quick") else []),
        *machine_lines(results),
    ]
    told = (["", f"## {title}", "", *(body or ["Not measured."])] for title, body in sections)
    return "\n".join([*head, *(line for lines in told for line in lines)]) + "\n"


def machine_lines(results: Results) -> list[str]:
    """Where and with what."""
    here = results["machine"]
    packages = ", ".join(f"{name} {number or 'absent'}" for name, number in here["packages"].items())
    return [
        f"{here['processor']}, {here['cores']} cores, {here['system']}, Python {here['python']}, {packages}; "
        f"{here['date']}, load {here['load_before']} when the last measurement began; {results['rounds']} rounds. "
        "Spread: largest less smallest round.",
    ]


# Numbers


def figures(seconds: Sequence[float]) -> list[str]:
    """Minimum, median and spread as cells."""
    spread = short(max(seconds) - min(seconds)) if len(seconds) > 1 else "–"
    return [short(min(seconds)), short(median(seconds)), spread]


def short(number: float) -> str:
    """Three significant digits, thousands set apart."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:#.3g}".rstrip(".")


def rate(one: Mapping[str, Any], seconds: Sequence[float] | None = None) -> float:
    """Runs per second, by the median round."""
    taken: Sequence[float] = seconds or one["seconds"]
    return float(one["runs"]) / median(taken)


def micro(seconds: Sequence[float], runs: int) -> float:
    """Microseconds per run, by the median round."""
    return 1e6 * median(seconds) / runs


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table in Markdown, numbers to the right."""
    return [f"| {' | '.join(head)} |", f"| --- |{' ---: |' * (len(head) - 1)}", *(f"| {' | '.join(r)} |" for r in rows)]


def commands(results: Results, workers: int) -> list[Mapping[str, Any]]:
    """The whole command at every number of runs."""
    return [one for one in results.get("ours", {}).get("command", []) if one["workers"] == workers]


def compared(results: Results, workers: int) -> Mapping[str, Any] | None:
    """Our command at the number of runs at which rivals are compared, or at the most there is."""
    fit = [one for one in commands(results, workers) if one["runs"] <= COMPARED]
    return max(fit, key=lambda one: one["runs"], default=None)


def timed_runs(found: Any) -> Iterator[Mapping[str, Any]]:
    """Everything in what a rival measured that has both seconds and runs."""
    if isinstance(found, Mapping):
        if "seconds" in found and "runs" in found:
            yield found
        for inside in found.values():
            yield from timed_runs(inside)
    elif isinstance(found, list):
        for inside in found:
            yield from timed_runs(inside)


def rate_of_many(rival: Mapping[str, Any]) -> float:
    """Runs per second of a rival if it played many more: without what it spends once, where that tells."""
    return max(rate(rival), rival.get("further_runs_per_second") or 0.0)


def workers_of(one: Mapping[str, Any]) -> int:
    """Processes that a rival used."""
    return int(one.get("workers", one.get("processes", 1)))


# Aims


@dataclass(frozen=True)
class Aim:
    """What was aimed at and what came out; `reached` None if it was not measured."""

    what: str
    aimed: str
    measured: str
    reached: bool | None


def aims_table(results: Results) -> list[str]:
    """Every aim, plainly."""
    verdict = {True: "reached", False: "missed", None: "not measured"}
    rows = [(aim.what, aim.aimed, aim.measured, verdict[aim.reached]) for aim in aims(results)]
    return table(("", "aim", "measured", ""), rows)


def aims(results: Results) -> list[Aim]:
    """All of them."""
    return [
        *_aims_beside_rivals(results),
        *_aims_of_speed(results),
        *_aims_of_floor(results),
        *_aims_of_growth(results),
        *_aims_of_cold_start(results),
    ]


def _workers(number: int) -> str:
    return f"{number} worker{'s' * (number > 1)}"


def _bounded(what: str, value: float | None, most: float, unit: str = "") -> Aim:
    said = "–" if value is None else f"{short(value)}{unit}"
    return Aim(what, f"at most {most:g}{unit}", said, None if value is None else value <= most)


def _aims_beside_rivals(results: Results) -> list[Aim]:
    title = "as fast as the scalar Mesa model under batch_run"
    found = [
        Aim(
            f"{title}, {_workers(workers_of(one))}",
            "100 times",
            f"{short(_ratio(results, one))} times",
            _ratio(results, one) >= 100,
        )
        for one in timed_runs(results.get("rivals.batch"))
        if compared(results, workers_of(one))
    ]
    return found or [Aim(title, "100 times", "–", None)]


def _ratio(results: Results, rival: Mapping[str, Any]) -> float:
    """How many times as many runs per second as a rival: simulated and saved, with as many workers."""
    ours = compared(results, workers_of(rival))
    assert ours is not None
    return rate(ours, ours["simulated"]["seconds"]) / rate_of_many(rival)


def _aims_of_speed(results: Results) -> list[Aim]:
    found = []
    for one in commands(results, 2):
        if one["runs"] >= COMPARED:
            fast = rate(one, one["simulated"]["seconds"])
            what = f"runs per second, 2 workers, {one['runs']:,} runs simulated and saved"
            found += [Aim(what, said, short(fast), fast >= least) for said, least in SPEEDS.items()]
    return found or [Aim("runs per second, 2 workers", said, "–", None) for said in SPEEDS]


def _aims_of_floor(results: Results) -> list[Aim]:
    floor = results.get("floor", {})
    ratio = kernel_ratio(floor) if "compiled" in floor else None
    part = median(floor["draws"]["seconds"]) / median(floor["model"]["seconds"]) if floor else None
    return [
        _bounded("time over that of the compiled kernel, where it covers", ratio, 2),
        _bounded("share of chance in the model's time", None if part is None else 100 * part, 25, " %"),
    ]


def kernel_ratio(floor: Mapping[str, Any]) -> float:
    """Our time over the kernel's in all that the kernel does."""
    ours, compiled = (sum(median(one["seconds"]) for one in floor[name].values()) for name in ("covered", "compiled"))
    return float(ours / compiled)


def _aims_of_growth(results: Results) -> list[Aim]:
    grown = results.get("scaling", {})
    points = [
        (one["runs"], seconds)
        for one in commands(results, 1)
        if one["runs"] >= MANY
        for seconds in one["simulated"]["seconds"]
    ]
    sizes = {runs for runs, _ in points}
    in_runs = exponent(points)[0] if len(sizes) > 1 else None
    return [
        _bounded(f"exponent of cost in runs, from {MANY:,}", in_runs, MOST_EXPONENT),
        *(
            _bounded(f"exponent of cost in {kind}", grown[kind]["exponent"]["b"] if grown else None, MOST_EXPONENT)
            for kind in ("member states", "instruments")
        ),
    ]


def _aims_of_cold_start(results: Results) -> list[Aim]:
    cold = results.get("cold", {})
    limits = {"--help": 0.5, "replay": 3.0}
    found = []
    for word, most in limits.items():
        seconds = next((one["seconds"] for name, one in cold.items() if word in name), None)
        found.append(_bounded(f"`partnership {word}`, cold", median(seconds) if seconds else None, most, " s"))
    return found


# Sections


def rivals_section(results: Results) -> list[str]:
    """Runs per second of each rival, and how many times as many ours does with as many workers."""
    rows, notes = [], []
    for key, name in RIVALS.items():
        found = results.get(key, {})
        if "missing" in found:
            notes.append(f"- {name}: not measured, {found['missing']} is not installed.")
        for one in timed_runs(found):
            cells = [f"{one['runs']:,}", str(workers_of(one)), *figures(one["seconds"])]
            cells += [short(rate(one)), short(rate_of_many(one))]
            rows.append([name, *cells, *_times(results, one)])
    if not rows:
        return notes
    head = ("", "runs", "workers", "min s", "median s", "spread s", "runs per s", "of many", "ours saved", "ours whole")
    return [
        *table(head, rows),
        "",
        "Runs per second as measured, and of many runs: without what is spent once, by the difference to half as many. "
        f"The last two columns: how many times as many ours does at {COMPARED:,} runs with as many workers, until all "
        "is simulated and saved (from the start of the program), and until the whole command with answer and figures "
        "has ended. Rivals keep their results in memory.",
        *(["", *notes] if notes else []),
        "",
        "![Seconds by number of runs](pictures/speed.png)",
    ]


def _times(results: Results, rival: Mapping[str, Any]) -> list[str]:
    ours = compared(results, workers_of(rival))
    if ours is None:
        return ["–", "–"]
    return [f"{short(_ratio(results, rival))} ×", f"{short(rate(ours) / rate_of_many(rival))} ×"]


def command_section(results: Results) -> list[str]:
    """`partnership run` by runs and workers."""
    found = results.get("ours")
    if not found:
        return []
    head = (
        "runs", "workers", "recorded", "min s", "median s", "spread s", "first result s", "saved s", "runs per s",
        "peak MB", "on disk MB",
    )  # fmt: skip
    rows = [
        [
            f"{one['runs']:,}", str(one["workers"]), one["record"], *figures(one["seconds"]),
            short(median(one["first"]["seconds"])), short(median(one["simulated"]["seconds"])),
            short(rate(one, one["simulated"]["seconds"])), short(max(one["peak_mb"])), short(one["disk_mb"]),
        ]
        for one in [*found["command"], *found["summary"]]
    ]  # fmt: skip
    return [
        *table(head, rows),
        "",
        "From the start of the program: until the end with answer and figures, until the first block was saved "
        "(median), until the last one was; runs per second until then. Peak: of the largest process. "
        f"Up to {WIDTH:,} runs are one block, which one process plays however many are offered.",
    ]


def alone_section(results: Results) -> list[str]:
    """The model in one process, nothing saved."""
    found = results.get("ours")
    if not found:
        return []
    head = ("runs", "min s", "median s", "spread s", "runs per s", "peak MB")
    return table(
        head,
        (
            [f"{one['runs']:,}", *figures(one["seconds"]), short(rate(one)), short(max(one["peak_mb"]))]
            for one in found["model"]
        ),
    )


def phases_section(results: Results) -> list[str]:
    """Where the time of a block goes."""
    found = results.get("ours")
    if not found:
        return []
    block = _usual_block(found["blocks"])
    parts = {name: micro(one["seconds"], block["runs"]) for name, one in block["phases"].items()}
    everything = sum(parts.values())
    rows = [[f"`{name}`" if name.isidentifier() else name, short(cost), f"{100 * cost / everything:.0f} %"]
            for name, cost in parts.items()]  # fmt: skip
    rows += [["all", short(everything), "100 %"]]
    return [f"One block of {block['runs']:,}, whole horizon, usual tables, median of the rounds.", "",
            *table(("", "microseconds per run", "share"), rows)]  # fmt: skip


def _usual_block(blocks: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The block as wide as the command makes them, or the widest below."""
    return max((one for one in blocks if one["width"] <= WIDTH), key=lambda one: one["width"])


def blocks_section(results: Results) -> list[str]:
    """Speed and memory by the width of a block."""
    found = results.get("ours")
    if not found:
        return []
    rows = []
    for one in found["blocks"]:
        more = [peak - rest for peak, rest in zip(one["peak_mb"], one["rest_mb"], strict=True)]
        rows.append([f"{one['width']:,}", *figures(one["seconds"]), short(micro(one["seconds"], one["runs"])),
                     short(median(more)), short(1000 * median(more) / one["width"])])  # fmt: skip
    head = ("width", "min s", "median s", "spread s", "µs per run", "MB above rest", "kB per history")
    return table(head, rows)


def floor_section(results: Results) -> list[str]:
    """Chance alone, and what costs most against the compiled kernel."""
    floor = results.get("floor")
    if not floor:
        return []
    runs, whole = floor["runs"], median(floor["model"]["seconds"])
    compiled = floor.get("compiled", {})

    def row(name: str, ours: Sequence[float], theirs: Sequence[float] | None) -> list[str]:
        fast = ["–", "–"] if theirs is None else [
            short(micro(theirs, runs)), f"{median(ours) / median(theirs):.1f} ×"
        ]  # fmt: skip
        return [name, *(short(1e6 * one / runs) for one in (min(ours), median(ours), max(ours) - min(ours))),
                f"{100 * median(ours) / whole:.0f} %", *fast]  # fmt: skip

    draws = floor.get("compiled draws", {}).get("seconds")
    rows = [row(f"random draws, {floor['names']} names drawn for every run", floor["draws"]["seconds"], draws)]
    for name, ours in floor["covered"].items():
        theirs = compiled.get(name, {}).get("seconds")
        rows.append(row(COVERED.get(name, name), ours["seconds"], theirs))
    if compiled:
        sums = [[sum(each) for each in zip(*(one["seconds"] for one in kind.values()), strict=True)]
                for kind in (floor["covered"], compiled)]  # fmt: skip
        rows.append(row("all that the kernel covers", *sums))
    head = ("", "min µs per run", "median", "spread", "of the model", "compiled kernel", "ours over it")
    note = "" if compiled else " The kernel was not measured: numba is not installed."
    return [
        f"One block of {runs:,}, {floor['quarters']} quarters, one thread; the model takes "
        f"{short(micro(floor['model']['seconds'], runs))} microseconds per run.{note}",
        "",
        *table(head, rows),
    ]


def growth_section(results: Results) -> list[str]:
    """Exponents."""
    rows = []
    for name, grown in results.get("scaling", {}).items():
        b, error = grown["exponent"]["b"], grown["exponent"]["standard_error"]
        sizes = ", ".join(f"{one['size']:,}: {short(median(one['seconds']))} s" for one in grown["sizes"])
        rows.append([name, sizes, f"{b:.2f}", "–" if error is None else f"{error:.2f}"])
    return table(("", "median seconds of a block", "exponent", "standard error"), rows) if rows else []


def cold_section(results: Results) -> list[str]:
    """Fresh processes."""
    rows = [[f"`{name}`", *figures(one["seconds"])] for name, one in results.get("cold", {}).items()]
    return table(("", "min s", "median s", "spread s"), rows) if rows else []


# The picture


@styled
def draw_speed(results: Results) -> Figure:
    """Seconds against runs, both in logarithms: ours, and the rivals from where they were measured."""
    figure = sheet(
        4.6,
        "Seconds until so many histories are there",
        f"outlook, 58 quarters; {results['machine']['processor']}, {results['machine']['cores']} cores; medians. Thin "
        f"lines carry the rivals on from where they were measured (marks), at their cost of one more run.",
    )
    figure.set_layout_engine("none")
    axes = axes_at(figure, 0.9, 0.45, 4.05, 3.0)
    for workers, style in ((1, "-"), (2, "--")):
        ours = commands(results, workers)
        _line(axes, ours, f"the whole command,\n{_workers(workers)}", OPERATIONAL, style, "o")
    _line(axes, results.get("ours", {}).get("model", []), "the model alone", INK, ":", "s")
    for (key, name), mark in zip(RIVALS.items(), "^vD", strict=True):
        for one in timed_runs(results.get(key)):
            if workers_of(one) <= 1:
                _rival(axes, one, name, mark)
    axes.set(xscale="log", yscale="log", xlabel="runs", ylabel="seconds")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter(lambda seconds, _: f"{seconds:,.10g}")
    axes.grid(color=FAINT, linewidth=0.6)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), handlelength=2.6, borderaxespad=0.0)
    return figure


def _line(axes: Axes, found: Sequence[Mapping[str, Any]], name: str, colour: str, style: str, mark: str) -> None:
    if found:
        x, y = [one["runs"] for one in found], [median(one["seconds"]) for one in found]
        axes.plot(x, y, style, color=colour, marker=mark, markersize=4, linewidth=1.6, label=name)


def _rival(axes: Axes, one: Mapping[str, Any], name: str, mark: str) -> None:
    runs, seconds = one["runs"], median(one["seconds"])
    most, label = max(runs, 100_000), name.replace(", ", ",\n")
    axes.plot([runs], [seconds], mark, color=DECLARED_LINE, markersize=6, markeredgecolor=INK, label=label)
    further = np.geomspace(runs, most)
    axes.plot(further, seconds + (further - runs) / rate_of_many(one), color=SOFT, linewidth=0.8, zorder=1)
