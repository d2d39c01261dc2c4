"""What we ask: how questions are run, stored, analysed, drawn and put at the command line."""

from experiments.store import Results, load

__all__ = ["Results", "load"]
