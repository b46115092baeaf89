import numpy as np
import pytest

from tests.measure.painted_skin import texture
from tracker.measure.round_spots import BAND_ROWS, round_spots


def drawn(shape: tuple[int, int]) -> np.ndarray:
    """A spot of 2.5 px at (40, 30), and a hair as dark and as wide along the row 80."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    spot = 0.3 * np.exp(-((x - 40) ** 2 + (y - 30) ** 2) / (2 * 2.5**2))
    return (spot + 0.3 * np.exp(-((y - 80) ** 2) / (2 * 2.5**2))).astype(np.float32)


def test_a_spot_shows_and_a_hair_does_not() -> None:
    found = round_spots(drawn((120, 160)))
    assert np.unravel_index(found.argmax(), found.shape) == (30, 40)
    assert found[80, 20:140].max() == 0
    assert found[5, 140] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("rows", [1, BAND_ROWS - 1, BAND_ROWS, BAND_ROWS + 1, 3 * BAND_ROWS + 7])
def test_bands_leave_no_seam(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    skin = texture((rows, 90), np.random.default_rng(2)).astype(np.float32)
    in_bands = round_spots(skin)
    monkeypatch.setattr("tracker.measure.round_spots.BAND_ROWS", 10_000)
    assert np.array_equal(in_bands, round_spots(skin))
