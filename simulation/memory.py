"""Keeping freed memory in the process, so that arrays are not paged in anew each time."""

import ctypes
import sys
from functools import cache

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
_LARGEST_KEPT, _KEPT = 32 << 20, 256 << 20


@cache
def keep_freed_memory() -> None:
    """Tell the C library (glibc) once per process not to return freed arrays to the system. Changes no number.

    Without it the temporaries of every rule are mapped and zeroed anew, which costs more than the arithmetic.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT)
            mallopt(_TRIM_THRESHOLD, _KEPT)
