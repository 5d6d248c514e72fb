"""What the wall costs: `python -m tests.bench` prints figures and ratios against a baseline of the same run."""
