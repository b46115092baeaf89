"""The same batch on a real cluster of several processes, photos and results in a real S3 server."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.batch.conftest import results_of
from tests.cluster import CHECKOUT, Cluster, command_of, dask_cluster
from tests.s3 import BUCKET, s3_server
from tracker.batch.places import Place, open_place

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
N_CLIENTS = 4


@pytest.fixture(scope="module")
def clients(small_client: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clients of two photos, the same pair under other names and days, and one broken file."""
    root = tmp_path_factory.mktemp("cluster") / "clients"
    first, second, third = sorted(small_client.glob("*.jpg"))
    for number in range(N_CLIENTS):
        folder = root / f"client-{number}"
        folder.mkdir(parents=True)
        shutil.copy(first, folder / f"a{number}_top.jpg")
        shutil.copy((second, third)[number % 2], folder / f"b{number}_top.jpg")
    (root / "client-0" / "c_top.jpg").write_bytes(b"\xff\xd8\xff cut")
    return root


@pytest.fixture(scope="module")
def local(clients: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Results of the same clients by this computer alone."""
    out = tmp_path_factory.mktemp("local") / "out"
    run = [sys.executable, "-m", "tracker", "batch", str(clients), "--out", str(out), "-q"]
    assert subprocess.run(run, cwd=CHECKOUT, timeout=300).returncode == 1
    return results_of(out)


@pytest.fixture(scope="module")
def storage() -> Iterator[dict[str, str]]:
    """Environment of everybody who works: where the object store is."""
    with s3_server() as address:
        yield {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "tester",
            "AWS_SECRET_ACCESS_KEY": "tester",
            "AWS_REGION": "us-east-1",
        }


@pytest.fixture(scope="module")
def cluster(storage: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with dask_cluster(tmp_path_factory.mktemp("dask"), 2, storage) as running:
        yield running


@pytest.fixture
def in_storage(storage: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in storage.items():
        monkeypatch.setenv(name, value)


def upload(folder: Path, place: Place) -> None:
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        place.write(file.relative_to(folder).as_posix(), file.read_bytes())


def contents(place: Place) -> dict[str, bytes]:
    return {path: place.read(path) for path in place.names("") if not path.startswith(".smp-batch")}


@pytest.mark.usefixtures("in_storage")
def test_photos_and_results_in_s3_and_a_worker_lost_on_the_way(
    clients: Path, local: dict[str, bytes], cluster: Cluster
) -> None:
    """The command of compose.yaml, on the services of compose.yaml; results as on one computer."""
    photos = open_place(f"s3://{BUCKET}/photos")
    results = open_place(f"s3://{BUCKET}/results")
    upload(clients, photos)
    before = contents(photos)
    changes = {"tcp://scheduler:8786": cluster.address, "clinic": BUCKET}
    command = [*command_of("batch", changes), "--json"]
    run = subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 240
    while not any(results.names(".smp-batch/views")):
        assert time.monotonic() < deadline
        assert run.poll() is None, run.communicate()
        time.sleep(0.1)
    lose_a_worker(cluster)
    said, complaints = run.communicate(timeout=300)
    assert run.returncode == 1, complaints
    content = json.loads(said)
    assert (content["clients"], content["measured"]) == (N_CLIENTS, 2 * N_CLIENTS)
    assert contents(results) == local
    assert contents(photos) == before

    again = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=120)
    assert again.returncode == 1, again.stderr
    assert json.loads(again.stdout) == content
    assert contents(results) == local


def lose_a_worker(cluster: Cluster) -> None:
    """Kill a worker and the nanny that would bring it back, as when a machine goes."""
    import psutil

    nanny = psutil.Process(cluster.workers[0].pid)
    for process in (nanny, *nanny.children(recursive=True)):
        process.send_signal(signal.SIGKILL)


@pytest.mark.long
def test_a_shared_folder_does_as_well(
    clients: Path, local: dict[str, bytes], cluster: Cluster, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run = [sys.executable, "-m", "tracker", "batch", str(clients), "--out", str(out), "-q"]
    done = subprocess.run(
        [*run, "--scheduler", cluster.address],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1, done.stderr
    assert results_of(out) == local
