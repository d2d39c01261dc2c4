"""How fast the model is and how much memory it takes. Run by hand: make bench."""
