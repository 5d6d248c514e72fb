"""The house's own modules as syntax trees. Nothing of them is run."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HOUSE = Path(__file__).parents[2]
PACKAGES = {
    "stena": HOUSE / "shared" / "src" / "stena",
    "gateway": HOUSE / "services" / "gateway" / "src" / "gateway",
    "policy_svc": HOUSE / "services" / "policy-svc" / "src" / "policy_svc",
    "profile_svc": HOUSE / "services" / "profile-svc" / "src" / "profile_svc",
    "matching_svc": HOUSE / "services" / "matching-svc" / "src" / "matching_svc",
    "stena_local": HOUSE / "deploy" / "local" / "src" / "stena_local",
}


@dataclass(frozen=True)
class Module:
    """``name`` is dotted, as it is imported."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]

    @property
    def within(self) -> str:
        """The name without the package: ``store.people``."""
        return self.name.partition(".")[2]

    @property
    def place(self) -> str:
        return str(self.path.relative_to(HOUSE))

    def imports(self) -> Iterator[tuple[str, int]]:
        """Every imported module with its line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module, node.lineno
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


@cache
def modules() -> tuple[Module, ...]:
    return tuple(
        Module(_dotted(package, root, path), path, ast.parse(path.read_text(), str(path)))
        for package, root in PACKAGES.items()
        for path in sorted(root.rglob("*.py"))
        if "migrations" not in path.parts
    )


def _dotted(package: str, root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join((package, *(part for part in parts if part != "__init__")))
