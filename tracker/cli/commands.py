"""Every command with its arguments. Heavy parts are imported inside, so that help is quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from tracker import __version__
from tracker.cli import dossier_commands, record_commands
from tracker.cli.options import (
    Force,
    Json,
    Log,
    Page,
    Quiet,
    Today,
    Verbose,
    WhatIfMethod,
    WhatIfSpacing,
)
from tracker.cli.options import Store as StoreOption
from tracker.cli.options import Vault as VaultOption
from tracker.cli.terminal import (
    DONE,
    INTERRUPTED,
    UNUSABLE,
    Terminal,
    UnusableError,
    stopping_cleanly,
    visible,
)
from tracker.cli.user_commands import user_app
from tracker.logs import LogForm, set_up

app = typer.Typer(
    name="smp-tracker",
    help="Measures from ordinary photos how much scalp micropigmentation is gone.",
    epilog="Exit status: 0 done; 1 some photos could not be measured; 2 wrong usage or input.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one. [default: 8501]")
]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Do not open a browser window.")]
Check = Annotated[
    bool, typer.Option("--check", help="Start the dashboard, see that it answers, and stop.")
]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"smp-tracker {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command()
def demo(
    store: Annotated[
        Path | None, typer.Option(help="Folder for the sample clients; a private one by default.")
    ] = None,
    port: Port = None,
    no_browser: NoBrowser = False,
    check: Check = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Measure the sample clients in a fresh store, then open the dashboard on them."""
    from tracker.cli.serving import demo as run

    terminal = Terminal(as_json, quiet, verbose)
    return run(store, port=port, open_browser=not no_browser, check=check, terminal=terminal)


