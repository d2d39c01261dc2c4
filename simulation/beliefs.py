"""How likely what is known was, and what it tells of what nobody sees (docs/ODD.md, 6.13).

While a status holds a file, its will to move and stages that are not listed stay open: a belief over both is carried
along, quarter by quarter, by the hazards of the model itself. What it gives to what is known is the likelihood of the
record in each run; what remains of it when the hold ends is where the will is drawn from.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from agents.institutions.council import TOPICS
from agents.portable import exp, log, normal, total
from agents.rules import business
from agents.rules.types import Floats
from config import LADDERS, PARTNERS, KnownStage
from simulation.instruments import FAST_TRACK, MANDATED, NEGOTIATING, SIGNED
from simulation.status import EU
from simulation.tracks import RUNG_STAGES

if TYPE_CHECKING:
    from simulation.model import PartnershipModel

NONE, MANDATE, TALKS, CONCLUDED = range(4)
"""Stages of a first file as far as its talks go."""
RANKS = {"mandated": MANDATE, "negotiating": TALKS, "signed": CONCLUDED, "in_force": CONCLUDED}
POINTS = 12
"""Points of equal weight that stand for the distribution of wills of those that move (assumed)."""
DEMANDS = 8
"""Points of equal weight that stand for what other business asks for (assumed)."""


class Belief:
    """Chances of the stages and wills of one file, given what is known of it so far.

    will    (J, R) points that stand for its distribution
    mass    stage to (J, R): chances, which add up to 1 in every run
    """

    def __init__(self, listed: Sequence[tuple[int, int]], will: Floats, weight: Floats, stage: int) -> None:
        self.listed = listed
        self.will = will
        self.mass: dict[int, Floats] = {stage: weight}
        self.log_likelihood: Floats = np.zeros(weight.shape[1])

    @property
    def weight(self) -> Floats:
        """Chances of the wills, (J, R)."""
        return sum(self.mass.values(), np.zeros_like(self.will))

    def possible(self, quarter: int) -> range:
        """Stages in which the file may be at the end of a quarter: what is not listed comes before what is."""
        here = max((rank for when, rank in self.listed if when <= quarter), default=min(self.mass))
        _, following = min(((when, rank) for when, rank in self.listed if when > quarter), default=(quarter, here))
        return range(here, max(following, here + 1))

    def begin_anew(self, quarter: int) -> None:
        """No file is left; what was listed before says nothing of the next."""
        self.mass = {NONE: self.weight}
        self.listed = [(when, rank) for when, rank in self.listed if when > quarter]

    def holds(self, stage: int) -> bool:
        """Whether the file may be at a stage."""
        return stage in self.mass

    def advance(self, quarter: int, opens: Floats, first: int, talks: Floats, concludes: Floats, at_once: bool) -> None:
        """Take the file through a quarter: chances of opening (R,), of talks and of concluding, (J, R) or (R,).

        first is the stage that a new file has; at_once says whether talks may end in the quarter they begin.
        """
        nothing = np.zeros_like(self.will)
        none, mandated, negotiating = (self.mass.get(rank, nothing) for rank in (NONE, MANDATE, TALKS))
        new, taken_up = none * opens, mandated * talks
        begun = taken_up + (new if first == TALKS else nothing)
        at_stake = negotiating + begun if at_once else negotiating
        done = at_stake * concludes
        after = {
            NONE: none - new,
            MANDATE: mandated - taken_up + (new if first == MANDATE else nothing),
            TALKS: negotiating + begun - done,
            CONCLUDED: done,
        }
        self._learn({rank: after[rank] for rank in self.possible(quarter)})

    def _learn(self, kept: dict[int, Floats]) -> None:
        """Only this can be: how likely that was, and what is believed now. What could not be leaves beliefs alone."""
        likelihood = total(np.stack([total(mass) for mass in kept.values()]))
        could = likelihood > 0
        self.log_likelihood = self.log_likelihood + log_or_minus_infinity(likelihood)
        before, last = self.weight, max(kept)
        scale = np.where(could, likelihood, 1.0)
        otherwise = {rank: before if rank == last else np.zeros_like(before) for rank in kept}
        self.mass = {rank: np.where(could, mass / scale, otherwise[rank]) for rank, mass in kept.items()}

    def draw(self, u: Floats) -> Floats:
        """A will for each run, (R,), from a uniform draw."""
        below = np.cumsum(self.weight, axis=0)[:-1] < u
        place = below.sum(axis=0)
        return np.take_along_axis(self.will, place[np.newaxis], axis=0)[0]


class Beliefs:
    """Beliefs about every file that a status holds, and the likelihood of what is known, by file and ladder."""

    def __init__(self, model: PartnershipModel) -> None:
        self.model = model
        self.steps: dict[str, Floats] = {}
        self.expected_vetoes: dict[tuple[str, int], Floats] = {}
        self.files: dict[str, Belief] = {}
        status = model.settings.status
        if status is None:
            return
        known = list(status.stages)
        for k, one in enumerate(model.settings.instruments):
            stage = {MANDATED: MANDATE, NEGOTIATING: TALKS}.get(int(model.partnership.file[k, 0]), NONE)
            if model.partnership.in_force[k, 0] or model.partnership.file[k, 0] >= SIGNED:
                stage = CONCLUDED
            self.files[one.slug] = Belief(_listed(known, EU, one.slug), *self._wills(k), stage)
        ones = np.ones((1, model.width))
        for partner, iso in enumerate(PARTNERS):
            for place, rung in enumerate(model.settings.rungs):
                at = RUNG_STAGES[int(model.tracks.stage[partner, place, 0])]
                listed = _listed(known, iso, rung.slug)
                self.files[f"{iso}/{rung.slug}"] = Belief(listed, ones, ones, RANKS.get(at, NONE))
        self.steps = {ladder: np.zeros(model.width) for ladder in LADDERS}

    def _wills(self, k: int) -> tuple[Floats, Floats]:
        """Points (J, R) of the distribution of a file's will, and their weights."""
        p, width = self.model.parameters.files, self.model.width
        middle = (np.arange(POINTS) + 0.5)[:, np.newaxis] / POINTS
        moving = np.broadcast_to(exp(p.will_spread * normal(middle)), (POINTS, width))
        staying = np.broadcast_to(p.stayer_will, (1, width))
        share = self.model.partnership.stayer_share[k]
        each = np.broadcast_to((1 - share) / POINTS, (POINTS, width))
        return np.concatenate([moving, staying]), np.concatenate([each, share[np.newaxis]])

    def log_likelihood(self) -> dict[str, Floats]:
        """Logarithm of the likelihood of what is known, (R,), by file and ladder: "FRA/raa", "JPN/force"."""
        files = {name: belief.log_likelihood for name, belief in self.files.items()}
        return files | {f"JPN/{ladder}": value for ladder, value in self.steps.items()}

    # Quarter by quarter

    def of_files(self) -> None:
        """Phases 5 and 6: take every file at EU level that is held through the quarter."""
        for k, one in enumerate(self.model.settings.instruments):
            if self.model.status.holds(one.slug):
                self._of_file(k, one.slug)

    def _of_file(self, k: int, slug: str) -> None:
        talks, at = self.model.negotiation, self.model.partnership
        if slug not in self.files or self.files[slug].holds(CONCLUDED):
            return
        belief = self.files[slug]
        will = np.maximum(belief.will, self.model.levers.framework) if slug in FAST_TRACK else belief.will
        opens = talks.chance_of_opening(k)
        with_mandate = bool(at.with_mandate[k, 0])
        nothing = np.zeros(self.model.width)
        to_talks = talks.chance_of_talks(k, will) if belief.holds(MANDATE) else nothing
        possible = belief.possible(self.model.quarter)
        concludes = talks.chance_of_concluding(k, will) if {TALKS, CONCLUDED} & set(possible) else nothing
        belief.advance(self.model.quarter, opens, MANDATE if with_mandate else TALKS, to_talks, concludes, at_once=True)

    def of_lapse(self, slug: str) -> None:
        """An instrument has lapsed: a new file on it starts from what is believed of its will."""
        if slug in self.files:
            self.files[slug].begin_anew(self.model.quarter)

    def of_rungs(self, opens: Floats, concludes: Floats) -> None:
        """Phase 10: take every rung through the quarter; chances of opening and of concluding, (P, rungs, R)."""
        nothing = np.zeros(self.model.width)
        for partner, iso in enumerate(PARTNERS):
            for place, rung in enumerate(self.model.settings.rungs):
                belief = self.files.get(name := f"{iso}/{rung.slug}")
                if belief is not None and self.model.status.holds(name) and not belief.holds(CONCLUDED):
                    chances = opens[partner, place], TALKS, nothing, concludes[partner, place]
                    belief.advance(self.model.quarter, *chances, at_once=False)

    def of_steps(self, chances: Floats) -> None:
        """Phase 4: how likely were the steps that Japan took or did not take; `chances` (4, R) of the next ones."""
        for row, ladder in enumerate(LADDERS):
            taken = self.model.status.step(ladder, self.model.constitution.step[row])
            assert taken is not None
            likelihood = np.where(taken, chances[row], 1 - chances[row])
            self.steps[ladder] = self.steps[ladder] + log_or_minus_infinity(likelihood)

    def of_business(self) -> None:
        """Phase 6: vetoes to be expected in this quarter on topics that arise by chance, (R,) each."""
        p, states = self.model.parameters, self.model.member_states
        council, rows = self.model.council, states.rows
        for topic in TOPICS[:3]:
            usual = business.tolerated(
                states.stance[rows], p.governments.spoiler, council.tie(topic, rows), np.array(0.5), p.business
            )
            quiet = np.zeros(self.model.width)
            for place in range(DEMANDS):
                asked = business.demand(np.array((place + 0.5) / DEMANDS), p.business)
                quiet = quiet + np.prod(ndtr((usual - asked) / p.business.noise), axis=0) / DEMANDS
            self.expected_vetoes[topic, self.model.quarter] = getattr(p.business, topic) * (1 - quiet)

    def release(self, slugs: Collection[str]) -> None:
        """Files that the status holds no longer: their will is drawn from what is believed."""
        at = self.model.partnership
        for slug in slugs:
            if slug in self.files and slug in at.place:
                u = self.model.chance.once(f"{slug}/will as known")
                at.will[at.place[slug]] = self.files[slug].draw(u)


def log_or_minus_infinity(likelihood: Floats) -> Floats:
    """Logarithm of likelihoods, and minus infinity where they are 0; as `likelihood` in shape."""
    could = likelihood > 0
    return np.where(could, log(np.where(could, likelihood, 1.0)), -np.inf)


def _listed(known: Sequence[KnownStage], partner: str, slug: str) -> list[tuple[int, int]]:
    """Quarters in which a file reached the stages that beliefs look at, with their ranks."""
    here = [one for one in known if (one.partner, one.instrument) == (partner, slug) and one.stage in RANKS]
    signed = any(one.stage == "signed" for one in here)
    return [(one.quarter, RANKS[one.stage]) for one in here if not (signed and one.stage == "in_force")]
