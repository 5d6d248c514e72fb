"""Does what the runbook says, section by section, on the containers that `deploy/compose-test.sh` has brought up.

python -m tests.compose [SECTION …]
"""

import sys
from collections.abc import Callable
from functools import partial

from stena_local.demo.upstreams import Client

from .callers import ORGANISATION, client
from .drills import activated_everywhere, all_healthy, disk_lost, dumps_restored, say, until, without_loss
from .page import do


def scale(_: Client) -> None:
    do("Scale", 0)
    say(f"scaled: all healthy {until(all_healthy, 'health of all replicas'):.0f} s later")
    say(f"a rulebook that was activated decides at both replicas after {activated_everywhere():.1f} s")


def upgrade(caller: Client) -> None:
    without_loss("every service replaced, one container after the other", lambda: do("Upgrade"), caller)


def rotate(caller: Client) -> None:
    without_loss("certificate, keys and a password renewed", lambda: do("Rotate"), caller)


def as_the_page_says(title: str, _: Client) -> None:
    do(title)
    say(f"{title}: as the page says")


SECTIONS: dict[str, Callable[[Client], None]] = {
    "Scale": scale,
    "Connect": partial(as_the_page_says, "Connect"),
    "Watch": partial(as_the_page_says, "Watch"),
    "Upgrade": upgrade,
    "Rotate": rotate,
    "Back up": disk_lost,
    "Restore": dumps_restored,
    "The journal of erasures": partial(as_the_page_says, "The journal of erasures"),
    "Incident": partial(as_the_page_says, "Incident"),
}


def main() -> None:
    caller = client(ORGANISATION)
    for title in sys.argv[1:] or SECTIONS:
        SECTIONS[title](caller)


if __name__ == "__main__":
    main()
