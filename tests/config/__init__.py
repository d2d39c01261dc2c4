"""Tests of the settings and their files."""
