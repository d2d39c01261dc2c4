"""Pictures of what the analysis returns; nothing is computed here."""
