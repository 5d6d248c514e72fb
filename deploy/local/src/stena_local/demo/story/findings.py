"""What did not come out as the rulebook says. The story goes on, tells at the end, and fails."""

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape


class Findings:
    """Collects deviations; prints each check's outcome where it is made."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.checks = 0
        self.deviations: list[str] = []

    def check(self, holds: bool, what: str, found: object = None) -> None:
        """``what`` is what should be the case; ``found`` is shown where it is not."""
        self.all_of([] if holds else [what if found is None else f"{what}; found: {found}"], what)

    def all_of(self, deviations: Iterable[str], what: str) -> None:
        """``what`` holds unless there are ``deviations``."""
        found = list(deviations)
        self.checks += 1
        self.deviations += found
        mark = "[red]✗[/red]" if found else "[green]✓[/green]"
        self._console.print(f"  {mark} {escape(what)}", highlight=False)
        for deviation in found:
            self._console.print(f"    [red]{escape(deviation)}[/red]", highlight=False)
