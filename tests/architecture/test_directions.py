"""Who may use what. Each rule prints its reason; the graph between packages is import-linter's (pyproject.toml)."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .modules import HOUSE, Module, modules

WEB = ("fastapi", "starlette")
SQL = ("sqlalchemy", "asyncpg")
HTTP = ("httpx", "httpx_aiohttp", "aiohttp")

PURE = {
    "gateway": "firewall calls redaction eligibility gate_words "
    "identity following cursors export_formats filters languages edge.negotiation "
    "access_formats disclosing holding credentials.issuers credentials.outside_tokens",
    "policy_svc": "abac formulas relations residuals plans decisions rules rulebook vocabulary record_facts approvals golden",
    "profile_svc": "disclosure filtering persons facts derived right_to_work feed sealing masking objections keeping durations "
    "audit.statistics audit.cells audit.comparing audit.groups audit.report",
    "matching_svc": "scoring gates gates_work gates_licences gates_conditions eligibility opportunities "
    "explanations features model ranking concepts index knowledge scale numbering wanted "
    "people_columns people_measures people_ranking people_search shelf "
    "offers_columns offers_measures offers_shelf gaps places "
    "vocabulary vocabulary_texts vocabulary_answers concepts_text concepts_grams "
    "concepts_latent concepts_index concepts_search linking esco.edition esco.checks esco.labels "
    "allocation.problem allocation.prices allocation.flow allocation.program allocation.infeasible allocation.floors "
    "allocation.solving allocation.explaining allocation.stable allocation.online allocation.alike allocation.building "
    "allocation.refusing allocation.task allocation.coverage allocation.gating allocation.proposing "
    "allocation_tasks allocation_worker",
    "stena": "contracts.access contracts.catalogue contracts.condition contracts.fairness contracts.matching contracts.profile",
}
"""Modules that decide, redact, score or gate: they can be read and tested without a server."""

RULES = [
    ("py_abac", r"policy_svc\.abac", "py-abac is the language of rules; its evaluator must not be in reach of a decision"),
    *(
        (name, r".*\.upstreams|stena_local\.testing", "calls to others live in upstreams, where each has its time limit")
        for name in HTTP
    ),
    *(
        (
            name,
            r".*\.(store(\..*)?|(\w+_)?tables|ledger)|stena\.(database|migrations|settings|statements)|stena_local\..*",
            "SQL lives in store, tables and ledger: whoever looks for what touches data looks there",
        )
        for name in SQL
    ),
]
ALLOWED_BESIDE = {
    # The transport's type, so that tests can keep the services in one process.
    ("httpx", "main"),
    ("httpx", "upstreams"),
    # The engine's or the URL's type; no statement is made there.
    ("sqlalchemy", "settings"),
    ("sqlalchemy", "commands"),
    ("sqlalchemy", "main"),
}


def _uses(module: Module, library: str) -> list[int]:
    return [line for name, line in module.imports() if name.partition(".")[0] == library]


@pytest.mark.parametrize(("library", "places", "reason"), RULES, ids=[rule[0] for rule in RULES])
def test_a_library_is_used_where_it_belongs(library: str, places: str, reason: str) -> None:
    strays = [
        f"{module.place}:{lines[0]}"
        for module in modules()
        if (lines := _uses(module, library))
        and not re.fullmatch(places, module.name)
        and (library, module.within) not in ALLOWED_BESIDE
    ]
    assert not strays, f"{library} is imported in {', '.join(strays)}: {reason}."


def test_what_decides_is_pure() -> None:
    wanted = {f"{package}.{name}" for package, names in PURE.items() for name in names.split()}
    known = {module.name: module for module in modules()}
    assert wanted <= known.keys(), f"named here and not there: {wanted - known.keys()}"
    strays = [
        f"{known[name].place}:{lines[0]} imports {library}"
        for name in sorted(wanted)
        for library in (*WEB, *SQL, *HTTP)
        if (lines := _uses(known[name], library))
    ]
    assert not strays, f"{strays}: what decides must be readable, and testable, without a server or a database."


def test_contracts_need_pydantic_and_nothing_else() -> None:
    allowed = sys.stdlib_module_names | {"pydantic", "stena"}
    strays = [
        f"{module.place}:{line} imports {name}"
        for module in modules()
        if module.name.startswith("stena.contracts")
        for name, line in module.imports()
        if name.partition(".")[0] not in allowed or (name.startswith("stena.") and not name.startswith("stena.contracts"))
    ]
    assert not strays, f"{strays}: what crosses a wire must be readable by anybody who has pydantic."


def test_the_environment_is_read_in_settings_alone() -> None:
    strays = [
        f"{module.place}:{node.lineno}"
        for module in modules()
        if not module.name.endswith(".settings")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    ]
    assert not strays, f"{strays}: an operator finds every switch in settings.py, and nowhere else."


def test_only_commands_print() -> None:
    may = re.compile(r".*\.(commands|main|report)|stena_local\..*|.*_commands")
    strays = [
        f"{module.place}:{node.lineno}"
        for module in modules()
        if not may.fullmatch(module.name)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not strays, f"{strays}: a service speaks through its log, which holds no values."


def test_modules_and_functions_stay_small() -> None:
    long_modules = [module.place for module in modules() if len(module.path.read_text().splitlines()) > 300]
    assert not long_modules, f"{long_modules}: over 300 lines, look for the second thing that a module does."
    long_functions = [
        f"{module.place}:{node.lineno} {node.name}"
        for module in modules()
        for node in module.functions()
        if (node.end_lineno or node.lineno) - node.lineno >= 50
    ]
    assert not long_functions, f"{long_functions}: over 50 lines, look for the second thing that a function does."


def test_dependencies_of_routes_are_async() -> None:
    """Only of the form ``Depends(name)`` with the function in the same package."""
    plain = {
        (module.package, node.name): f"{module.place}:{node.lineno}"
        for module in modules()
        for node in module.functions()
        if isinstance(node, ast.FunctionDef)
    }
    asked = {
        (module.package, argument.id)
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Depends"
        for argument in node.args
        if isinstance(argument, ast.Name)
    }
    strays = [plain[name] for name in sorted(asked & plain.keys())]
    assert not strays, f"{strays}: FastAPI runs a plain function in a thread; that costs more than most of them do."


def test_the_graph_between_packages() -> None:
    """import-linter's contracts of pyproject.toml: services never import each other, and `stena` imports no service."""
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert command, "import-linter is not installed: make setup"
    done = subprocess.run([command, "--no-cache"], cwd=HOUSE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
