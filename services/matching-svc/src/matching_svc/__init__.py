"""Stena's matcher: owns opportunities and ranks them with people, whom it knows only as the wall lets it."""
