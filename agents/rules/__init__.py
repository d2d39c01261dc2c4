"""Pure functions, one module per family of rules; no chance, no files, no changes to what they are given."""
