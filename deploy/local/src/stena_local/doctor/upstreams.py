"""Asks each replica of each service how it is, and who shows a certificate in front of them which one. Asks for no data."""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from cryptography import x509

WITHIN: Final = 3.0  # seconds


@dataclass(frozen=True)
class Ready:
    """What a replica says of itself; ``ahead`` is by how many seconds its clock is before ours, to about one."""

    address: str
    status: int
    body: Mapping[str, Any]
    ahead: float


def replicas(url: str) -> list[str]:
    """Where the replicas of the service at ``url`` are; empty where its name is not known."""
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    hosts = sorted({str(address[0]) for *_, address in found})
    return [f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{parts.port}" for host in hosts]


def readiness(url: str) -> Ready | None:
    """``None``: nothing there that speaks as a service of ours."""
    try:
        response = httpx.get(f"{url}/readyz", timeout=WITHIN, trust_env=False)
        told = parsedate_to_datetime(response.headers["date"]).timestamp()
        return Ready(url, response.status_code, response.json(), told - time())
    except (httpx.HTTPError, KeyError, ValueError):
        return None


def certificate(host: str, port: int) -> x509.Certificate | None:
    """What is shown there, whoever signed it; ``None`` where nobody speaks TLS."""
    try:
        shown = ssl.get_server_certificate((host, port), timeout=WITHIN)
    except (OSError, ValueError):
        return None
    return x509.load_pem_x509_certificate(shown.encode())
