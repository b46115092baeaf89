"""What alignment remembers of one photo: a flattened small picture and its described keypoints.

The picture is the optical density of (G + R) / 2 with illumination taken out and every place brought
to the same local contrast, so that dense pigment, stubble and bare skin all carry keypoints.
Keypoints are SIFT extrema [1]_; their descriptors are upright (all turned by one common angle, not each
by its own gradient) and cover `DESCRIPTOR_WIDENING` times SIFT's usual neighbourhood, normalised
as RootSIFT [2]_. On real with/without pairs this tripled the right matches and took the share of right ones
from 48-75 % to 95-99 %: a dot or hair alone looks like any other, the pattern of its neighbours does not, and
two photos of one head are hardly turned.

References
----------
.. [1] D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60, 91-110 (2004).
.. [2] R. Arandjelovic, A. Zisserman, "Three things everyone should know to improve object retrieval",
   CVPR 2012.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.measure.geometry import Frame, Points, reduced_frame
from tracker.measure.luminance import DARKEST_LINEAR, BoolArray, FloatArray, SrgbArray, linear_rgb

Descriptors = NDArray[np.float16]

WORKING_SCALE = 0.5
"""Half resolution of a phone photo: dots 4-8 px wide become 2-4 px, SIFT's finest octaves."""
WORKING_LONG_SIDE_PX = 1400
"""Larger photos are reduced further; smaller ones less, down to `WORKING_SHORT_PHOTO_PX`."""
SMALL_PHOTO_PX = 1000
"""A photo is not reduced below this long side."""
MAX_KEYPOINTS = 8000
"""Fewer lose the hard pairs (4 000 did)."""
DESCRIPTOR_WIDENING = 1.75
PRE_BLUR_PX = 0.7
BACKGROUND_SHARE = 1 / 70
"""Blur that takes the background out, over the long side."""
CONTRAST_SHARE = 1 / 35
"""Neighbourhood of the local contrast, over the long side."""
CONTRAST_FLOOR = 0.1
"""Local contrast is taken as at least this share of its 90th percentile: keeps wall noise small."""
GREY_PER_SD = 40.0
SIFT_CONTRAST = 0.01


@dataclass(frozen=True, eq=False)
class Keypoints:
    """Keypoints of a working picture: equal-length columns.

    Attributes
    ----------
    xy_px : ndarray of shape (n, 2)
        Places in working pixels.
    size_px : ndarray of shape (n,)
        SIFT diameter.
    octave : ndarray of shape (n,)
        OpenCV's packed octave and layer.
    """

    xy_px: Points
    size_px: NDArray[np.float32]
    octave: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.xy_px)


