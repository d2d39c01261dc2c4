"""Tests of the turn, of chance and of what is recorded."""
