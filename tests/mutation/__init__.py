"""Mutation testing: small faults are put into copies of the model, and the suites are asked whether they notice."""
