"""What a user would write instead, doing the same: measured beside the model by python -m benchmarks."""
