"""The Commission, which leads files on digital affairs, trade and the defence industry."""

from __future__ import annotations

import numpy as np

from agents.institutions.high_representative import UnionBody
from agents.rules.types import Whole


class Commission(UnionBody):
    """Proposes and negotiates in the Union's own fields: Art. 17(1) TEU, 218(3) TFEU."""

    name, drawn, terms = "commission", "ambition", "commission"

    def slots(self) -> Whole:
        """Files that can be in talks at once, (R,)."""
        slots = self.model.parameters.files.slots_commission
        return np.broadcast_to(np.floor(slots), self.model.width).astype(np.int64)
