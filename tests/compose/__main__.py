"""Does what the runbook says, section by section, on the containers that `deploy/compose-test.sh` has brought up."""

from .callers import ORGANISATION, client
from .drills import activated_everywhere, all_healthy, disk_lost, dumps_restored, say, until, without_loss
from .page import do


def main() -> None:
    caller = client(ORGANISATION)
    do("Scale", 0)
    say(f"scaled: all healthy {until(all_healthy, 'health of all replicas'):.0f} s later")
    for section in ("Connect", "Watch"):
        do(section)
        say(f"{section}: as the page says")
    say(f"a rulebook that was activated decides at both replicas after {activated_everywhere():.1f} s")
    without_loss("every service replaced, one container after the other", lambda: do("Upgrade"), caller)
    without_loss("certificate, keys and a password renewed", lambda: do("Rotate"), caller)
    disk_lost(caller)
    dumps_restored(caller)
    for section in ("The journal of erasures", "Incident"):
        do(section)
        say(f"{section}: as the page says")


if __name__ == "__main__":
    main()
