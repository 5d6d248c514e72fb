"""Many people to places with capacities at once: problems, solutions, and the proof that none is better. Pure."""
