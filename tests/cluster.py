"""A real Dask cluster for the tests: the commands of compose.yaml, each a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).resolve().parent.parent
PROGRAMS = {"dask": "dask", "smp-tracker": "tracker", "streamlit": "streamlit"}
"""Commands of the image, and the module that each is here."""


def compose_file() -> dict[str, Any]:
    """Content of compose.yaml, with its anchors resolved."""
    content: dict[str, Any] = yaml.safe_load((CHECKOUT / "compose.yaml").read_text("utf-8"))
    return content


def command_of(service: str, changes: Mapping[str, str]) -> list[str]:
    """The command of a service as it is run here: other hosts and ports, the same words."""
    program, *words = (str(word) for word in compose_file()["services"][service]["command"])
    for old, new in changes.items():
        words = [word.replace(old, new) for word in words]
    return [sys.executable, "-m", PROGRAMS[program], *words]


@dataclass
class Cluster:
    address: str
    workers: list[subprocess.Popen[bytes]]


@contextmanager
def dask_cluster(folder: Path, n_workers: int, environment: Mapping[str, str]) -> Iterator[Cluster]:
    """Start scheduler and workers; end them with their children."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    address = f"tcp://127.0.0.1:{port}"
    with ExitStack() as running:
        scheduler = command_of("scheduler", {"0.0.0.0": "127.0.0.1", "8786": port})
        running.enter_context(_process(scheduler, folder / "scheduler.log", environment))
        _wait_for(address)
        worker = command_of(
            "worker", {"tcp://scheduler:8786": address, "/tmp": str(folder / "local")}
        )
        workers = [
            running.enter_context(_process(worker, folder / f"worker-{n}.log", environment))
            for n in range(n_workers)
        ]
        yield Cluster(address, workers)


@contextmanager
def _process(
    command: list[str], log: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=CHECKOUT, stdout=file, stderr=file, env=os.environ | dict(environment)
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(address: str) -> None:
    host, port = address.removeprefix("tcp://").split(":")
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection((host, int(port)), 1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "the scheduler did not start"
            time.sleep(0.1)
