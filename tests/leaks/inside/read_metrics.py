"""Runs in a container: the metrics of the service in it."""

import os
import urllib.request

port = next(value for name, value in os.environ.items() if name.endswith("_METRICS_PORT"))
print(urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode())
