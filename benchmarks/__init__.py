"""What paperroute does, measured. `python -m benchmarks` runs everything; nothing here is a test."""
