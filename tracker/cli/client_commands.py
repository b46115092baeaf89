"""The commands `client ...` with their arguments; the work is in `clients`."""

from __future__ import annotations

from typing import Annotated

import typer

from tracker.cli.options import (
    Force,
    IfVersion,
    Json,
    Page,
    Quiet,
    Store,
    Today,
    Vault,
    Verbose,
    WhatIfMethod,
    WhatIfSpacing,
)
from tracker.cli.terminal import Terminal

client_app = typer.Typer(
    help="A client's record, plan, consents, notes, timeline and results.",
    rich_markup_mode=None,
)

Code = Annotated[str, typer.Argument(metavar="CLIENT", help="Code of the client.")]
Name = Annotated[str | None, typer.Option(help="Name, if it is to be kept at all.")]
BirthYear = Annotated[int | None, typer.Option(help="Year of birth.")]
SkinType = Annotated[str | None, typer.Option(help="Fitzpatrick I-VI.")]
Hair = Annotated[str | None, typer.Option(help="Notes on the hair.")]
Skin = Annotated[str | None, typer.Option(help="Notes on the skin.")]
SmpDate = Annotated[str | None, typer.Option(help="Day of the last SMP session, YYYY-MM-DD.")]
Pigment = Annotated[
    str | None, typer.Option(help="carbon, iron oxide, titanium dioxide or organic.")
]
Flag = Annotated[
    list[str] | None,
    typer.Option(
        help="isotretinoin, psoriasis or dermatitis, autoimmune, recent sun; may be given again; "
        "an empty one clears them."
    ),
]
HealedDays = Annotated[
    int | None,
    typer.Option(help="Days after a session from which a photo counts as healed. [default: 28]"),
]


