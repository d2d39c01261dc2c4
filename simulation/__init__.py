"""What happens when: the model and its turn, named draws, the life of an instrument, recorded results."""
