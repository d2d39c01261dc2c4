"""The command line. What a command needs is imported when it runs, so that help is there at once."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from experiments.files import Place
    from experiments.running import Outcome, Progress

INTERRUPTED = 130

OVERVIEW = """How may the security partnership of the European Union and Japan go, and what would move it?

\b
partnership run EXPERIMENT          simulate, answer, draw; goes on where it was interrupted
    --runs N                        runs per scenario and policy
    --seed N                        other luck
    --until QUARTER                 last quarter, such as 2035Q4
    --set KEY=VALUE                 another value, as attention.link=0.8; repeat at will
    --status FILE                   what has happened since the start: forecasts go on from there
    --prior                         calibrated parameters from their ranges, not from the posterior
    --workers N                     processes; the results are the same (default: all cores)
    --cluster ADDRESS               a Dask cluster, tcp://HOST:PORT, or local:4 for four processes here
    --out DIR                       where results go (default: results/EXPERIMENT), also s3://bucket
    --profile                       time per run and phase
partnership check FILE...           is this configuration right? Nothing is run
partnership show KIND NAME          one scenario, policy, parameter, instrument or actor
partnership show council            voting power in the Council; --date 2024-01-01, --rule R4, --every
partnership show limits RESULTS     why not deeper? What binds, and who; --scenario, --policy, --instrument
partnership show vetoes RESULTS     who stops what in the Council, beside the record; --scenario, --policy
partnership show state RESULTS      what one state wants, stops, holds up, what moves it: --actor HUN
partnership report RESULTS          the whole answer as one page of HTML; --out FILE
partnership compare A B             what two folders of results differ in: question, code, run by run
partnership replay RESULTS          the story of one run: --run N, --typical or --extreme; --actor HUN,
    --instrument csdp_fpa           --scenario, --policy, --point N, --format text|markdown|json
partnership calibrate               weigh uncertain parameters by the record; --runs, --save, --out DIR
partnership hindcast                forecast the past and score it; --runs, --page FILE, --out DIR
partnership list [KIND]             names: scenarios policies experiments instruments parameters actors

\b
Experiments come by name (config/experiments/) or as a file.
Examples:
    partnership run smoke
    partnership run remedies --runs 200 --set attention.link=0.8 --out results/one_theatre

