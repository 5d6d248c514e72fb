"""What a caller likes best of what there is (RFC 9110, section 12): weighted lists in headers. Pure."""

import math
from collections.abc import Sequence
from typing import Final

MOST: Final = 20  # members of a list that are looked at


def weighted(header: str) -> list[tuple[str, float]]:
    """The members of a list with their weights, in lower case, as written; what is malformed weighs nothing."""
    found = []
    for member in header.split(",")[:MOST]:
        name, *parameters = (part.strip().lower() for part in member.split(";"))
        if name:
            found.append((name, _weight(parameters)))
    return found


def media_type(accept: str, offered: Sequence[str]) -> str | None:
    """Which of ``offered`` suits an ``Accept`` best, the earlier where two suit alike; ``None`` if none does."""
    ranges = dict(weighted(accept)) or {"*/*": 1.0}
    weights = {media: _of_range(media, ranges) for media in offered}
    best = max(offered, key=lambda media: weights[media])
    return best if weights[best] > 0 else None


def _of_range(media: str, ranges: dict[str, float]) -> float:
    """The most specific range that covers ``media`` counts."""
    whole = f"{media.partition('/')[0]}/*"
    return next((ranges[each] for each in (media, whole, "*/*") if each in ranges), 0.0)


def _weight(parameters: Sequence[str]) -> float:
    text = next((each.removeprefix("q=") for each in parameters if each.startswith("q=")), "1")
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if math.isfinite(weight) else 0.0
