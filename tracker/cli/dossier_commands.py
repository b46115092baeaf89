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
    app.command()(export)
    app.command()(archive)


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


def export(
    client: Code,
    kind: Annotated[
        str,
        typer.Option(
            "--as",
            help="csv, xlsx, parquet, json, fhir, dicom, before-after or deidentified.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="File to write.")],
    purpose: Annotated[
        str | None,
        typer.Option(
            help="record, teaching or publication; before-after and deidentified are for "
            "publication by default, all others for the record."
        ),
    ] = None,
    view: Annotated[str | None, typer.Option(help="Of before-after: the view.")] = None,
    portrait: Annotated[
        bool, typer.Option("--portrait", help="Of before-after: one above the other.")
    ] = False,
    dates: Annotated[
        bool, typer.Option("--dates", help="Of before-after: dates instead of days.")
    ] = False,
    name: Annotated[
        bool, typer.Option("--name", help="Of fhir and dicom: the client's name stands in it.")
    ] = False,
    confirm_no_face: Annotated[
        list[str] | None,
        typer.Option(metavar="PHOTO", help="You looked: no face is left; may be given again."),
    ] = None,
    leave_out: Annotated[
        list[str] | None,
        typer.Option(metavar="PHOTO", help="Of deidentified: without this photo."),
    ] = None,
    language: Tongue = None,
    store: Store = None,
    vault: Vault = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Export a client's result, if the consent on record allows it."""
    from tracker.cli.dossier_work import export as run
    from tracker.cli.dossier_work import export_places
    from tracker.cli.record_work import choice, opened
    from tracker.cli.terminal import UnusableError
    from tracker.dossier.before_after import Shape
    from tracker.dossier.exports import ExportOptions, Kind
    from tracker.records.consents import Purpose

    word = kind.strip().lower()
    if word not in list(Kind):
        raise UnusableError(f"--as is `{kind}`; give one of {', '.join(Kind)}")
    wanted = Kind(word)
    key = export_places(wanted, out, force)
    options = ExportOptions(
        purpose=choice(purpose, Purpose, "--purpose"),
        view=view,
        shape=Shape.PORTRAIT if portrait else Shape.SQUARE,
        with_name=name,
        show_dates=dates,
        confirmed=tuple(confirm_no_face or ()),
        left_out=tuple(leave_out or ()),
    )
    with opened(store, vault) as kept:
        return run(
            kept,
            client,
            wanted,
            out,
            options,
            key_out=key,
            language=language,
            overwrite=force,
            terminal=Terminal(as_json, quiet, verbose),
        )


def archive(
    client: Code,
    out: Annotated[Path, typer.Option("--out", help="ZIP file to write.")],
    store: Store = None,
    vault: Vault = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Write all of a client to one file: originals, records, results, checksums."""
    from tracker.cli.dossier_work import archive as run
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        terminal = Terminal(as_json, quiet, verbose)
        return run(kept, client, out, overwrite=force, terminal=terminal)
