"""The story: one person, five organisations, five views; told on the terminal, each part checked against what it must show."""
