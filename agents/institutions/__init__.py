"""The institutions of the Union and the rules by which they decide."""
