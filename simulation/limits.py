"""What holds each file back, and each agreement carried out below what was agreed (docs/ODD.md, 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.institutions import voting
from agents.rules.types import Floats, Mask, Whole, lanes_of
from config import PARTNERS, Instrument
from simulation.instruments import CIVIL, MANDATED, RATIFIED_BY_MEMBERS, SIGNED
from simulation.negotiation import Terms
from simulation.tracks import IN_TALKS
from simulation.tracks import SIGNED as RUNG_SIGNED

if TYPE_CHECKING:
    from simulation.model import PartnershipModel

NEARLY = 0.9
"""An agreement counts as carried out below what was agreed under this share of it."""
EU, JAPAN = "EU", "JPN"


class Limits:
    """Looks at a quarter while it happens and names the one thing that binds; kept only on demand."""

    def __init__(self, model: PartnershipModel) -> None:
        self.model = model
        self.at = model.partnership
        self._held: list[tuple[int, str, str, Mask]] = []
        self._in_talks: Mask = self.at.in_talks

    def after_opening(self) -> None:
        """Remember which files were in talks when the Council met: they may be gone by the end of the quarter."""
        self._in_talks = self.at.in_talks.copy()
        self._mandated = self.at.file == MANDATED

    def after_council(self) -> None:
        """Name what binds files that were in talks, while positions are those that were voted on."""
        self._held = []
        terms = self.model.negotiation.terms
        for k, one in enumerate(self.at.catalogue):
            lanes = np.flatnonzero(self._in_talks[k] & ~self.model.negotiation.concluded[k])
            if lanes.size:
                self._in_the_council(k, one, lanes, terms)

    def keep(self) -> None:
        """Record this quarter's limits."""
        taken = np.zeros(self.at.file.shape, dtype=bool)
        for k, limit, actor, mask in [*self._not_opened(), *self._held, *self._after_signature(), *self._in_force()]:
            held = mask & ~taken[k]
            taken[k] |= held
            self.model.recorder.limit(k, EU, self.at.catalogue[k].slug, limit, actor, np.flatnonzero(held))
        self._of_rungs()

    # Files

    def _not_opened(self) -> list[tuple[int, str, str, Mask]]:
        found = []
        talks, at = self.model.negotiation, self.at
        for k, one in enumerate(at.catalogue):
            missing = talks.blocked_prerequisite[k]
            for slug in one.needs:
                here = missing & ~talks.prerequisites[slug]
                found.append((k, "prerequisite", slug, here))
                missing = missing & ~here
            found.append((k, "slot", one.led_by, talks.denied_slot[k]))
            found += self._by_attention(k, self._mandated[k])
        return found

    def _by_attention(self, k: int, mask: Mask) -> list[tuple[int, str, str, Mask]]:
        """Attention binds; the side that attends less is named."""
        union = self.model.attention_eu <= self.model.attention_japan
        return [(k, "attention", EU, mask & union), (k, "attention", JAPAN, mask & ~union)]

    def _in_the_council(self, k: int, one: Instrument, lanes: Whole, terms: Terms) -> None:
        passes, pivot = self.passes_and_pivot(k, one, lanes)
        cap, wish, mid = (part[k, lanes] for part in (terms.cap, terms.wish, terms.mid))
        acceptable = np.minimum(terms.draft[k, lanes], passes) >= terms.least[k, lanes]
        least = np.minimum(np.minimum(passes, cap), np.minimum(wish, mid))
        council = ~acceptable & (passes == least)
        ladder = ~acceptable & ~council & (cap == least)
        wishes = ~acceptable & ~council & ~ladder & (wish == least)
        middle = ~acceptable & ~council & ~ladder & ~wishes
        japan = self._japan_wants_less(one)[lanes]
        self._held += self._by_attention(k, self._spread(lanes, acceptable))
        codes = [state.iso3 for state in self.model.settings.members]
        rows = self.model.council.voters(one).rows if one.rule != "R0" else np.zeros(0, dtype=np.int64)
        for place in np.unique(pivot[council]):
            actor = codes[rows[place]] if place >= 0 else ""
            self._held.append((k, "council", actor, self._spread(lanes, council & (pivot == place))))
        self._held.append((k, "ladder", JAPAN, self._spread(lanes, ladder)))
        self._held.append((k, "wish", JAPAN, self._spread(lanes, wishes | (middle & japan))))
        self._held.append((k, "wish", one.led_by, self._spread(lanes, middle & ~japan)))

    def passes_and_pivot(self, k: int, one: Instrument, lanes: Whole) -> tuple[Floats, Whole]:
        """Relative depth that passes, and the place of the pivotal voter (-1 for none)."""
        if one.rule == "R0":
            return np.ones(len(lanes)), np.full(len(lanes), -1)
        council = self.model.council
        level, bounds = council.passes(k, one, lanes)
        kinds: tuple[Floats, ...] = (bounds.veto, bounds.declared, bounds.accept)
        if one.rule in ("R7", "R4") or (one.rule == "R8" and not council.is_unanimous(one)):
            kinds = (bounds.accept,)
        if council.under_passerelle(one).any():
            kinds = (*kinds, bounds.veto + lanes_of(self.model.parameters.council.brake_margin, lanes))
        return np.minimum(1.0, level / one.ambition), voting.pivotal(level, kinds)

    def _japan_wants_less(self, one: Instrument) -> Mask:
        p, m = self.model.parameters.council, self.model
        leader = m.commission if one.led_by == "commission" else m.high_representative
        return p.acceptance_japan * m.cabinet.position <= p.acceptance * leader.position

    def _spread(self, lanes: Whole, some: Mask) -> Mask:
        mask = np.zeros(self.model.width, dtype=bool)
        mask[lanes] = some
        return mask

    def _after_signature(self) -> list[tuple[int, str, str, Mask]]:
        found = []
        ratifications, rows = self.model.ratifications, self.model.member_states.rows
        codes = [state.iso3 for state in self.model.settings.members]
        for k, one in enumerate(self.at.catalogue):
            waiting = self.at.file[k] >= SIGNED
            if not waiting.any():
                continue
            found.append((k, "ratification", JAPAN, waiting & ~self.at.japan_ready[k]))
            if one.rule in RATIFIED_BY_MEMBERS and not self.model.levers.on("lift_fragmentation"):
                for row, done in zip(rows, ratifications.has_ratified(k), strict=True):
                    found.append((k, "ratification", codes[row], waiting & ~done))
            found.append((k, "ratification", EU, waiting))
        return found

    def _in_force(self) -> list[tuple[int, str, str, Mask]]:
        now, p = self.model.delivery.means, self.model.parameters
        attention = now.dialogue / (1 + p.files.dialogue * 2)
        found = []
        for k, one in enumerate(self.at.catalogue):
            below = self.at.in_force[k] & (self.at.operational[k] < NEARLY * self.at.agreed[k])
            below &= ~self.model.negotiation.concluded[k]
            money = np.minimum(1.0, now.spare if one.domain in CIVIL else now.resources)
            operational = one.domain not in CIVIL
            by_framework = below & operational & (now.framework <= money) & (now.framework <= attention)
            by_money = below & ~by_framework & (money <= attention)
            found.append((k, "framework", EU, by_framework))
            found.append((k, "money", EU, by_money))
            found += self._by_attention(k, below & ~by_framework & ~by_money)
        return found

    # Rungs

    def _of_rungs(self) -> None:
        tracks, p, note = self.model.tracks, self.model.parameters.council, self.model.recorder.limit
        japan, draft = p.acceptance_japan * self.model.cabinet.position, tracks.draft()
        for partner, iso in enumerate(PARTNERS):
            state = p.acceptance * self.model.member_states.position[tracks.rows[partner]]
            for place, rung in enumerate(tracks.rungs):
                at = tracks.stage[partner, place]
                rank = len(self.at.catalogue) + partner * len(tracks.rungs) + place
                held = (at == RUNG_SIGNED) & ~tracks.permitted(rung)
                shallow = (at == IN_TALKS) & (draft[partner, place] < rung.least)
                for limit, actor, mask in (
                    ("ladder", JAPAN, held),
                    ("ratification", JAPAN, (at == RUNG_SIGNED) & ~held),
                    ("wish", JAPAN, shallow & (japan <= state)),
                    ("council", iso, shallow & (japan > state)),
                    ("attention", JAPAN, (at == IN_TALKS) & ~shallow),
                ):
                    note(rank, iso, rung.slug, limit, actor, np.flatnonzero(mask))
