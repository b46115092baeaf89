"""What the tracker is made of and what is known against it: ``make audit``.

Writes the CycloneDX bill of materials of the image's lock (every package with version and hashes), and
asks pip-audit's service for known vulnerabilities of the same packages. The first needs no network. A
service that does not answer, or answers of no package at all, is said, never taken for "none known".
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    XsUri,
)
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

ROOT = Path(__file__).parents[2]
EVERYTHING = ROOT / "requirements-cluster.lock"
"""All of requirements.lock, and the extras: what the image holds."""
PER_ANSWER_S = 10
LIMIT_S = 90
UNREACHABLE = 3
"""Exit code where nobody answered: neither good nor bad."""


Locked = dict[tuple[str, str], frozenset[str]]
"""SHA-256 of the files of each package, by its name and version."""


@dataclass(frozen=True)
class Answer:
    """What the service says of the packages it was asked for."""

    audited: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    """Packages of which the service knows nothing."""
    vulnerable: tuple[str, ...] = ()
    """A line each: package, version, what is known, where it is mended."""
    silence: str = ""
    """Why there is no answer."""


def packages(lock: Path) -> Locked:
    """The packages of a lock, read line by line; some in two versions, for two of Python."""
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    return {
        (named[1], named[2]): frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
        for line in text.splitlines()
        if (named := re.match(r"([A-Za-z0-9._-]+)==(\S+)", line))
    }


def bill_of_materials(lock: Path) -> dict[str, Any]:
    """The CycloneDX bill of materials of a lock, the same each time.

    Of the library, not of its command line: that brings a validator which takes seconds to load
    into every program that draws a chart.
    """
    whole = Bom(
        components=[
            _component(name, version, found) for (name, version), found in packages(lock).items()
        ],
        serial_number=uuid5(NAMESPACE_URL, sha256(lock.read_bytes()).hexdigest()),
        metadata=BomMetaData(timestamp=datetime(2026, 1, 1, tzinfo=UTC)),
    )
    said: dict[str, Any] = json.loads(JsonV1Dot6(whole).output_as_string())
    # When it was written is no part of what is in it.
    del said["metadata"]["timestamp"]
    return said


def _component(name: str, version: str, found: frozenset[str]) -> Component:
    origin = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(f"https://pypi.org/project/{name}/{version}/"),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in found],
    )
    return Component(
        name=name,
        version=version,
        bom_ref=f"{name}=={version}",
        purl=PackageURL("pypi", name=name, version=version),
        external_references=[origin],
    )


def ask(lock: Path) -> Answer:
    """What pip-audit's service knows against the packages of a lock for this Python and system."""
    command = [
        *(sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--format", "json"),
        *("--disable-pip", "--require-hashes", "--progress-spinner", "off"),
        *("--timeout", str(PER_ANSWER_S)),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return Answer(silence=f"no whole answer within {LIMIT_S} s")
    try:
        said = json.loads(done.stdout)
    except json.JSONDecodeError:
        return Answer(silence=(done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1])
    return understood(said)


def understood(said: dict[str, Any]) -> Answer:
    """pip-audit's own JSON as an answer; of packages that it skipped it knows nothing."""
    audited, unknown, vulnerable = [], [], []
    for package in said["dependencies"]:
        if "skip_reason" in package:
            unknown.append(package["name"])
            continue
        audited.append(package["name"])
        for known in package["vulns"]:
            mended = ", ".join(known["fix_versions"]) or "no version"
            vulnerable.append(
                f"{package['name']} {package['version']}: {known['id']}, mended in {mended}"
            )
    silence = "" if audited else "the service knows none of the packages"
    return Answer(tuple(audited), tuple(unknown), tuple(vulnerable), silence)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the bill of materials, print the answer; 1 for a known vulnerability, 3 for no answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lock", type=Path, default=EVERYTHING)
    parser.add_argument("--bill", type=Path, default=ROOT / "bill-of-materials.cdx.json")
    given = parser.parse_args(arguments)
    bill = bill_of_materials(given.lock)
    given.bill.write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")
    tell = sys.stdout.write
    tell(f"{given.bill.name}: {len(bill['components'])} packages of {given.lock.name}\n")
    answer = ask(given.lock)
    if answer.silence:
        tell(f"vulnerabilities: not known, the service did not answer: {answer.silence}\n")
        return UNREACHABLE
    tell("".join(f"{line}\n" for line in answer.vulnerable))
    tell(f"vulnerabilities: {len(answer.vulnerable)} known in {len(answer.audited)} packages\n")
    if answer.unknown:
        tell("not known to the service: " + ", ".join(answer.unknown) + "\n")
    return 1 if answer.vulnerable else 0


if __name__ == "__main__":
    sys.exit(main())
