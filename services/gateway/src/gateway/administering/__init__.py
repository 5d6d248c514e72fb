"""Who lets whom call: clients, and what decides. What lets somebody see more takes two."""
