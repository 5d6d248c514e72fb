"""How much a caller may ask: by its own traffic alone, and before anything is looked at."""