\b
Exit status: 0 done, 1 a fault of ours, 2 something in the input is wrong, 130 interrupted.
"""

app = typer.Typer(
    name="partnership",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"max_content_width": 110, "help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run a command and leave with its exit status; a user's mistake is one message without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # an old console shows "?" for what it cannot write, and goes on
            stream.reconfigure(errors="replace")
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except SystemExit as leaving:
        if isinstance(leaving.__context__, BrokenPipeError):  # the reader has seen enough: partnership list | head
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        raise
    except Exception as error:
        from config.errors import UserError
        from experiments.files import is_full, no_room

        if is_full(error):
            error = no_room(Path(getattr(error, "filename", None) or "."))
        if not isinstance(error, UserError):
            raise
        print(f"partnership: {error}", file=sys.stderr)
        sys.exit(2)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"partnership {version('eu-japan-partnership-sim')}")
        raise typer.Exit


def _whole(option: str, least: int) -> Callable[[str], int]:
    """Reads a whole number given to an option."""

    def whole(text: str) -> int:
        from config.errors import UserError

        try:
            number = int(text)
        except ValueError:
            raise UserError("is not a whole number", key=option, value=text, allowed=f"{least} or more") from None
        if number < least:
            raise UserError("is out of range", key=option, value=text, allowed=f"{least} or more",
                            suggestion=f"the nearest is {least}")  # fmt: skip
        return number

    return whole


@app.callback(help=OVERVIEW, options_metavar="", subcommand_metavar="COMMAND ...")
def partnership(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version


Experiment = Annotated[str, typer.Argument(metavar="EXPERIMENT", help="Name of a shipped one, or a TOML file.")]
Runs = Annotated[
    int | None, typer.Option(parser=_whole("--runs", 1), metavar="N", help="Runs per scenario and policy.")
]
Seed = Annotated[int | None, typer.Option(parser=_whole("--seed", 0), metavar="N", help="Seed of all chance.")]
Until = Annotated[str | None, typer.Option(metavar="QUARTER", help="Last quarter, such as 2035Q4.")]
Sets = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Another value; repeat at will.")]
Status = Annotated[Path | None, typer.Option(metavar="FILE", help="What has happened since the start, a TOML file.")]
Prior = Annotated[bool, typer.Option("--prior", help="Draw calibrated parameters from their ranges.")]
Workers = Annotated[int | None, typer.Option(parser=_whole("--workers", 1), metavar="N", help="Default: all cores.")]
Cluster = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Dask cluster, tcp://HOST:PORT or local:N.")]
Out = Annotated[
    str | None, typer.Option(metavar="DIR", help="Folder of results, s3://... too (default: results/EXPERIMENT).")
]
Profile = Annotated[bool, typer.Option("--profile", help="Print the time per run and phase.")]


@app.command(hidden=True)
def run(
    experiment: Experiment,
    runs: Runs = None,
    seed: Seed = None,
    until: Until = None,
    sets: Sets = None,
    status: Status = None,
    prior: Prior = False,
    workers: Workers = None,
    cluster: Cluster = None,
    out: Out = None,
    profile: Profile = False,
) -> None:
    """Simulate an experiment, print its answer and draw its figures."""
    from config.errors import UserError
    from config.loading import load_experiment
    from experiments.files import place
    from experiments.running import run_experiment

    if workers is not None and cluster is not None:
        raise UserError("cannot stand beside --cluster", key="--workers", value=str(workers), allowed="one of the two",
                        suggestion="a cluster has as many workers as were started")  # fmt: skip
    question = load_experiment(experiment, sets or (), runs, seed, until, status, prior)
    if out == "":
        raise UserError("is empty", key="--out", allowed="a folder", suggestion="leave it out for results/EXPERIMENT")
    folder = place(out) if out is not None else Path("results") / question.name
    try:
        with _progress_bar() as progress:
            outcome = run_experiment(question, folder, workers=workers, cluster=cluster, progress=progress)
        for block in outcome.mended:
            print(f"partnership: {block} was torn or changed and was done again", file=sys.stderr)
        if profile:
            _print_profile(outcome)
        _answer(folder, question.analyses)
    except KeyboardInterrupt:
        print(f"partnership: interrupted; finished blocks are kept in {folder}, the same command goes on with them",
              file=sys.stderr)  # fmt: skip
        raise typer.Exit(INTERRUPTED) from None


def _answer(folder: "Place", analyses: "Sequence[str]") -> None:
    """Print the answer and draw the figures, as far as the tables that were kept allow, then those of the analyses.

    Points of a design are no sample of what may come: what is asked of them is for the analyses to say.
    """
    from experiments.analysis.reading import findings
    from experiments.asked import ask, keep
    from experiments.figures import FOLDER, draw
    from experiments.report import console, tell, tell_analysis, tell_question
    from experiments.store import load

    results, figures, out = load(folder), list["Place"](), console()
    found = findings(results)
    if not analyses or results.experiment.design is None:
        tell(found, out)
        figures += draw(found, folder / FOLDER)
    else:
        tell_question(results, out)
    for one in ask(results, analyses):
        tell_analysis(one, found, out)
        figures += keep(one)
    print(f"Results: {folder}")
    print(f"Figures: {folder / 'figures'} ({len(figures)} files)")


def _print_profile(outcome: "Outcome") -> None:
    """Microseconds per run and phase, summed over processes; the clock beside it."""
    if not outcome.simulated:
        print("Nothing was simulated: all runs were there.")
        return
    print(f"Microseconds per run, {outcome.simulated} runs in {outcome.seconds:.2f} s:")
    phases = {**outcome.phases, "all phases": sum(outcome.phases.values())}
    for phase, seconds in phases.items():
        print(f"  {phase:<28} {1e6 * seconds / outcome.simulated:10.1f}")


@contextmanager
def _progress_bar(what: str = "runs") -> "Iterator[Callable[[Progress], None]]":
    """Shows runs done, runs per second and time left; nothing where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    text = TextColumn("{task.fields[rate]}")
    with Bar(TextColumn(what), BarColumn(), MofNCompleteColumn(), text, console=Console(stderr=True)) as bar:
        task = bar.add_task("", rate="")

        def show(progress: "Progress") -> None:
            left = progress.seconds_left
            rate = "" if left is None else f"{progress.runs_per_second:,.0f} runs/s, {_clock(left)} left"
            bar.update(task, completed=progress.done, total=progress.total, rate=rate)

        yield show


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds as "1:02:03", or "2:03" below an hour."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


