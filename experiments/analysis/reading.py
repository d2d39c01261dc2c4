"""From a folder of results to its findings: the tables of the store beside the settings that they came from."""

from pathlib import Path

from config.errors import UserError
from config.loading import resolve
from experiments.analysis.findings import Findings, World, world
from experiments.store import Results, load


def findings(results: Results | Path | str) -> Findings:
    """What one folder of results has to say; nothing is computed before it is asked for."""
    loaded = results if isinstance(results, Results) else load(results)
    experiment = loaded.experiment
    worlds = {scenario: _world(loaded, scenario) for scenario in experiment.scenarios}
    return Findings(experiment.question, tuple(experiment.policies), worlds, loaded)


def _world(results: Results, scenario: str) -> World:
    """Settings of a scenario under the first policy; policies do not touch the start."""
    experiment = results.experiment
    try:
        settings = resolve(
            scenario, experiment.policies[0], experiment.set, until=experiment.until, folder=experiment.folder
        )
    except UserError as fault:
        raise UserError(
            f"can no longer be told where it started ({fault})", file=str(results.folder), key=scenario,
            allowed="scenarios and policies where they were when it was run",
        ) from fault  # fmt: skip
    return world(settings, scenario)
