"""What the wall lets leak, looked for from outside. ``python -m tests.leaks`` prints the report."""
