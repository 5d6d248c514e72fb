"""HTTP in and out, and nothing else: every route verifies its grant, calls one function, answers with JSON."""
