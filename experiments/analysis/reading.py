"""From a folder of results to its findings: the tables of the store beside the settings that they came from."""

from experiments.analysis.findings import Findings, world
from experiments.analysis.made import Numbered, Tables
from experiments.files import Place
from experiments.store import Results, load


def findings(results: Results | Place | str) -> Findings:
    """What one folder of results has to say; nothing is computed before it is asked for.

    A scenario's start is read under the first policy: policies do not touch it.
    """
    loaded = results if isinstance(results, Results) else load(results)
    experiment = loaded.experiment
    worlds = {name: world(loaded.settings(name, experiment.policies[0]), name) for name in experiment.scenarios}
    return Findings(experiment.question, tuple(experiment.policies), worlds, *numbered(loaded))


def numbered(loaded: Results) -> tuple[Tables, int | None]:
    """Results in which every history has a number of its own, and how many runs each point of a design has."""
    if loaded.experiment.design is None:
        return loaded, None
    return Numbered(loaded, loaded.experiment.runs), loaded.experiment.runs
