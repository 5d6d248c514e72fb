"""Runs as a process of its own: ``stena up`` for a deployment whose services are told something else than usual.

python -m tests.faults.supervised '{"gateway": {"GATEWAY_POLICY_URL": "http://127.0.0.1:21014"}}'
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from stena_local.layout import Layout, Service
from stena_local.settings import Settings
from stena_local.supervisor import Supervisor
from stena_local.trouble import DeploymentError


@dataclass(frozen=True)
class Otherwise(Layout):
    """``told``: name of a service → what it is told beside or instead of the usual."""

    told: Mapping[str, Mapping[str, str]]

    def environment(self, service: Service) -> dict[str, str]:
        return {**super().environment(service), **self.told.get(service.name, {})}


def main() -> None:
    layout = Otherwise(Settings(), json.loads(sys.argv[1]))
    try:
        Supervisor(layout, say=lambda text: print(text, flush=True)).run(on_ready=lambda: None)
    except DeploymentError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
