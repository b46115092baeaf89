"""The command `smp-tracker`: arguments, progress, exit codes; the work is done elsewhere."""

from tracker.cli.commands import main

__all__ = ["main"]
