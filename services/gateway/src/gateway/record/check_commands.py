"""Commands that check the ledger, or a proof from it, with files alone: no database, no service, no account is needed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from joserfc.jwk import KeySet
from rich.console import Console
from rich.progress import open as opened
from rich.table import Table

from gateway.record import heads, heads_file, proofs, verifying
from gateway.record.heads import HeadInvalid
from gateway.record.verifying import Kept, NotAnExport, Verified

KeyFiles = Annotated[
    list[Path],
    typer.Option(
        "--key", exists=True, dir_okay=False, help="Public keys, as /.well-known/ledger-keys.json or a key that you have kept."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

NO_INPUT = 2
"""Exit code for files that cannot be read; 1 is for a ledger that is not what was signed."""


def verify(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", exists=True, dir_okay=False, help="Of `stena ledger export`.")],
    kept: Annotated[
        list[Path], typer.Option("--heads", exists=True, help="Heads that were kept outside: their folder, or files of it.")
    ],
    key: KeyFiles,
    as_json: AsJson = False,
) -> None:
    """Find whatever in an export is not what was signed, and say where. Fails if there is anything."""
    try:
        known = verifying.read_heads(_head_lines(kept), _keys(key))
        with opened(export, "rb", description="Checking …", console=Console(stderr=True), transient=True) as lines:
            found = verifying.verify(lines, known)
    except NotAnExport as fault:
        _stop(str(fault))
    if as_json:
        print(json.dumps(_as_data(found, known), indent=2))
    else:
        _tell(found, known)
    raise typer.Exit(1 if found.findings else 0)


def check(
    proof: Annotated[Path, typer.Argument(metavar="PROOF", exists=True, dir_okay=False, help="The proof of one disclosure.")],
    key: KeyFiles,
) -> None:
    """Check the proof of one disclosure, as a person gets it. Fails if it proves nothing."""
    try:
        said = json.loads(proof.read_bytes())
    except ValueError:
        _stop(f"{proof}: no JSON")
    head = proofs.holds(said, _keys(key))
    if head is None:
        typer.echo("This proves nothing: it is not what stands in the ledger, or nobody with this key has signed it.", err=True)
        raise typer.Exit(1)
    told = said["told"]
    print(f"Entry {said['position']} of {head.size}, signed on {head.at:%Y-%m-%d %H:%M} UTC:")
    print(f"{told['organisation']}, {told['purpose']}, {told['operation']} {told['resource']}, {told['outcome']}, {told['at']}")


def _keys(files: list[Path]) -> KeySet:
    names = ", ".join(map(str, files))
    try:
        return heads.key_set(*(json.loads(file.read_bytes()) for file in files))
    except HeadInvalid as fault:
        _stop(f"{names}: {fault}.")
    except (ValueError, TypeError, AttributeError):
        _stop(f"{names}: no public keys. /.well-known/ledger-keys.json of the gateway gives them.")


def _head_lines(given: list[Path]) -> Iterator[bytes]:
    """The lines of files that were kept outside, or the heads of answers of GET /v1/ledger/heads."""
    for file in (each for path in given for each in (heads_file.files(path) if path.is_dir() else [path])):
        whole = file.read_bytes()
        try:
            yield from (json.dumps(each).encode() for each in json.loads(whole)["heads"])
        except (ValueError, KeyError, TypeError):
            # A copy may have been made while the last line was written: half of it is nobody's word yet.
            yield from whole[: whole.rfind(b"\n") + 1].splitlines()


def _tell(found: Verified, kept: Kept) -> None:
    console = Console()
    console.print(
        f"{found.entries} entries, {found.covered} of them below the head of {kept.last.at:%Y-%m-%d %H:%M:%S} UTC "
        f"({kept.last.size} entries); {len(kept.heads)} heads."
    )
    if found.hashes:
        console.print(f"{found.hashes} entries are there by their hash alone: their time is over.")
    if not found.findings:
        console.print("Everything that the heads cover is what was signed.")
        return
    table = Table("what", "entries", "", title="Not what was signed", title_justify="left")
    for each in found.findings:
        table.add_row(each.kind, str(each.first) if each.first == each.last else f"{each.first} to {each.last}", each.what)
    console.print(table)


def _as_data(found: Verified, kept: Kept) -> dict[str, Any]:
    return {
        "entries": found.entries,
        "covered": found.covered,
        "by_hash_alone": found.hashes,
        "head": kept.last.shown(),
        "findings": [{"kind": each.kind, "first": each.first, "last": each.last, "what": each.what} for each in found.findings],
    }


def _stop(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(NO_INPUT)