@client_app.command()
def add(
    code: Annotated[
        str | None, typer.Argument(metavar="CLIENT", help="Code; the next free one by default.")
    ] = None,
    name: Name = None,
    birth_year: BirthYear = None,
    skin_type: SkinType = None,
    hair: Hair = None,
    skin: Skin = None,
    smp_date: SmpDate = None,
    pigment: Pigment = None,
    flag: Flag = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Keep a new client."""
    from tracker.cli.clients import add as run
    from tracker.cli.clients import client_fields, new_client
    from tracker.cli.record_work import opened

    fields = client_fields(
        name=name,
        birth_year=birth_year,
        skin_type=skin_type,
        hair=hair,
        skin=skin,
        smp_date=smp_date,
        pigment=pigment,
        flags=flag,
    )
    client = new_client(code, fields)
    with opened(store, vault, create=True) as kept:
        return run(kept, client, Terminal(as_json, quiet, verbose))


@client_app.command()
def edit(
    code: Code,
    name: Name = None,
    birth_year: BirthYear = None,
    skin_type: SkinType = None,
    hair: Hair = None,
    skin: Skin = None,
    smp_date: SmpDate = None,
    pigment: Pigment = None,
    flag: Flag = None,
    if_version: IfVersion = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Change a client's record; what is not given stays."""
    from tracker.cli.clients import client_fields
    from tracker.cli.clients import edit as run
    from tracker.cli.record_work import opened

    fields = client_fields(
        name=name,
        birth_year=birth_year,
        skin_type=skin_type,
        hair=hair,
        skin=skin,
        smp_date=smp_date,
        pigment=pigment,
        flags=flag,
    )
    with opened(store, vault) as kept:
        return run(kept, code, if_version, fields, Terminal(as_json, quiet, verbose))


@client_app.command(name="list")
def list_(
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """List all clients with their sessions and photos."""
    from tracker.cli.clients import list_all
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        return list_all(kept, Terminal(as_json, quiet, verbose))


@client_app.command()
def show(
    code: Code,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Show what is kept of a client."""
    from tracker.cli.clients import show as run
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        return run(kept, code, Terminal(as_json, quiet, verbose))


@client_app.command()
def plan(
    code: Code,
    goal: Annotated[str | None, typer.Option(help="soft fade, full removal or correction.")] = None,
    target: Annotated[
        float | None, typer.Option(help="Share of the pigment to remove, such as 0.5.")
    ] = None,
    zone: Annotated[
        list[str] | None, typer.Option(help="Zone of a correction; may be given again.")
    ] = None,
    method: Annotated[str | None, typer.Option(help="Planned method.")] = None,
    spacing_days: Annotated[
        int | None, typer.Option(help="Planned days from session to session.")
    ] = None,
    price: Annotated[float | None, typer.Option(help="Agreed price of the removal.")] = None,
    currency: Annotated[str | None, typer.Option(help="Its currency, such as EUR.")] = None,
    mm_per_px: Annotated[
        float | None, typer.Option(help="Scale of the baseline photos, mm per pixel.")
    ] = None,
    marker_mm: Annotated[
        float | None, typer.Option(help="Side of the ArUco marker in the photos, mm.")
    ] = None,
    if_version: IfVersion = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Change a client's plan; without any option show it."""
    from tracker.cli.clients import plan as run
    from tracker.cli.record_work import opened
    from tracker.cli.visits import zones_of

    fields = {
        "target": target,
        "zones": zones_of(zone),
        "method": method,
        "spacing_days": spacing_days,
        "price": price,
        "currency": currency,
        "mm_per_px": mm_per_px,
        "marker_mm": marker_mm,
    }
    with opened(store, vault) as kept:
        return run(kept, code, if_version, fields, goal, Terminal(as_json, quiet, verbose))


@client_app.command()
def consent(
    code: Code,
    level: Annotated[str, typer.Option(help="record, research, teaching or publication.")],
    date: Annotated[
        str | None, typer.Option(help="Day it was given, YYYY-MM-DD. [default: today]")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help="First day on which it holds no more, YYYY-MM-DD.")
    ] = None,
    withdrawn: Annotated[
        str | None, typer.Option(help="Day the one in force was withdrawn, YYYY-MM-DD.")
    ] = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Keep a consent, or that it was withdrawn."""
    from tracker.cli.clients import consent as run
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        return run(kept, code, level, date, expires, withdrawn, Terminal(as_json, quiet, verbose))


@client_app.command()
def note(
    code: Code,
    text: Annotated[str, typer.Argument(help="What to keep in mind.")],
    date: Annotated[str | None, typer.Option(help="Its day, YYYY-MM-DD. [default: today]")] = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Keep a note on a client."""
    from tracker.cli.clients import note as run
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        return run(kept, code, text, date, Terminal(as_json, quiet, verbose))


@client_app.command()
def timeline(
    code: Code,
    healed_days: HealedDays = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Show sessions and photos in time, with the stage of each photo."""
    from tracker.cli.clients import show_timeline
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        return show_timeline(kept, code, healed_days, Terminal(as_json, quiet, verbose))


@client_app.command()
def measure(
    code: Code,
    healed_days: HealedDays = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Measure a client's photos; what was measured before is opened."""
    from tracker.cli.clients import measure as run
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        return run(kept, code, healed_days, Terminal(as_json, quiet, verbose))


@client_app.command()
def forecast(
    code: Code,
    today: Today = None,
    method: WhatIfMethod = "",
    spacing: WhatIfSpacing = None,
    healed_days: HealedDays = None,
    out: Page = None,
    force: Force = False,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Forecast sessions, dates and cost; judge the result; say what to watch."""
    from tracker.cli.progress_work import forecast_client as run
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        return run(
            kept,
            code,
            today=today,
            method=method,
            spacing_days=spacing,
            healed_days=healed_days,
            out=out,
            overwrite=force,
            terminal=Terminal(as_json, quiet, verbose),
        )


@client_app.command()
def consult(
    code: Code,
    out: Page = None,
    force: Force = False,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Make the consultation sheet: baseline, flags, likely sessions and cost per goal."""
    from tracker.cli.progress_work import consult_client as run
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        terminal = Terminal(as_json, quiet, verbose)
        return run(kept, code, out=out, overwrite=force, terminal=terminal)


@client_app.command()
def results(
    code: Code,
    number: Annotated[
        int | None, typer.Argument(metavar="RESULT", help="One result; all without it.")
    ] = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """List a client's results; those of an earlier method are marked."""
    from tracker.cli.clients import results as run
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        return run(kept, code, number, Terminal(as_json, quiet, verbose))


@client_app.command()
def audit(
    code: Annotated[
        str | None, typer.Argument(metavar="CLIENT", help="One client; all without it.")
    ] = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Show who did what and when."""
    from tracker.cli.clients import audit as run
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        return run(kept, code, Terminal(as_json, quiet, verbose))
