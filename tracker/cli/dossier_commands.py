"""The commands on a client's documents, with their arguments; the work is in `dossier_work`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tracker.cli.options import Force, Json, Quiet, Store, Vault, Verbose
from tracker.cli.terminal import Terminal

Code = Annotated[str, typer.Argument(metavar="CLIENT", help="Code of the client.")]
Tongue = Annotated[
    str | None, typer.Option("--language", help="en, es or de; the clinic's by default.")
]
Sheet = Annotated[
    str | None, typer.Option("--paper", help="a4 or letter; the clinic's by default.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(report)
    app.command()(clinic)


def report(
    client: Code,
    out: Annotated[Path, typer.Option("--out", help="File to write: .pdf or .html.")],
    language: Tongue = None,
    paper: Sheet = None,
    name: Annotated[
        bool, typer.Option("--name", help="The client's name stands in it, not only the code.")
    ] = False,
    healed_days: Annotated[
        int | None,
        typer.Option(help="Days after a session from which a photo is healed. [default: 28]"),
    ] = None,
    store: Store = None,
    vault: Vault = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Write the healed-result report of a client."""
    from tracker.cli.dossier_work import check_report_place
    from tracker.cli.dossier_work import report as run
    from tracker.cli.record_work import opened

    check_report_place(out, force)
    with opened(store, vault) as kept:
        return run(
            kept,
            client,
            out,
            language=language,
            paper=paper,
            with_name=name,
            healed_days=healed_days,
            overwrite=force,
            terminal=Terminal(as_json, quiet, verbose),
        )


def clinic(
    name: Annotated[str | None, typer.Option(help="Name of the clinic.")] = None,
    line: Annotated[
        list[str] | None, typer.Option(help="Line of address; may be given again, up to five.")
    ] = None,
    logo: Annotated[Path | None, typer.Option(help="Picture file of the logo.")] = None,
    no_logo: Annotated[bool, typer.Option("--no-logo", help="Take the logo away.")] = False,
    language: Annotated[str | None, typer.Option(help="Of reports: en, es or de.")] = None,
    paper: Annotated[str | None, typer.Option(help="Of reports: a4 or letter.")] = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Show or change what reports show of the clinic."""
    from tracker.cli.dossier_work import clinic as run
    from tracker.cli.record_work import opened

    with opened(store, vault, create=True) as kept:
        return run(
            kept,
            name=name,
            lines=line,
            logo=logo,
            no_logo=no_logo,
            language=language,
            paper=paper,
            terminal=Terminal(as_json, quiet, verbose),
        )
