"""Statistics of saved results, and nothing else."""