@app.command(hidden=True)
def check(files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Configuration files.")]) -> None:
    """Say whether configuration files are right, without running anything."""
    from config.loading import check_file

    for file in files:
        print(f"{file}: {check_file(file)}")


@app.command(hidden=True)
def show(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND", help="scenario, policy, parameter, instrument, actor; council; limits; vetoes; state"
        ),
    ],
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="As `partnership list` has it.")] = None,
    date: Annotated[str | None, typer.Option(metavar="DAY", help="council: on which day, as 2024-01-01.")] = None,
    rule: Annotated[str | None, typer.Option(metavar="RULE", help="council: R1 to R9 (default: R4).")] = None,
    every: Annotated[bool, typer.Option("--every", help="council: ask the model about all coalitions, 30 s.")] = False,
    scenario: Annotated[str | None, typer.Option(metavar="S", help="limits, vetoes, state: of this one.")] = None,
    policy: Annotated[
        str | None, typer.Option(metavar="P", help="limits, vetoes, state: of this (default: none).")
    ] = None,
    instrument: Annotated[str | None, typer.Option(metavar="SLUG", help="limits: of this one (default: all).")] = None,
    actor: Annotated[str | None, typer.Option(metavar="ISO3", help="state: which one, as HUN.")] = None,
) -> None:
    """Show one scenario, policy, parameter, instrument or actor, voting power, what binds, who stops what, a state."""
    from config.errors import UserError

    if kind == "state" and (name is None or actor is None):
        raise UserError("needs a folder of results and a state", key="show", value=kind,
                        allowed="show state RESULTS --actor HUN",
                        suggestion="partnership run member_state makes such results")  # fmt: skip
    if actor is not None and kind != "state":
        raise UserError("has no --actor", key="show", value=kind, allowed="show state RESULTS --actor HUN")
    if kind in ("limits", "vetoes", "state") and date is None and rule is None and not every:
        if name is None:
            raise UserError("needs a folder of results", key="show", value=kind, allowed=f"show {kind} RESULTS")
        _show_results(kind, name, scenario, policy, instrument, actor or "")
        return
    if scenario is not None or policy is not None or instrument is not None:
        raise UserError("has neither --scenario, --policy nor --instrument", key="show", value=kind,
                        allowed="show limits RESULTS --scenario S --policy P --instrument SLUG")  # fmt: skip
    if kind == "council":
        from experiments.voting_power import page

        if name is not None:
            raise UserError("is not needed: there is one Council", key="show council", value=name,
                            allowed="--date DAY, --rule RULE", suggestion=f"did you mean --date {name}?")  # fmt: skip
        print(page(date, "R4" if rule is None else rule, every))
        return
    if date is not None or rule is not None or every:
        raise UserError(
            "has neither date nor rule", key="show", value=kind, allowed="show council --date DAY --rule RULE"
        )
    from experiments.catalogue import KINDS, describe

    if name is None and kind in KINDS:
        raise UserError("needs a name", key="show", value=kind, allowed="show KIND NAME, or show council",
                        suggestion="partnership list has the names")  # fmt: skip
    print(describe(kind, name or ""))


def _show_results(
    kind: str, folder: str, scenario: str | None, policy: str | None, instrument: str | None, actor: str
) -> None:
    """What binds, who stops what, or what a state wants, in a folder of results."""
    if kind == "limits":
        from experiments.show_limits import show_limits

        show_limits(folder, scenario, policy, instrument)
        return
    from config.errors import UserError
    from experiments.show_vetoes import show_vetoes

    if instrument is not None:
        raise UserError("has no --instrument", key="show", value=kind,
                        allowed=f"show {kind} RESULTS --scenario S --policy P")  # fmt: skip
    if kind == "state":
        from experiments.show_member_state import show_member_state

        show_member_state(folder, actor, scenario, policy)
        return
    show_vetoes(folder, scenario, policy)


