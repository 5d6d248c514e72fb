"""What a look for leaks found: sections of figures, as a table for people and as JSON for machines."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

Progress = Callable[[int, int], None]
"""Told now and then how much is done, of how much."""


def unwatched(done: int, of: int) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True)
class Figure:
    """One number, with the ``limit`` in words that it has to keep where there is one."""

    name: str
    value: int | float | str
    limit: str = ""
    kept: bool = True


@dataclass(frozen=True)
class Section:
    """``findings`` name what is wrong, one thing each, without any value of a person; ``detail`` goes into the JSON."""

    title: str
    figures: tuple[Figure, ...]
    findings: tuple[str, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kept(self) -> bool:
        return not self.findings and all(figure.kept for figure in self.figures)


def as_json(target: str, sections: Iterable[Section]) -> dict[str, Any]:
    shown = [asdict(section) | {"kept": section.kept} for section in sections]
    return {"target": target, "kept": all(section["kept"] for section in shown), "sections": shown}


def show(console: Console, section: Section, most: int = 20) -> None:
    table = Table("", "found", "limit", title=section.title, title_justify="left", title_style="bold")
    for figure in section.figures:
        style = "" if not figure.limit else "green" if figure.kept else "bold red"
        value = f"{figure.value:.3f}" if isinstance(figure.value, float) else f"{figure.value}"
        table.add_row(figure.name, f"[{style}]{escape(value)}[/]" if style else escape(value), figure.limit)
    console.print(table)
    for finding in section.findings[:most]:
        console.print(f"  [red]{escape(finding)}[/red]")
    if len(section.findings) > most:
        console.print(f"  [red]… and {len(section.findings) - most} more; all of them are in the JSON[/red]")
