"""Makes quarters.heic: run once with `pip install pillow-heif numpy` in a throw-away environment.

The encoder is no dependency of the project (its wheel carries x265, GPL-2.0); the tests read the
committed result. Quarters of the upright picture: red, green / blue, white.
"""

from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

QUARTERS = [[(200, 40, 40), (40, 160, 40)], [(40, 40, 180), (240, 240, 240)]]

if __name__ == "__main__":
    pixels = np.repeat(np.repeat(np.array(QUARTERS, np.uint8), 96, axis=0), 128, axis=1)
    image = Image.fromarray(pixels)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees: the encoder writes HEIF's own rotation box
    exif[0x010F], exif[0x0110] = "Acme", "Acme Phone 1"
    exif.get_ifd(0x8769)[0x9003] = "2026:03:14 10:11:12"
    stored = image.transpose(Image.Transpose.ROTATE_90)
    pillow_heif.register_heif_opener()
    stored.save(Path(__file__).parent / "quarters.heic", quality=90, exif=exif.tobytes())