@dataclass(frozen=True, eq=False)
class PhotoFeatures:
    """Everything that aligning one photo needs; about 5 MB.

    Attributes
    ----------
    frame : Frame
        Full and working resolution.
    flat : ndarray of shape (h, w), uint8
        The flattened working picture.
    region : ndarray of shape (h, w), bool
        Where skin is, in working pixels.
    keypoints : Keypoints
    descriptors : ndarray of shape (n, 128), float16
        Upright RootSIFT descriptors.
    """

    frame: Frame
    flat: NDArray[np.uint8]
    region: BoolArray
    keypoints: Keypoints
    descriptors: Descriptors

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the photo at full resolution."""
        return self.frame.shape

    def described(self, turn_deg: float) -> Descriptors:
        """Descriptors as if the photo had been turned back by `turn_deg` (x towards y)."""
        if turn_deg == 0:
            return self.descriptors
        return _describe(self.flat, self.keypoints, np.full(len(self.keypoints), turn_deg))


def extract_features(srgb: SrgbArray, region: BoolArray | None = None) -> PhotoFeatures:
    """Describe a photo for alignment.

    Parameters
    ----------
    srgb : ndarray of shape (H, W, 3)
        Encoded sRGB pixels, uint8 or uint16.
    region : ndarray of shape (H, W), bool, optional
        Where skin is; without it the whole frame counts and places without texture stay empty.

    Raises
    ------
    ValueError
        If `srgb` is no colour picture or `region` has another shape.
    """
    if srgb.ndim != 3 or srgb.shape[2] != 3:
        raise ValueError(f"srgb must have shape (H, W, 3), got {srgb.shape}")
    shape = (srgb.shape[0], srgb.shape[1])
    if region is not None and region.shape != shape:
        raise ValueError(f"region must have shape {shape}, got {region.shape}")
    frame = reduced_frame(shape, working_scale(max(shape)))
    h, w = frame.working_shape
    small = cv2.resize(srgb, (w, h), interpolation=cv2.INTER_AREA)
    contrast, flat = flatten(_green_red_density(small))
    if region is None:
        skin = contrast
    else:
        skin = cv2.resize(region.astype(np.uint8), (w, h), interpolation=cv2.INTER_AREA) > 0
    keypoints = _detect(flat, skin)
    descriptors = _describe(flat, keypoints, np.zeros(len(keypoints)))
    return PhotoFeatures(frame, flat, skin, keypoints, descriptors)


def working_scale(long_side_px: int) -> float:
    """Working pixels per full pixel of a photo with this long side."""
    scale = min(WORKING_SCALE, WORKING_LONG_SIDE_PX / long_side_px)
    return min(1.0, max(scale, SMALL_PHOTO_PX / long_side_px))


def _green_red_density(srgb: SrgbArray) -> FloatArray:
    linear = linear_rgb(srgb)
    mean = (linear[:, :, 0] + linear[:, :, 1]) / 2
    density: FloatArray = -np.log10(np.maximum(mean, DARKEST_LINEAR))
    return density


def flatten(density: FloatArray) -> tuple[BoolArray, NDArray[np.uint8]]:
    """Take illumination and local contrast out of an optical density picture.

    Returns
    -------
    textured : ndarray of shape (h, w), bool
        Where the local contrast is above its floor.
    flat : ndarray of shape (h, w), uint8
        128 + `GREY_PER_SD` per local standard deviation.
    """
    long_side = max(density.shape)
    smooth = cv2.GaussianBlur(density, (0, 0), PRE_BLUR_PX)
    detail = smooth - _wide_blur(smooth, BACKGROUND_SHARE * long_side)
    contrast = np.sqrt(np.maximum(_wide_blur(detail * detail, CONTRAST_SHARE * long_side), 0))
    floor = max(CONTRAST_FLOOR * float(np.percentile(contrast[::4, ::4], 90)), 1e-6)
    flat = np.clip(128 + GREY_PER_SD * detail / np.maximum(contrast, floor), 0, 255)
    return contrast > floor, flat.astype(np.uint8)


def _wide_blur(image: FloatArray, sigma_px: float) -> FloatArray:
    """Gaussian blur; at a wide sigma on a reduced picture, where it costs little and errs less than 1 %."""
    reduce = int(sigma_px // 4)
    if reduce < 2:
        return cv2.GaussianBlur(image, (0, 0), max(sigma_px, 0.5)).astype(np.float32, copy=False)
    h, w = image.shape
    small = cv2.resize(
        image, (max(1, w // reduce), max(1, h // reduce)), interpolation=cv2.INTER_AREA
    )
    small = cv2.GaussianBlur(small, (0, 0), sigma_px / reduce)
    return cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)


def _sift() -> cv2.SIFT:
    return cv2.SIFT.create(nfeatures=0, contrastThreshold=SIFT_CONTRAST)


def _detect(flat: NDArray[np.uint8], region: BoolArray) -> Keypoints:
    found = _sift().detect(flat, None)
    if not found:
        return Keypoints(np.empty((0, 2)), np.empty(0, np.float32), np.empty(0, np.int32))
    table = np.array([(*k.pt, k.size, k.response) for k in found])
    octave = np.array([k.octave for k in found], np.int32)
    # One extremum with several orientations is one keypoint here.
    _, first = np.unique(np.round(table[:, :3], 2), axis=0, return_index=True)
    column = np.clip(np.rint(table[first, 0]).astype(int), 0, flat.shape[1] - 1)
    row = np.clip(np.rint(table[first, 1]).astype(int), 0, flat.shape[0] - 1)
    first = first[region[row, column]]
    strongest = first[np.argsort(-table[first, 3], kind="stable")[:MAX_KEYPOINTS]]
    return Keypoints(
        table[strongest, :2], table[strongest, 2].astype(np.float32), octave[strongest]
    )


def _describe(
    flat: NDArray[np.uint8], keypoints: Keypoints, turn_deg: NDArray[np.float64]
) -> Descriptors:
    if len(keypoints) == 0:
        return np.empty((0, 128), np.float16)
    rows = [
        cv2.KeyPoint(float(x), float(y), float(size) * DESCRIPTOR_WIDENING, float(turn), 1.0, int(octave))
        for (x, y), size, octave, turn in zip(
            keypoints.xy_px, keypoints.size_px, keypoints.octave, turn_deg, strict=True
        )
    ]
    _, raw = _sift().compute(flat, rows)
    share = raw / np.maximum(raw.sum(axis=1, keepdims=True), 1e-9)
    return np.sqrt(share).astype(np.float16)
