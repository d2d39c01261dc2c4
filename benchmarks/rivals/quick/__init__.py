"""The phases of the scalar twin that take time, once more and quick; all else is taken from tests/twin as it is.

The same operations in the same order, so the same numbers to the bit. What makes them quick: draws come from one table
per run; what is the same in a quarter, or in all runs, is computed once; where a hazard cannot exceed what is easily
had, the draw is held against that first.
"""
