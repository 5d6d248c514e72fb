"""What the runbook says, done on containers that run: `python -m tests.compose`, called by `deploy/compose-test.sh`."""
