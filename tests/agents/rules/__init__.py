"""Tests of the rules, each beside its scalar twin."""
