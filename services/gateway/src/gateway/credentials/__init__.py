"""Who calls: clients, their secrets and keys, and the tokens of others."""