@app.command(hidden=True)
def replay(
    results: Annotated[str, typer.Argument(metavar="RESULTS", help="Folder of results.")],
    run: Annotated[int | None, typer.Option(parser=_whole("--run", 0), metavar="N", help="Number of the run.")] = None,
    point: Annotated[
        int | None, typer.Option(parser=_whole("--point", 0), metavar="N", help="Point of the design, if it has one.")
    ] = None,
    typical: Annotated[bool, typer.Option("--typical", help="The run nearest to the median path.")] = False,
    extreme: Annotated[bool, typer.Option("--extreme", help="The run furthest from the median path.")] = False,
    scenario: Annotated[str | None, typer.Option(metavar="NAME", help="Default: the first of the results.")] = None,
    policy: Annotated[str | None, typer.Option(metavar="NAME", help="Default: the first of the results.")] = None,
    actor: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only what concerns it, as HUN.")] = None,
    instrument: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this, as csdp_fpa.")] = None,
    style: Annotated[str, typer.Option("--format", metavar="NAME", help="text, markdown or json.")] = "text",
) -> None:
    """Play one run of saved results again and tell its story."""
    from experiments.replay import Choice
    from experiments.replay import replay as told

    print(told(results, Choice(run, typical, extreme, point), scenario=scenario, policy=policy, actors=actor or (),
               instruments=instrument or (), style=style))  # fmt: skip


@app.command(hidden=True)
def report(
    results: Annotated[str, typer.Argument(metavar="RESULTS", help="Folder of results.")],
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="The page (default: RESULTS/report.html), s3://... too.")
    ] = None,
) -> None:
    """Write everything that saved results say as one page of HTML, which needs no other file."""
    from experiments.page import write_page

    print(f"Report: {write_page(results, out)}")


@app.command(hidden=True)
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="Folder of results.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
) -> None:
    """Say what two folders of results differ in: what was asked and assumed, by what, and what came out."""
    from experiments.comparing import show_comparison

    show_comparison(a, b)


@app.command(hidden=True)
def calibrate(
    runs: Annotated[
        int | None, typer.Option(parser=_whole("--runs", 1000), metavar="N", help="Histories in all.")
    ] = None,
    seed: Seed = None,
    save: Annotated[bool, typer.Option("--save", help="Put the posterior into config/, for every experiment.")] = False,
    workers: Workers = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of draws.")] = Path("results/calibration"),
) -> None:
    """Calibrate the parameters that config/calibration.toml names against the record."""
    from experiments.calibrating import calibrate as found_by
    from experiments.calibrating import keep, plan_of

    plan = plan_of().resized(runs, seed)
    with _progress_bar("histories") as progress:
        sample = found_by(plan, out, workers=workers, progress=progress)
    print(keep(sample, plan, out, save))


@app.command(hidden=True)
def hindcast(
    runs: Annotated[int, typer.Option(parser=_whole("--runs", 20), metavar="N", help="Runs from each origin.")] = 2048,
    calibration: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Draws of `partnership calibrate`, to leave fields out.")
    ] = None,
    page: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the page of docs/validation.md.")] = None,
    workers: Workers = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of results.")] = Path("results/hindcast"),
) -> None:
    """Forecast the past from five origins, score the forecasts, compare patterns with the record."""
    from experiments.calibrating import plan_in, plan_of, sample_in
    from experiments.validating import check_page, told, validate

    if page is not None:
        check_page(page)
    plan = plan_of() if calibration is None else plan_in(calibration)
    sample = None if calibration is None else sample_in(plan, calibration)
    with _progress_bar() as progress:
        validate(out, plan, sample, runs, workers=workers, progress=progress)
    print(told(out, plan, page))


@app.command("list", hidden=True)
def list_(
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="Of which kind; all without it.")] = None,
) -> None:
    """List the names of scenarios, policies, experiments, instruments, parameters or actors."""
    from experiments.catalogue import listing

    print(listing(kind))
