"""What did not come out as the rulebook says. The story goes on, tells at the end, and fails."""

from collections.abc import Iterable

from rich.console import Console


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
        self._console.print(f"  [red]✗ {what}[/red]" if found else f"  [green]✓[/green] {what}", highlight=False)
        for deviation in found:
            self._console.print(f"    [red]{deviation}[/red]", highlight=False, markup=True)
