"""Tables stand in the order of the catalogue, and vetoes are booked on those who cast them."""

from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pytest

from agents.institutions.council import TOPICS
from agents.portable import total
from config import NEVER, PARTNERS, resolve
from simulation.instruments import NEGOTIATING
from simulation.model import PartnershipModel
from tests.simulation.phases import CASES, SEED, R, lived

QUARTERS = 24
HURRIED = {**CASES[-1][2], "council.acceptance": 0.6, "business.tolerance": 0.9}
RECORD = ("transitions", "limits", "vetoes")

Cast = Counter[tuple[int, int, str, str]]


@cache
def played() -> tuple[PartnershipModel, Cast]:
    """Six years in which much is blocked, and who could stop what: run, quarter, subject, actor."""
    start = resolve("outlook", "none").start
    settings = resolve("outlook", "none", HURRIED, until=start + QUARTERS - 1)
    model, cast = PartnershipModel(settings, range(R), SEED, RECORD), Counter[tuple[int, int, str, str]]()

    def look() -> list[tuple[int, str, int]]:
        """Run, instrument and voter where one voter alone keeps ripe talks below what is worth signing."""
        found = []
        ripe, terms = model.negotiation.ripe(), model.negotiation.terms
        for k, one in enumerate(model.settings.instruments):
            if one.rule == "R0" or not model.council.is_unanimous(one):
                continue
            level, bounds = model.council.passes(k, one, np.arange(R))
            for run in np.flatnonzero((model.partnership.file[k] == NEGOTIATING) & ripe[k]).tolist():
                least = float(terms.least[k, run])
                if min(float(terms.draft[k, run]), float(level[run]) / one.ambition) < least:
                    goes = (bounds.accept if one.rule == "R7" else bounds.veto)[:, run]
                    stops = [
                        row
                        for row, far in zip(model.council.voters(one).rows, goes, strict=True)
                        if far < least * one.ambition
                    ]
                    found += [(run, one.slug, int(row)) for row in stops]
        return found

    codes = [one.iso3 for one in settings.members]
    for found in lived(model, "negotiate", look):
        cast.update((run, model.quarter, slug, codes[row]) for run, slug, row in found)
        for topic in model.council.agenda:
            for place, run in np.argwhere(topic.opposed & topic.vetoed).tolist():
                cast[run, model.quarter, topic.name, codes[topic.rows[place]]] += 1
    return model, cast


def rows(name: str, *columns: str) -> list[tuple[Any, ...]]:
    table = played()[0].tables()[name]
    return list(zip(*(table[column].tolist() for column in columns), strict=True))


def test_vetoes_are_those_of_the_states_that_cast_them() -> None:
    found, cast = Counter(rows("vetoes", "run", "quarter", "subject", "actor")), played()[1]
    assert found == cast and max(found.values()) == 1
    slugs = {one.slug for one in played()[0].settings.instruments}
    assert sum(subject in slugs for _, _, subject, _ in found) > 10
    assert sum(subject in TOPICS for _, _, subject, _ in found) > 10


def test_rows_stand_in_the_order_of_runs_quarters_and_the_catalogue() -> None:
    """Instruments of the Union, then rungs partner by partner; vetoes on files, then on other business."""
    settings = played()[0].settings
    catalogue = [one.slug for one in settings.instruments]
    order = [("EU", slug) for slug in catalogue] + [(iso, one.slug) for iso in PARTNERS for one in settings.rungs]
    for name in ("transitions", "limits"):
        keys = [
            (run, q, order.index((partner, slug)))
            for run, q, partner, slug in rows(name, "run", "quarter", "partner", "instrument")
        ]
        assert keys == sorted(keys) and len({key[2] for key in keys}) > 20, name
    subjects = [*catalogue, *TOPICS]
    votes = [(run, q, subjects.index(subject)) for run, q, subject in rows("vetoes", "run", "quarter", "subject")]
    assert votes == sorted(votes)


def test_what_is_switched_off_is_no_part_of_depth_by_equal_weights() -> None:
    settings = resolve("outlook", "none")
    kept, off = settings.instruments[:-1], settings.instruments[-1].model_copy(update={"opens": NEVER})
    switched = settings.model_copy(update={"instruments": (*kept, off), "until": settings.start})
    model = PartnershipModel(switched, range(R), SEED, record=("trajectories",))
    model.run()
    carried_out = model.partnership.operational[: len(kept)]
    found = model.tables()["trajectories"]["operational_depth_equal"]
    np.testing.assert_array_equal(found, total(carried_out) / len(kept))
    assert (found > total(model.partnership.operational) / len(settings.instruments)).all()


def test_regimes_of_runs_begin_at_their_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    depths = (0.0, float(np.nextafter(0.25, 0)), 0.25, float(np.nextafter(0.6, 0)), 0.6, 1.0)
    model = PartnershipModel(resolve("outlook", "none"), range(len(depths)), SEED, record=())
    monkeypatch.setattr(model.partnership, "operational_depth", np.array(depths))
    found = model.tables()["runs"]
    assert found["regime"].tolist() == ["symbolic"] * 2 + ["functional"] * 2 + ["strategic"] * 2
