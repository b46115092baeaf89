"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tracker.logs import LOG_VARIABLE, LogForm

Json = Annotated[bool, typer.Option("--json", help="Machine-readable standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but failures.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more about single files.")]
Force = Annotated[bool, typer.Option("--force", help="Replace earlier results.")]
Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar="SMP_TRACKER_RECORDS",
        show_envvar=False,
        metavar="PATH_OR_URL",
        help="Folder of the records, or postgresql://...; a private folder by default.",
    ),
]
Vault = Annotated[
    str | None,
    typer.Option(
        "--vault",
        envvar="SMP_TRACKER_VAULT",
        show_envvar=False,
        metavar="PATH_OR_URL",
        help="Place of the photos, a folder or s3://...; remembered by the store.",
    ),
]
Log = Annotated[
    LogForm | None,
    typer.Option(
        "--log",
        envvar=LOG_VARIABLE,
        show_envvar=False,
        help="Tell every event on standard error: lines for people, json for a collector.",
    ),
]
IfVersion = Annotated[
    int | None,
    typer.Option(min=1, help="Change only if this is still the version (see `show` or `list`)."),
]
Today = Annotated[
    str | None, typer.Option("--today", help="Reckon from this day, YYYY-MM-DD. [default: today]")
]
WhatIfMethod = Annotated[
    str, typer.Option("--method", help="What if the sessions to come used this method.")
]
WhatIfSpacing = Annotated[
    int | None,
    typer.Option("--spacing", min=28, max=730, help="What if they came this many days apart."),
]
Page = Annotated[Path | None, typer.Option("--out", help="HTML page to write as well.")]
