"""The partnership: every instrument at EU level, its stage, its file, and how deep it is (docs/ODD.md, 2).

An instrument has a status (dormant, in force or lapsed), an agreed depth and an operational depth, relative to its full
ambition. At most one file is open on it: none, mandated, negotiating, signed, provisional. A file on an instrument that
is in force deepens it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.portable import exp, normal, places, total, weighted_total
from agents.rules.types import Floats, Mask, Stages, Whole, lanes_of
from config import DOMAINS, LADDERS, NEVER, Instrument

if TYPE_CHECKING:
    from simulation.model import PartnershipModel

NO_FILE, MANDATED, NEGOTIATING, SIGNED, PROVISIONAL = range(5)
FILE_STAGES = ("none", "mandated", "negotiating", "signed", "provisional")
WITH_MANDATE = ("R2", "R5", "R7", "R8", "R9")
"""Classes whose files need a mandate and a signature: Art. 218 TFEU, Art. 48 TEU, Decision (CFSP) 2020/1639."""
RATIFIED_BY_MEMBERS = ("R5", "R7")
CIVIL = ("political", "civil")
"""Fields whose instruments need no operational framework."""

DIALOGUE, EXERCISE, MARITIME = "strategic_dialogue_action_plan", "naval_exercise", "maritime_coordination"
PARTICIPATION, FRAMEWORK, MISSIONS = "csdp_fpa", "operational_framework", "joint_capacity_missions"
SEA, OSA = "epf_sea", "osa_coordination"
FAST_TRACK = (PARTICIPATION, FRAMEWORK)


class Instruments:
    """State of all EU-level instruments, arrays (K, R) in the order of the catalogue."""

    def __init__(self, model: PartnershipModel) -> None:
        self.model = model
        self.catalogue: tuple[Instrument, ...] = model.settings.instruments
        self.place = {one.slug: k for k, one in enumerate(self.catalogue)}
        self._describe()
        self._begin()
        self.interoperability: Floats = np.full(model.width, model.settings.table.interoperability)
        self.visible_depth: Floats = np.zeros(model.width)
        self._will()
        self.settle()

    def _describe(self) -> None:
        """Columns (K, 1) of what the catalogue says."""
        self.ambition = self._column("ambition")
        self.least = self._column("least")
        self.quarters = self._column("quarters")
        counted = np.array([[one.opens < NEVER] for one in self.catalogue])
        levels = np.where(counted, self.ambition, 0.0)
        self.weight = levels / total(levels)
        self.with_mandate = np.array([[one.rule in WITH_MANDATE] for one in self.catalogue])
        self.led_by_commission = np.array([[one.led_by == "commission"] for one in self.catalogue])
        self.defence = [k for k, one in enumerate(self.catalogue) if one.defence]
        self.in_domain = {
            domain: [k for k, one in enumerate(self.catalogue) if one.domain == domain] for domain in DOMAINS
        }
        self._caps = [
            [(row, np.append(np.array(one.caps[name]), 1.0)) for row, name in enumerate(LADDERS) if name in one.caps]
            for one in self.catalogue
        ]

    def _column(self, name: str) -> Floats:
        return np.array([[float(getattr(one, name))] for one in self.catalogue])

    def _begin(self) -> None:
        """Stages and depths of the start table."""
        table, shape = self.model.settings.table, (len(self.catalogue), self.model.width)
        start = [table.of(one.slug) for one in self.catalogue]
        stages = [one.stage for one in start]

        def spread(values: list[float]) -> Floats:
            return np.broadcast_to(np.array(values)[:, np.newaxis], shape).copy()

        files = [FILE_STAGES.index(stage) if stage in FILE_STAGES else NO_FILE for stage in stages]
        agreed = [one.agreed for one in start]
        self.in_force: Mask = spread([float(stage == "in_force") for stage in stages]) > 0
        self.lapsed: Mask = spread([float(stage == "lapsed") for stage in stages]) > 0
        self.file: Stages = spread([float(file) for file in files]).astype(np.int8)
        self.agreed = spread([y if stage == "in_force" else 0.0 for y, stage in zip(agreed, stages, strict=True)])
        self.drafted = spread([y if file else 0.0 for y, file in zip(agreed, files, strict=True)])
        self.operational = spread([one.operational for one in start])
        self.stalled: Whole = np.zeros(shape, dtype=np.int64)
        self.age: Whole = np.where(self.file >= SIGNED, 1, 0)
        self.union_ready: Mask = np.zeros(shape, dtype=bool)
        executive = np.array([[not one.diet] for one in self.catalogue])
        self.japan_ready: Mask = (self.file >= SIGNED) & executive
        self.lapses = np.array([[one.lapses] for one in start])
        members = (len(self.model.settings.members), self.model.width)
        self.ratified = {
            k: np.zeros(members) for k, one in enumerate(self.catalogue) if one.rule in RATIFIED_BY_MEMBERS
        }

    def _will(self) -> None:
        """Each file's own will to move, drawn once: most move, some hardly ever do."""
        p, once_table = self.model.parameters.files, self.model.chance.once_table
        table = self.model.settings.table
        slugs = [one.slug for one in self.catalogue]
        will = exp(p.will_spread * normal(once_table(f"{slug}/will" for slug in slugs)))
        given = [table.of(slug).stayer for slug in slugs]
        self.stayer_share: Floats = np.stack(
            [np.broadcast_to(p.stayer_share if one is None else one, self.model.width) for one in given]
        )
        stays = once_table(f"{slug}/stayer" for slug in slugs) < self.stayer_share
        self.will: Floats = np.where(stays, p.stayer_will, will)

    # What is there

    def exists(self, quarter: int) -> Mask:
        """Which instruments exist in a quarter, (K, 1)."""
        return np.array([[one.opens <= quarter and one.opens < NEVER] for one in self.catalogue])

    def in_effect(self, slug: str) -> Mask:
        """Whether an instrument counts as a prerequisite that is there: in force, or provisionally applied, (R,)."""
        k = self.place[slug]
        there: Mask = self.in_force[k] | (self.file[k] == PROVISIONAL)
        return there

    def is_in_force(self, slug: str) -> Mask:
        """Whether an instrument is in force, (R,)."""
        in_force: Mask = self.in_force[self.place[slug]]
        return in_force

    def carried_out(self, slug: str) -> Floats:
        """Operational depth of an instrument, relative, (R,)."""
        depth: Floats = self.operational[self.place[slug]]
        return depth

    @property
    def in_talks(self) -> Mask:
        """Files in talks, (K, R)."""
        return self.file == NEGOTIATING

    @property
    def cap(self) -> Floats:
        """Deepest relative depth that Japan's ladders permit, (K, R)."""
        deepest = np.ones(self.file.shape)
        if self.model.levers.on("lift_constitution"):
            return deepest
        step = self.model.constitution.step
        for k, caps in enumerate(self._caps):
            for row, depth in caps:
                deepest[k] = np.minimum(deepest[k], depth[np.minimum(step[row], len(depth) - 1)])
        return deepest

    @property
    def effective(self) -> Floats:
        """Depth that is agreed and applies, relative, (K, R): part of it while a first file applies provisionally."""
        share = self.model.parameters.ratification.provisional_share
        depth = self.agreed * self.in_force
        some = places((self.file == PROVISIONAL) & ~self.in_force)
        depth[some] = lanes_of(share, some[1]) * self.drafted[some]
        return depth

    def settle(self) -> None:
        """Settle how deep the partnership is, as agreed and as carried out, (R,) each, 0-1."""
        self.declared_depth: Floats = weighted_total(self.effective, self.weight)
        self.operational_depth: Floats = weighted_total(self.operational, self.weight)
        self.gap: Floats = self.declared_depth - self.operational_depth

    def show(self) -> None:
        """Settle what China sees: operational depth with defence implications, and levers that show."""
        levers = self.model.levers
        depth = weighted_total(self.operational[self.defence], self.weight[self.defence])
        exercises = levers.if_on("interoperability", levers.p.interoperability_visible)
        force = levers.p.force_visible if levers.on_force else 0.0
        self.visible_depth = depth + exercises + force

    # What happens to a file

    def enter_into_force(self, k: int, mask: Mask, keep: bool = False) -> None:
        """An instrument enters into force, or an agreement in force is deepened, in the runs of the mask."""
        if not mask.any():
            return
        fresh = mask & ~self.in_force[k]
        np.copyto(self.agreed[k], self.drafted[k], where=mask)
        if not keep:
            self.operational[k][fresh] = 0.0
        self.model.recorder.transition(k, "in_force", fresh)
        self.model.recorder.transition(k, "deepened", mask & self.in_force[k])
        self.in_force[k] |= mask
        self.lapsed[k] &= ~mask
        self.file[k][mask] = NO_FILE

    def sign(self, k: int, mask: Mask) -> None:
        """A file is signed in the runs of the mask, and its ratification begins."""
        if not mask.any():
            return
        self.file[k][mask] = SIGNED
        self.age[k][mask] = 0
        self.union_ready[k] &= ~mask
        self.japan_ready[k][mask] = not self.catalogue[k].diet
        if k in self.ratified:
            self.ratified[k][:, mask] = 0.0
        self.model.recorder.transition(k, "signed", mask & ~self.in_force[k])

    def lapse(self, k: int, mask: Mask) -> None:
        """An instrument lapses in the runs of the mask, and any file on it with it."""
        self.in_force[k] &= ~mask
        self.lapsed[k] |= mask
        for depth in (self.agreed[k], self.operational[k]):
            depth[mask] = 0.0
        self.file[k][mask] = NO_FILE
        self.model.recorder.transition(k, "lapsed", mask)
