"""The plain scalar twin: one run at a time in Python numbers, with if and for, on the same chance."""
