"""The European Parliament."""

from __future__ import annotations

from agents.institutions.high_representative import UnionBody
from agents.rules.ratification import parliament_consents
from agents.rules.types import Floats, Mask


class EuropeanParliament(UnionBody):
    """Gives or withholds consent where the treaty asks for it: Art. 218(6)(a) TFEU."""

    name, drawn, terms = "european_parliament", "mood", "parliament"

    def consents(self, level: Floats) -> Mask:
        """Whether a majority accepts an agreement at this level, (R,)."""
        p = self.model.parameters
        return parliament_consents(level, self.position, p.council.acceptance, p.ratification)
