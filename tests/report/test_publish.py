from __future__ import annotations

import os
from pathlib import Path

import pytest

from tracker.report.publish import OutputError, check_file, publish_file, published_folder


def test_a_file_is_written_whole_and_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "new" / "dots.csv"
    publish_file(target, "a,b\n", overwrite=False)
    assert target.read_bytes() == b"a,b\n"
    with pytest.raises(OutputError, match="--force"):
        publish_file(target, "other", overwrite=False)
    publish_file(target, "other", overwrite=True)
    assert target.read_text() == "other"
    assert [p.name for p in target.parent.iterdir()] == ["dots.csv"]


def test_a_folder_or_a_file_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        check_file(tmp_path, overwrite=True)
    blocker = tmp_path / "file"
    blocker.touch()
    with pytest.raises(OutputError, match="not a folder"):
        check_file(blocker / "dots.csv", overwrite=True)
    with (
        pytest.raises(OutputError, match="not a folder"),
        published_folder(blocker, own_names=(), overwrite=True),
    ):
        pass


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_that_may_not_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="may not be written"):
        check_file(tmp_path / "dots.csv", overwrite=False)
    tmp_path.chmod(0o700)


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    with published_folder(target, own_names=("a",), overwrite=False) as work:
        (work / "a").touch()
        assert list(target.iterdir()) == []
    assert [p.name for p in target.iterdir()] == ["a"]