@app.command(name="app")
def dashboard(
    store: StoreOption = None,
    vault: VaultOption = None,
    port: Port = None,
    address: Annotated[
        str, typer.Option(help="Address to serve at; 0.0.0.0 lets other computers in.")
    ] = "127.0.0.1",
    sign_in: Annotated[
        bool | None,
        typer.Option(
            "--sign-in/--no-sign-in",
            help="Ask people to sign in; by default where others can reach the dashboard.",
        ),
    ] = None,
    users: Annotated[
        Path | None,
        typer.Option(envvar="SMP_TRACKER_USERS", show_envvar=False, help="File of users."),
    ] = None,
    no_browser: NoBrowser = False,
    check: Check = False,
    log: Log = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Open the dashboard on a store; a private one is made where none is named."""
    from tracker.cli.serving import serve_store

    return serve_store(
        store,
        vault=vault,
        address=address,
        port=port,
        sign_in=sign_in,
        users=users,
        open_browser=not no_browser,
        check=check,
        log=log,
        terminal=Terminal(as_json, quiet, verbose, for_collector=log is LogForm.JSON),
    )


@app.command()
def analyse(
    folder: Annotated[Path, typer.Argument(help="Folder of one client's photos.")],
    out: Annotated[Path, typer.Option(help="Folder for the results; new or empty.")],
    baseline: Annotated[
        str | None, typer.Option(help="Photo to compare with; else the earliest measurable one.")
    ] = None,
    mm_per_px: Annotated[
        float | None, typer.Option(help="Scale of the baseline photo, mm per pixel.")
    ] = None,
    marker_mm: Annotated[
        float | None, typer.Option(help="Side of the ArUco marker in the baseline photo, mm.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Measure one client's photos: a series."""
    from tracker.cli.measuring import analyse as run

    return run(
        folder,
        out,
        baseline=baseline,
        mm_per_px=mm_per_px,
        marker_mm=marker_mm,
        overwrite=force,
        terminal=Terminal(as_json, quiet, verbose),
    )


@app.command()
def batch(
    root: Annotated[str, typer.Argument(help="Folder of the photos, or s3://bucket/prefix.")],
    out: Annotated[str, typer.Option(help="Folder for the results, or s3://bucket/prefix.")],
    pattern: Annotated[
        str, typer.Option(help='How names tell whose a photo is: "{client}_{date}_{view}".')
    ] = "",
    manifest: Annotated[
        Path | None, typer.Option(help="CSV or Excel table: photo, client, view, date.")
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=0, help="Processes on this computer; 0: one per processor.")
    ] = 0,
    memory_gb: Annotated[
        float | None, typer.Option(min=0.5, help="Memory they may take; else what is free.")
    ] = None,
    scheduler: Annotated[
        str, typer.Option(help="Address of a Dask scheduler, tcp://...: the cluster works.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan, do nothing.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Measure again what failed before.")
    ] = False,
    summary_only: Annotated[
        bool, typer.Option("--summary-only", help="No folder, picture or dots per client.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on and measure what comes in, until Ctrl-C.")
    ] = False,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 5.0,
    log: Log = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Measure many clients' photos. Stopped at any time, the same command goes on."""
    from tracker.batch.session import BatchRequest
    from tracker.cli.batching import run_batch, watch_batch

    request = BatchRequest(
        root,
        out,
        pattern=pattern,
        manifest=manifest,
        workers=jobs,
        memory_mb=None if memory_gb is None else 1000 * memory_gb,
        scheduler=scheduler,
        summary_only=summary_only,
        retry_failed=retry_failed,
        force=force,
    )
    terminal = Terminal(as_json, quiet, verbose, for_collector=log is LogForm.JSON)
    with ExitStack() as held:
        if log is not None:  # else the terminal says it all, a line for each
            held.callback(set_up(log))
        if watch:
            return watch_batch(request, seconds=every, terminal=terminal)
        return run_batch(request, dry_run=dry_run, terminal=terminal)


@app.command()
def forecast(
    folder: Annotated[Path, typer.Argument(help="Folder of one client's photos.")],
    today: Today = None,
    method: WhatIfMethod = "",
    spacing: WhatIfSpacing = None,
    healed_days: Annotated[
        int | None, typer.Option(help="Days after a session from which a photo counts as healed.")
    ] = None,
    out: Page = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Forecast sessions, dates and cost; judge the result; say what to watch."""
    from tracker.cli.progress_work import forecast as run

    return run(
        folder,
        today=today,
        method=method,
        spacing_days=spacing,
        healed_days=healed_days,
        out=out,
        overwrite=force,
        terminal=Terminal(as_json, quiet, verbose),
    )


@app.command()
def consult(
    folder: Annotated[Path, typer.Argument(help="Folder of one client's photos.")],
    out: Page = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Make the consultation sheet: baseline, flags, likely sessions and cost per goal."""
    from tracker.cli.progress_work import consult as run

    terminal = Terminal(as_json, quiet, verbose)
    return run(folder, out=out, overwrite=force, terminal=terminal)


@app.command()
def detect(
    photo: Annotated[Path, typer.Argument(help="Any picture of skin from 128 px up.")],
    out: Annotated[Path | None, typer.Option(help="CSV file; standard output without it.")] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Find the dots of one photo."""
    from tracker.cli.measuring import detect as run

    return run(photo, out, overwrite=force, terminal=Terminal(as_json, quiet, verbose))


@app.command()
def register(
    reference: Annotated[Path, typer.Argument(help="The photo that stays.")],
    moving: Annotated[Path, typer.Argument(help="The photo that is aligned with it.")],
    points: Annotated[
        Path | None, typer.Option(help="CSV of places in REFERENCE: x_px, y_px.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="CSV to write: the same with moving_x_px, moving_y_px.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Align two photos: where do these points lie in the other photo."""
    from tracker.cli.measuring import register as run

    terminal = Terminal(as_json, quiet, verbose)
    return run(reference, moving, points, out, overwrite=force, terminal=terminal)


@app.command()
def render(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the client.")],
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same client.")] = 0,
    preset: Annotated[str, typer.Option(help="Kind of scene; see the message for a wrong one.")] = (
        "clinic"
    ),
    view: Annotated[
        list[str] | None, typer.Option(help="View to render; may be given again. [default: top]")
    ] = None,
    photos: Annotated[int, typer.Option(min=1, help="Photos per view.")] = 5,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Render a synthetic client with its truth."""
    from tracker.cli.rendering import render as run

    return run(
        folder,
        seed=seed,
        preset=preset,
        views=tuple(view or ("top",)),
        n_photos=photos,
        overwrite=force,
        terminal=Terminal(as_json, quiet, verbose),
    )


@app.command(name="self-check")
def self_check(
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Rendered scalps, four photos each. [default: 6]")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first one.")] = 1,
    quick: Annotated[bool, typer.Option("--quick", help="Two scalps only.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Measure rendered truth and null pairs: error, bias, interval coverage, repeatability."""
    from tracker.cli.checking import self_check as run
    from tracker.self_check import QUICK_SERIES, SERIES

    n_series = seeds or (QUICK_SERIES if quick else SERIES)
    return run(n_series, seed, terminal=Terminal(as_json, quiet, verbose))


record_commands.register(app)
dossier_commands.register(app)
app.add_typer(user_app, name="user")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status. Every failure a person can mend is one line."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with stopping_cleanly():
            return _run(lambda: app(given or ["--help"], "smp-tracker", standalone_mode=False))
    finally:
        _close_quietly()


def _run(command: Callable[[], object]) -> int:
    try:
        status = command()
    except TyperException as error:
        words = " ".join(error.format_message().split())
        return _fail(f"{words.rstrip('.')}; try smp-tracker --help")
    except UnusableError as error:
        return _fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        _fail("stopped; nothing was written")
        return INTERRUPTED
    except BrokenPipeError:
        return DONE  # the reader, such as `head`, has seen enough
    except Exception as error:
        line = _known_failure(error)
        if line is None:
            raise
        return _fail(line)
    return status if isinstance(status, int) else DONE


def _known_failure(error: Exception) -> str | None:
    """The line of a failure that input or disk caused; None for a fault of the program."""
    if isinstance(error, MemoryError):
        return "there is not enough memory; close other programs or use smaller photos"
    from tracker.photos import PhotoError
    from tracker.record_files import FolderError
    from tracker.records import RecordError
    from tracker.report.publish import OutputError

    if isinstance(error, PhotoError | FolderError | OutputError | RecordError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror.lower()}; check the name, its permissions and the disk"
    return None


def _fail(line: str) -> int:
    print(f"smp-tracker: {visible(' '.join(line.split()))}", file=sys.stderr)
    return UNUSABLE


def _close_quietly() -> None:
    """Leave without Python's complaint where the reader of standard output has gone."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
