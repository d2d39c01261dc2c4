"""How fast the model is, how much memory it takes, and beside what. Run by hand: make bench."""
