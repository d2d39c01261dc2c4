"""Tests of running, storing, analysing and drawing."""
