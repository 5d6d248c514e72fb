"""SQL, and nothing but SQL: clients, and what is on the list for review. The ledger stands by itself."""

from gateway.store.clients import (
    Client,
    Credentials,
    Engine,
    all_clients,
    count_live,
    live,
    opened,
    page,
    register,
    renewed,
    revoke,
)

__all__ = [
    "Client",
    "Credentials",
    "Engine",
    "all_clients",
    "count_live",
    "live",
    "opened",
    "page",
    "register",
    "renewed",
    "revoke",
]
