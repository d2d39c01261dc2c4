"""The scalar twin of simulation/chance.py: one draw, in whole numbers."""

from hashlib import blake2b

MASK = 2**64 - 1
G = 0x9E3779B97F4A7C15


def mix(z: int) -> int:
    """SplitMix64's mixer of 64 bits."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def key(seed: int, name: str) -> int:
    """The 64-bit key of a name under a seed."""
    return int.from_bytes(blake2b(f"{seed}/{name}".encode()).digest()[:8], "little")


def uniform(seed: int, name: str, run: int, turn: int | None = None) -> float:
    """The draw of a name in a run and quarter (`turn`), or the one made once per run when no quarter is given."""
    k = mix(key(seed, name)) if turn is None else mix((key(seed, name) + (turn + 1) * G) & MASK)
    h = mix(mix((run * G + key(seed, "runs")) & MASK))
    return ((mix((k + h) & MASK) >> 12) + 0.5) * 2.0**-52
