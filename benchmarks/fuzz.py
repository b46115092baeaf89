"""Coverage-guided fuzzing of what reads files from elsewhere: ``python -m benchmarks.fuzz --seconds 120``.

Needs atheris (Linux or macOS; ``pip install 'atheris>=3'``), which follows the tracker's own code,
Pillow's and the parsers of the standard library line by line, and keeps what reaches new ones. What must hold
is in `tests/hardening/fuzz_targets.py`. The input that breaks it is written into the folder of
``--found``, and named.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

NAMES = ("photos", "sessions", "client", "zones", "corrections")
LONGEST_BYTES = 65_536
LIMIT_PER_INPUT_S = 20
MOST_MB = 3_000
FOLLOWED = ("tracker", "PIL", "csv", "json", "tomllib", "datetime")
"""Packages whose lines count; decoders written in C are run, not followed."""


def fuzz_here(name: str, libfuzzer_options: Sequence[str]) -> None:
    """Fuzz one reader in this process; libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=list(FOLLOWED)):
        from tests.hardening import fuzz_targets

    def one(data: bytes) -> None:
        fuzz_targets.check(name, data)

    atheris.Setup([sys.argv[0], *libfuzzer_options], one)
    atheris.Fuzz()


def fuzz(name: str, seconds: int, seed: int, found: Path) -> dict[str, object]:
    """Fuzz one reader in a process of its own; gives counts and the inputs that broke it."""
    from tests.hardening.fuzz_targets import TARGETS

    with tempfile.TemporaryDirectory(prefix="smp-fuzz-") as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for number, data in enumerate(TARGETS[name].seeds()):
            (corpus / f"seed-{number:03d}").write_bytes(data)
        words = Path(folder) / "words"
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in TARGETS[name].words))
        found.mkdir(parents=True, exist_ok=True)
        known = set(found.iterdir())
        options = [
            *(str(corpus), f"-dict={words}", f"-artifact_prefix={found}/{name}-"),
            *(f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={LONGEST_BYTES}"),
            *(f"-timeout={LIMIT_PER_INPUT_S}", f"-rss_limit_mb={MOST_MB}", "-print_final_stats=1"),
        ]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.fuzz", "--here", name, *options],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    said = done.stderr + done.stdout
    runs = re.findall(r"stat::number_of_executed_units: *(\d+)", said)
    reached = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", said)
    new = sorted(path.name for path in set(found.iterdir()) - known)
    why = re.search(r"Uncaught Python exception.*?\n\n|ERROR: libFuzzer: .*", said, re.DOTALL)
    return {
        "target": name,
        "seconds": seconds,
        "seed": seed,
        "inputs": int(runs[-1]) if runs else 0,
        "edges_reached": int(reached[-1][0]) if reached else 0,
        "inputs_kept": int(reached[-1][2]) if reached else 0,
        "broken_by": new,
        "why": why.group()[-2_000:] if done.returncode and why else "",
        "exit": done.returncode,
    }


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["--here"]:
        fuzz_here(given[1], given[2:])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", choices=NAMES, action="append", help="default: each in turn")
    parser.add_argument("--seconds", type=int, default=120, help="per target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--found", type=Path, default=Path(tempfile.gettempdir()) / "smp-fuzz-found"
    )
    options = parser.parse_args(given)
    rows = [
        fuzz(name, options.seconds, options.seed, options.found) for name in options.target or NAMES
    ]
    print(json.dumps(rows, indent=1))
    return 1 if any(row["exit"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
