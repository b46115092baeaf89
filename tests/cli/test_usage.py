"""Usage, exit codes and single lines: nothing here measures a whole series."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tracker import __version__
from tracker.cli import commands, main

COMMANDS = ("demo", "app", "analyse", "batch", "detect", "register", "render", "self-check")


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


@pytest.fixture
def client(tmp_path: Path) -> Path:
    folder = tmp_path / "client"
    folder.mkdir()
    Image.new("RGB", (200, 200), (200, 160, 140)).save(folder / "a.png")
    return folder


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"smp-tracker {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    text = capsys.readouterr().out
    assert "Usage:" in text
    assert "--quiet" in text


def test_no_arguments_show_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    text = capsys.readouterr().out
    for command in COMMANDS:
        assert f"  {command}" in text


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["nonsense"], "No such command"),
        (["analyse"], "Missing argument"),
        (["analyse", "x"], "Missing option '--out'"),
        (["analyse", "x", "--out", "y", "--colour"], "No such option"),
        (["analyse", "x", "--out", "y", "--mm-per-px", "small"], "--mm-per-px"),
        (["analyse", "x", "--out", "y", "--mm-per-px", "-1"], "--mm-per-px is -1"),
        (["analyse", "x", "--out", "y", "--marker-mm", "nan"], "--marker-mm is nan"),
        (["analyse", "no_such_folder", "--out", "y"], "no such folder"),
        (["batch", "no_such_folder", "--out", "y"], "no such folder"),
        (["detect", "no_such.jpg", "--out", "y.csv"], "no_such.jpg: does not exist"),
        (["register", "no_such.jpg", "other.jpg"], "no_such.jpg: does not exist"),
        (["register", "a.jpg", "b.jpg", "--points", "p.csv"], "belong together"),
        (["render", "x", "--preset", "moon"], "preset must be one of"),
        (["render", "x", "--view", "below"], "--view is below"),
        (["app", "--store", "no_such_folder"], "no such folder"),
        (["app", "--port", "99999"], "--port"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_status_2(
    arguments: list[str],
    what: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = lines(said.err)
    assert line.startswith("smp-tracker: ")
    assert what in line
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_the_program_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise ZeroDivisionError("a fault")

    monkeypatch.setattr(commands, "app", broken)
    with pytest.raises(ZeroDivisionError):
        main(["analyse"])


def test_stopping_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "app", stopped)
    assert main(["analyse"]) == 130
    assert lines(capsys.readouterr().err) == ["smp-tracker: stopped; nothing was written"]


def test_a_disk_that_refuses_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied", "clients")

    monkeypatch.setattr(commands, "app", refused)
    assert main(["batch"]) == 2
    (line,) = lines(capsys.readouterr().err)
    assert line.startswith("smp-tracker: clients: permission denied; check")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_being_told_to_end_leaves_nothing_behind(tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from tracker.cli import commands
from tracker.report.publish import published_folder

def app(*_arguments, **_options):
    with published_folder(Path({str(tmp_path / "out")!r}), own_names=(), overwrite=False) as work:
        (work / "photos.csv").touch()
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()

commands.app = app
raise SystemExit(commands.main(["analyse"]))
"""
    root = Path(commands.__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 130
    assert lines(ended.stderr) == ["smp-tracker: stopped; nothing was written"]
    assert list(tmp_path.iterdir()) == []


def test_the_table_of_dots_goes_to_standard_output(
    client: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["detect", str(client / "a.png"), "--quiet"]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("x_px,y_px,fwhm_px,contrast,pigment,snr,kind\n", "")
    assert main(["detect", str(client / "a.png"), "--json", "--quiet"]) == 0
    assert json.loads(capsys.readouterr().out)["dots"] == []


def test_unusable_folders(client: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out")
    (client / "sessions.csv").write_text("date\nyesterday\n")
    assert main(["analyse", str(client), "--out", out]) == 2
    assert "sessions.csv, line 2" in capsys.readouterr().err
    (client / "sessions.csv").unlink()
    assert main(["analyse", str(client), "--out", out, "--baseline", "b.png"]) == 2
    assert "it holds a.png" in capsys.readouterr().err
    assert main(["analyse", str(client), "--out", str(client)]) == 2
    assert "holds other files (a.png)" in capsys.readouterr().err
    assert main(["analyse", str(client), "--out", str(client / "a.png")]) == 2
    assert "is a file" in capsys.readouterr().err
    assert main(["batch", str(client), "--out", out]) == 2
    assert "smp-tracker analyse" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_no_scalp_in_view_is_a_refusal_with_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "wall"
    folder.mkdir()
    grey = np.full((300, 400, 3), 128, np.uint8)
    Image.fromarray(grey).save(folder / "wall.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut")
    out = tmp_path / "out"
    assert main(["analyse", str(folder), "--out", str(out)]) == 1
    said = capsys.readouterr()
    reasons = sorted(lines(said.err))
    assert len(reasons) == 2
    assert reasons[0].startswith("broken.jpg: not measured: is damaged")
    assert reasons[1].startswith("wall.png: not measured: ")
    assert "refused" in said.out
    assert (out / "photos.csv").read_text().count("refused") == 2
    assert (out / "dots.csv").read_text().count("\n") == 1


def test_detect_writes_a_table_even_without_dots(
    client: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "dots.csv"
    arguments = ["detect", str(client / "a.png"), "--out", str(out)]
    assert main([*arguments, "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["counts"] == {"dot": 0, "hair": 0, "undecided": 0}
    assert out.read_text() == "x_px,y_px,fwhm_px,contrast,pigment,snr,kind\n"
    assert main(arguments) == 2
    assert "--force" in capsys.readouterr().err
    assert main([*arguments, "--force", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_photos_that_cannot_be_registered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(3)
    for name in ("a.png", "b.png"):
        noise = rng.integers(90, 110, (300, 300, 1)) + np.array([90, 50, 30])
        Image.fromarray(noise.astype(np.uint8)).save(tmp_path / name)
    points = tmp_path / "points.csv"
    points.write_text("x_px,y_px\n10,20\n")
    pair = ["register", str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    out = tmp_path / "out.csv"
    assert main([*pair, "--points", str(points), "--out", str(out)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = lines(said.err)
    assert line.startswith("b.png: not registered to a.png: ")
    assert not out.exists()
    assert main([*pair, "--json"]) == 1
    content = json.loads(capsys.readouterr().out)
    assert content["registered"] is False
    assert content["reason"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a,b\n1,2\n", "line 1: has no column x_px"),
        ("", "line 1: has no column x_px"),
        ("x_px,y_px\n1,2\n3,\n", "line 3"),
        ("x_px,y_px\n1,inf\n", "line 2"),
    ],
)
def test_bad_points(
    client: Path, tmp_path: Path, text: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    points = tmp_path / "points.csv"
    points.write_text(text)
    photo = str(client / "a.png")
    options = ["--points", str(points), "--out", str(tmp_path / "out.csv")]
    assert main(["register", photo, photo, *options]) == 2
    assert what in capsys.readouterr().err


def test_as_a_program_it_exits_with_the_status_and_no_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tracker", "analyse", "none", "--out", str(tmp_path / "o")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "smp-tracker: none: there is no such folder; check the name\n"
    assert not re.search("Traceback", done.stderr)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes close differently")
def test_a_reader_that_leaves_early_is_no_failure() -> None:
    done = subprocess.run(
        f"'{sys.executable}' -m tracker --help | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
