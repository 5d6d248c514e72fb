"""Stena on one machine: PostgreSQL from a wheel, four services under one supervisor, and the command `stena`."""
