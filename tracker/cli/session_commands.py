"""The commands `session ...` with their arguments; the work is in `visits`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tracker.cli.options import IfVersion, Json, Quiet, Store, Vault, Verbose
from tracker.cli.terminal import Terminal

session_app = typer.Typer(help="A client's removal sessions.", rich_markup_mode=None)

Number = Annotated[int, typer.Argument(metavar="SESSION", help="Its number in `session list`.")]
Method = Annotated[str | None, typer.Option(help="Method, such as Q-switched Nd:YAG.")]
Device = Annotated[str | None, typer.Option(help="Device.")]
Wavelength = Annotated[float | None, typer.Option(help="Wavelength, nm.")]
Fluence = Annotated[float | None, typer.Option(help="Fluence, J/cm2.")]
Spot = Annotated[float | None, typer.Option(help="Spot size, mm.")]
Passes = Annotated[int | None, typer.Option(help="Passes.")]
Zone = Annotated[
    list[str] | None,
    typer.Option(help="Zone treated; may be given again; none is the whole scalp."),
]
Pain = Annotated[int | None, typer.Option(help="Pain, 0 to 10.")]
Cost = Annotated[float | None, typer.Option(help="Cost of the session.")]
Currency = Annotated[str | None, typer.Option(help="Its currency, such as EUR.")]
Operator = Annotated[str | None, typer.Option(help="Who treated.")]
Notes = Annotated[str | None, typer.Option(help="Anything else.")]
PatchTest = Annotated[
    bool | None,
    typer.Option("--patch-test/--treatment", help="A patch test on a spot. [default: --treatment]"),
]


def _fields(*, zone: list[str] | None, patch_test: bool | None, **given: Any) -> dict[str, Any]:
    from tracker.cli.visits import kind_of, zones_of

    return {**given, "zones": zones_of(zone), "kind": kind_of(patch_test)}


@session_app.command()
def add(
    client: Annotated[str, typer.Argument(help="Code of the client.")],
    date: Annotated[str, typer.Option(help="Day of the session, YYYY-MM-DD.")],
    method: Method = None,
    device: Device = None,
    wavelength_nm: Wavelength = None,
    fluence_j_cm2: Fluence = None,
    spot_mm: Spot = None,
    passes: Passes = None,
    zone: Zone = None,
    pain: Pain = None,
    cost: Cost = None,
    currency: Currency = None,
    operator: Operator = None,
    notes: Notes = None,
    patch_test: PatchTest = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Keep a session."""
    from tracker.cli.record_work import opened
    from tracker.cli.visits import add as run

    fields = _fields(
        method=method,
        device=device,
        wavelength_nm=wavelength_nm,
        fluence_j_cm2=fluence_j_cm2,
        spot_mm=spot_mm,
        passes=passes,
        zone=zone,
        pain=pain,
        cost=cost,
        currency=currency,
        operator=operator,
        notes=notes,
        patch_test=patch_test,
    )
    with opened(store, vault) as kept:
        return run(kept, client, date, fields, Terminal(as_json, quiet, verbose))


@session_app.command()
def edit(
    number: Number,
    date: Annotated[str | None, typer.Option(help="Day of the session, YYYY-MM-DD.")] = None,
    method: Method = None,
    device: Device = None,
    wavelength_nm: Wavelength = None,
    fluence_j_cm2: Fluence = None,
    spot_mm: Spot = None,
    passes: Passes = None,
    zone: Zone = None,
    pain: Pain = None,
    cost: Cost = None,
    currency: Currency = None,
    operator: Operator = None,
    notes: Notes = None,
    patch_test: PatchTest = None,
    if_version: IfVersion = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Change a session; what is not given stays."""
    from tracker.cli.record_work import opened
    from tracker.cli.visits import edit as run

    fields = _fields(
        method=method,
        device=device,
        wavelength_nm=wavelength_nm,
        fluence_j_cm2=fluence_j_cm2,
        spot_mm=spot_mm,
        passes=passes,
        zone=zone,
        pain=pain,
        cost=cost,
        currency=currency,
        operator=operator,
        notes=notes,
        patch_test=patch_test,
    )
    with opened(store, vault) as kept:
        return run(kept, number, if_version, date, fields, Terminal(as_json, quiet, verbose))


@session_app.command()
def remove(
    number: Number,
    if_version: IfVersion = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Remove a session that was entered by mistake."""
    from tracker.cli.record_work import opened
    from tracker.cli.visits import remove as run

    with opened(store, vault) as kept:
        return run(kept, number, if_version, Terminal(as_json, quiet, verbose))


@session_app.command(name="list")
def list_(
    client: Annotated[str, typer.Argument(help="Code of the client.")],
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """List a client's sessions and patch tests."""
    from tracker.cli.record_work import opened
    from tracker.cli.visits import list_of

    with opened(store, vault) as kept:
        return list_of(kept, client, Terminal(as_json, quiet, verbose))
