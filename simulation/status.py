"""What is known to have happened: until a quarter the record decides, not chance (docs/ODD.md, 6.13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.rules.types import Floats, Mask, Whole
from config import PARTNERS, KnownStage
from simulation.instruments import NEGOTIATING, NO_FILE

if TYPE_CHECKING:
    from simulation.model import PartnershipModel

EU = "EU"
NEVER_BEFORE = -1


class StatusNow:
    """What the status of the settings says of this quarter: which files it holds, and what becomes of them.

    A file that is held moves when the status says so and not otherwise. Deepening is never held.
    """

    def __init__(self, model: PartnershipModel) -> None:
        self.model = model
        self.status = model.settings.status
        self._last: dict[str, int] = {}
        for one in self.status.stages if self.status else ():
            self._last[one.file] = max(one.quarter, self._last.get(one.file, -1))
        self._slugs = [one.slug for one in model.settings.instruments]
        self._rungs = [one.slug for one in model.settings.rungs]
        self._due: list[KnownStage] = []
        self._holding: frozenset[str] = frozenset()
        self.active = False

    def turn(self) -> None:
        """Look up what is known of this quarter."""
        quarter = self.model.quarter
        self.active = self.status is not None and quarter <= self.status.until
        before, self._holding = self._holding, frozenset(slug for slug in self._slugs if self.holds(slug))
        self.model.beliefs.release(before - self._holding)
        if self.status is None or not self.active:
            return
        self._due = [one for one in self.status.stages if one.quarter == quarter]
        self.held: Mask = np.array([[self.holds(slug)] for slug in self._slugs])
        self.rungs_held: Mask = np.array([[[self.holds(f"{iso}/{slug}")] for slug in self._rungs] for iso in PARTNERS])

    def holds(self, file: str) -> bool:
        """Whether the status tells all about a file, "csdp_fpa" or "FRA/raa", in this quarter."""
        if self.status is None or not self.active:
            return False
        return file not in self.status.open or self.model.quarter <= self._last.get(file, NEVER_BEFORE)

    def due(self, *stages: str) -> Mask:
        """Which EU-level instruments reach one of these stages in this quarter, (K, 1)."""
        slugs = {one.instrument for one in self._due if one.partner == EU and one.stage in stages}
        return np.array([[slug in slugs] for slug in self._slugs])

    def rungs_due(self, stage: str) -> Mask:
        """Which rungs reach a stage in this quarter, (P, rungs, 1)."""
        files = {one.file for one in self._due if one.stage == stage}
        return np.array([[[f"{iso}/{slug}" in files] for slug in self._rungs] for iso in PARTNERS])

    # Files at EU level

    def first_files(self) -> Mask:
        """Files on instruments not in force of which all is known, begun or not, (K, R): chance moves none of them."""
        in_force = self.model.partnership.in_force
        return self.held & ~in_force if self.active else np.zeros_like(in_force)

    def opening(self, mandated: Mask, granted: Mask, opened: Mask) -> tuple[Mask, Mask, Mask]:
        """Who gets a mandate, who a place at the table, and whose file is new: as known where it is, (K, R) each."""
        if not self.active:
            return mandated, granted, opened
        at, first = self.model.partnership, self.first_files()
        concluding = self.due("signed") | (self.due("in_force") & ~at.with_mandate)
        talks = (self.due("negotiating") | concluding) & (at.file != NEGOTIATING)
        mandate = self.due("mandated") & (at.file == NO_FILE)
        return (
            np.where(first, mandate & ~talks, mandated),
            np.where(first, talks, granted),
            np.where(first, (mandate | talks) & (at.file == NO_FILE), opened),
        )

    def concluding(self, k: int, lanes: Whole, agreed: Floats, least: Floats, concluded: Mask) -> tuple[Floats, Mask]:
        """Depth agreed and whether a file is concluded, (lanes,) each: as known, and then at least worth signing."""
        if not self._holds_file(k):
            return agreed, concluded
        first = ~self.model.partnership.in_force[k, lanes]
        with_mandate = self.model.partnership.with_mandate[k, 0]
        stage = "signed" if with_mandate else "in_force"
        due, given = bool(self.due(stage)[k, 0]), self._depth(k, stage)
        depth = np.maximum(agreed, least) if given is None else np.full(len(lanes), given)
        return np.where(first & due, depth, agreed), np.where(first, due, concluded)

    def _depth(self, k: int, stage: str) -> float | None:
        here = [one.depth for one in self._due if (one.file, one.stage) == (self._slugs[k], stage)]
        return next(iter(here), None)

    def _holds_file(self, k: int) -> bool:
        return self.active and bool(self.held[k, 0])

    def free(self, k: int, mask: Mask) -> Mask:
        """Those of the runs in which chance may take a file away, (R,): where one is held, only files that deepen."""
        if not self._holds_file(k):
            return mask
        return mask & self.model.partnership.in_force[k] & ~self.model.negotiation.concluded[k]

    def reached(self, k: int, stage: str, mask: Mask) -> Mask:
        """In which runs a signed file reaches a stage, (R,): in all or none where it is held."""
        if not self._holds_file(k):
            return mask
        at = self.model.partnership
        return np.where(at.in_force[k], mask, bool(self.due(stage)[k, 0]) & (at.file[k] != NO_FILE))

    def lapsing(self, k: int, mask: Mask) -> Mask:
        """In which runs an instrument lapses by itself, (R,)."""
        return np.full_like(mask, bool(self.due("lapsed")[k, 0])) if self._holds_file(k) else mask

    # Rungs

    def rungs(self, stage: str, mask: Mask) -> Mask:
        """Which rungs reach a stage, (P, rungs, R)."""
        return np.where(self.rungs_held, self.rungs_due(stage), mask) if self.active else mask

    def rung_depth(self, draft: Floats, least: Floats) -> Floats:
        """Depth at which rungs are signed, (P, rungs, R): what is known was worth signing."""
        if not self.active:
            return draft
        depth = np.where(self.rungs_held & self.rungs_due("signed"), np.maximum(draft, least), draft)
        for one in self._due:
            if one.partner != EU and one.stage == "signed" and one.depth is not None:
                depth[PARTNERS.index(one.partner), self._rungs.index(one.instrument)] = one.depth
        return depth

    # Japan

    def step(self, ladder: str, below: Whole) -> Mask | None:
        """Where Japan takes the step above `below` on a ladder in this quarter, (R,); None if chance decides."""
        if self.status is None or not self.active:
            return None
        quarter = self.model.quarter
        listed = [one.step for one in self.status.steps if (one.ladder, one.quarter) == (ladder, quarter)]
        return np.isin(below + 1, listed)
