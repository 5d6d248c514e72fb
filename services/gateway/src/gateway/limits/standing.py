"""Where a caller stands with its limits, and how that is told in headers (draft-ietf-httpapi-ratelimit-headers-11). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final, Literal

Policy = Literal["minute", "at-once", "day", "people-day"]
WINDOWS: Final[Mapping[Policy, str]] = {
    "minute": "w=60",
    "at-once": 'qu="concurrent-requests"',
    "day": "w=86400",
    "people-day": 'qu="people";w=86400',
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Under one policy: ``left`` of ``quota``, whole again in ``seconds`` if that is a matter of time."""

    policy: Policy
    quota: int
    left: float
    seconds: float | None = None


def headers(standings: Iterable[Standing]) -> list[tuple[bytes, bytes]]:
    """``RateLimit-Policy`` and ``RateLimit`` (structured fields, RFC 9651); none where there is no limit."""
    policies, limits = [], []
    for each in standings:
        policies.append(f'"{each.policy}";q={each.quota};{WINDOWS[each.policy]}')
        reset = "" if each.seconds is None else f";t={ceil(each.seconds)}"
        limits.append(f'"{each.policy}";r={max(0, int(each.left))}{reset}')
    if not policies:
        return []
    return [(b"ratelimit-policy", ", ".join(policies).encode()), (b"ratelimit", ", ".join(limits).encode())]
