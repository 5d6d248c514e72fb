"""The decision point: says of every call whether it may happen and what it may see. It never touches a person's data."""
