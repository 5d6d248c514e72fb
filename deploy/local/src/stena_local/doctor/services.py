"""The services, replica by replica: there, ready, of the same time and rulebook; and the certificate at the door."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from stena_local.doctor.finding import Finding, State, Told, judged
from stena_local.doctor.upstreams import Ready, certificate, readiness, replicas

AREA: Final = "services"
CLOCK: Final = 3.0  # seconds; a replica tells its own to one
RENEW: Final = 21  # days before the end
NGINX: Final = ("nginx", 8443)  # where the containers have it
_SETTINGS: Final = {
    "gateway": ("MATCHING_GATEWAY_URL",),
    "policy-svc": ("GATEWAY_POLICY_URL", "PROFILE_POLICY_URL", "MATCHING_POLICY_URL"),
    "profile-svc": ("GATEWAY_PROFILE_URL",),
    "matching-svc": ("GATEWAY_MATCHING_URL",),
}
_MEND: Final = {
    "clients": "The gateway cannot read its database.",
    "ledger": "The gateway cannot write the ledger, so it discloses nothing: look at its database.",
    "rulebook": "policy-svc has no rulebook that it can decide by: look at its log.",
    "policy-svc": "It does not reach policy-svc.",
    "ledger heads": "The heads of the ledger are not kept outside the database, or are not those of it: docs/ledger.md.",
    "ledger months": "`stena ledger partitions --months 24`, as the database's owner.",
    "database": "It cannot use its database, or not the newest of it.",
    "people": "profile-svc cannot use its database.",
    "person-keys": "profile-svc cannot use the database of person keys.",
    "feed": "matching-svc has not heard the gateway: is it registered there, and is the gateway ready?",
    "vocabulary": "matching-svc cannot read its vocabulary from its database.",
}


def check(told: Told, own: str | None, active: str | None) -> Iterator[Finding]:
    """Every service whose address is known here. ``own``: where the service of this container has its replicas.

    ``active``: the rulebook that is to decide, where the database that says so was looked at.
    """
    deciding: dict[str, str | None] = {}
    for service, url in _addresses(told, own).items():
        found = replicas(url)
        if not found:
            mend = "Start it, or name the right address."
            yield Finding(AREA, service, State.BROKEN, f"{urlsplit(url).hostname} is not known", mend)
        for address in found:
            ready = readiness(address)
            yield from _replica(service, address, ready)
            if ready is not None and service == "policy-svc":
                deciding[address] = ready.body.get("rulebook", {}).get("revision")
    if deciding:
        yield _same_rulebook(deciding, active)


def _addresses(told: Told, own: str | None) -> Mapping[str, str]:
    known = {service: next((told[name] for name in settings if name in told), None) for service, settings in _SETTINGS.items()}
    if own is not None:
        known[str(urlsplit(own).hostname)] = own
    return {service: url for service, url in known.items() if url is not None}


def _replica(service: str, address: str, ready: Ready | None) -> Iterator[Finding]:
    what = f"{service} at {urlsplit(address).netloc}"
    if ready is None:
        yield Finding(AREA, what, State.BROKEN, "does not answer", "Start it, and look at its log.")
        return
    checks = ready.body.get("checks", {})
    failing = [name for name, passes in checks.items() if not passes] if isinstance(checks, dict) else []
    status = str(ready.body.get("status"))
    yield judged(
        AREA,
        what,
        f"{status}: {', '.join(failing)}" if failing else status,
        broken=ready.status != 200,
        soon=bool(failing),
        mend=" ".join(_MEND.get(name, f"Look at its log for `{name}`.") for name in failing) or "It is about to end.",
    )
    yield judged(
        "clocks",
        what,
        f"{ready.ahead:+.0f} s from here",
        broken=abs(ready.ahead) > 10,
        soon=abs(ready.ahead) > CLOCK,
        mend="Let all machines follow the same time servers (NTP): grants live for 60 seconds.",
    )


def _same_rulebook(deciding: Mapping[str, str | None], active: str | None) -> Finding:
    revisions = {*deciding.values(), *([active] if active else [])}
    names = ", ".join(sorted(str(each)[:19] for each in revisions))
    return judged(
        "rulebook",
        "what decides",
        f"{names}, everywhere" if len(revisions) == 1 else f"not the same everywhere: {names}",
        broken=len(revisions) > 1 or None in revisions,
        mend="A replica that cannot read the active revision goes on with the one before: look at its log, and start it again.",
    )


def check_certificate(told: Told) -> Iterator[Finding]:
    """Where callers come by TLS."""
    public = urlsplit(told.get("GATEWAY_PUBLIC_URL", ""))
    if public.scheme != "https" or public.hostname is None:
        return
    for host, port in ((public.hostname, public.port or 443), NGINX):
        shown = certificate(host, port)
        if shown is not None:
            yield _expiry(f"{host}:{port}", shown.not_valid_after_utc, datetime.now(UTC))
            return
    mend = "Look from where callers are: `openssl s_client -connect HOST:PORT`."
    yield Finding("certificate", public.netloc, State.SOON, "cannot be looked at from here", mend)


def _expiry(where: str, until: datetime, now: datetime) -> Finding:
    return judged(
        "certificate",
        where,
        f"until {until:%Y-%m-%d}",
        broken=until <= now,
        soon=(until - now).days < RENEW,
        mend="Put the renewed one into the folder `tls` and send nginx SIGHUP: docs/operations.md.",
    )
