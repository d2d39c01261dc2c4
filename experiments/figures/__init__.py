"""Pictures of what the analysis returns; nothing is computed here."""

import logging
import re
from collections.abc import Iterator

from matplotlib.figure import Figure

from experiments.analysis.combining import outermost
from experiments.analysis.findings import LEVER_MEASURE, Findings
from experiments.figures.break_even import break_even
from experiments.figures.depth import depth
from experiments.figures.effects import effects
from experiments.figures.limits import limits
from experiments.figures.style import save
from experiments.figures.tile_map import tile_map
from experiments.figures.timeline import bilateral, timeline
from experiments.figures.vetoes import vetoes
from experiments.files import Place, place

log = logging.getLogger(__name__)

FOLDER = "figures"
MOST = 6
"""Policies whose depths have room in a picture; of more, combinations that are part of others are left out."""


def draw_all(results_dir: Place | str) -> list[Place]:
    """Draw every figure that the recorded tables allow into the results' own folder; the files in order of reading."""
    from experiments.analysis.reading import findings

    return draw(findings(results_dir), place(results_dir) / FOLDER)


def draw(found: Findings, folder: Place) -> list[Place]:
    """Draw every figure of these findings as PNG and SVG; the names end in that of the scenario."""
    return [file for stem, figure in pictures(found) for file in save(figure, folder, stem)]


def pictures(found: Findings) -> Iterator[tuple[str, Figure]]:
    """Name and figure, scenario by scenario. What was not recorded is left out, and the log says what it needs."""
    for scenario in found.worlds:
        for name, figure in _pictures(found, scenario):
            yield f"{name}_{re.sub(r'[^A-Za-z0-9+_-]', '-', scenario)}", figure


def _pictures(found: Findings, scenario: str) -> Iterator[tuple[str, Figure]]:
    base, world = found.baseline, found.worlds[scenario]
    made = found.well(scenario, base).all
    if found.has("trajectories") or found.has("summary"):
        bands = found.bands
        shown = found.policies if len(found.policies) <= MOST else outermost(found.policies)
        bands = bands[(bands["scenario"] == scenario) & bands["policy"].isin(shown)]
        yield "depth", depth(bands, scenario, base, made)
    else:
        log.info('no picture of depth: it needs record = ["trajectories"]')
    changed = found.effects[found.effects["scenario"] == scenario]
    if found.has("trajectories") and len(changed):
        yield "effects", effects(changed, scenario, base, world.last, made)
        evens = found.break_evens
        evens = evens[evens["scenario"] == scenario]
        if len(evens):
            yield "break_even", break_even(found.curves(scenario), evens, scenario, LEVER_MEASURE, made)
    if found.has("transitions"):
        shares = found.shares
        shares = shares[(shares["scenario"] == scenario) & (shares["policy"] == base)]
        yield "timeline", timeline(shares, world, base, made)
        yield "bilateral", bilateral(shares, world, base, made)
    else:
        log.info('no timeline: it needs record = ["transitions"]')
    positions = found.positions[found.positions["scenario"] == scenario]
    if len(positions):
        yield "tile_map", tile_map(positions, scenario, made)
    else:
        log.info('no map of member states: it needs record = [.., "actors"]')
    if found.has("limits") and found.has("transitions"):
        yield "limits", limits(found.held_back(scenario, base), world, base, found.run_count(scenario, base), made=made)
    else:
        log.info('no picture of limits: it needs record = ["transitions", "limits"]')
    if found.has("vetoes"):
        yield "vetoes", vetoes(found.vetoes(scenario, base), world, base, found.run_count(scenario, base), made)
    else:
        log.info('no picture of vetoes: it needs record = ["vetoes"]')
