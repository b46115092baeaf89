"""A photo as a DICOM VL Photographic Image object, by which archives of clinics take it.

The pixels are the upright decoded photo, without loss; no metadata of the original's file comes
along. DICOM PS3.3 A.32.4, checked by dciodvfy.
"""

from __future__ import annotations

import io
from datetime import date, datetime

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import (
    PYDICOM_IMPLEMENTATION_UID,
    ExplicitVRLittleEndian,
    VLPhotographicImageStorage,
    generate_uid,
)

from tracker.measure.luminance import SrgbArray
from tracker.records import ClientRecord, PhotoRecord
from tracker.report.overlays import to_8_bit


def dicom_photo(
    srgb: SrgbArray,
    photo: PhotoRecord,
    client: ClientRecord,
    *,
    number: int,
    made_at: datetime,
    version: str,
    with_name: bool = False,
) -> bytes:
    """The file of one photo.

    Parameters
    ----------
    srgb : ndarray of shape (H, W, 3)
        The decoded photo.
    photo : PhotoRecord
    client : ClientRecord
    number : int
        Instance number, from 1.
    made_at : datetime
        When the object is made.
    version : str
        Of the program.
    with_name : bool
        Whether the client's name stands in it; else the code alone does.
    """
    pixels = np.ascontiguousarray(to_8_bit(srgb))
    data = FileDataset("", {}, preamble=b"\0" * 128)
    day = photo.captured_on
    _identity(data, client, day, with_name)
    uid = generate_uid(entropy_srcs=["smp-tracker instance", client.code, photo.sha256])
    data.SOPClassUID, data.SOPInstanceUID = VLPhotographicImageStorage, uid
    data.StudyInstanceUID = generate_uid(
        entropy_srcs=["smp-tracker study", client.code, str(day or "undated")]
    )
    data.SeriesInstanceUID = generate_uid(
        entropy_srcs=["smp-tracker series", client.code, str(day or "undated"), photo.view]
    )
    data.Modality = "XC"
    data.SeriesNumber = 1
    data.InstanceNumber = number
    data.ImageType = ["ORIGINAL", "PRIMARY"]
    data.PatientOrientation = ""
    data.Manufacturer = photo.device[:64] or "unknown"
    data.ManufacturerModelName = photo.device[:64] or "unknown"
    data.DeviceSerialNumber = ""
    data.SoftwareVersions = f"smp-tracker {version}"
    data.InstanceCreationDate = made_at.strftime("%Y%m%d")
    data.InstanceCreationTime = made_at.strftime("%H%M%S")
    data.ContentDate = day.strftime("%Y%m%d") if day else made_at.strftime("%Y%m%d")
    data.ContentTime = "000000" if day else made_at.strftime("%H%M%S")
    data.AcquisitionContextSequence = Items([])
    anatomy = Dataset()
    anatomy.CodeValue, anatomy.CodingSchemeDesignator = "41695006", "SCT"
    anatomy.CodeMeaning = "Scalp"
    data.AnatomicRegionSequence = Items([anatomy])
    data.ImageComments = f"view {photo.view or 'not named'}; SHA-256 {photo.sha256}"
    if photo.mm_per_px is not None:
        data.PixelSpacing = [f"{photo.mm_per_px:.8g}"] * 2
    data.LossyImageCompression = "00"
    data.SamplesPerPixel = 3
    data.PhotometricInterpretation = "RGB"
    data.PlanarConfiguration = 0
    data.Rows, data.Columns = pixels.shape[:2]
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit = 7
    data.PixelRepresentation = 0
    raw = pixels.tobytes()
    data.PixelData = raw + b"\0" * (len(raw) % 2)
    data["PixelData"].VR = "OB"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = VLPhotographicImageStorage, uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    data.file_meta = meta
    buffer = io.BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _identity(data: Dataset, client: ClientRecord, day: date | None, with_name: bool) -> None:
    data.SpecificCharacterSet = "ISO_IR 192"
    # `^`, `=` and `\` part a DICOM name: in a name they are spaces.
    name = client.name if with_name else ""
    data.PatientName = " ".join("".join(" " if c in "^=\\" else c for c in name).split())[:64]
    data.PatientID = client.code
    data.PatientBirthDate = ""
    data.PatientSex = ""
    data.StudyDate = day.strftime("%Y%m%d") if day else ""
    data.StudyTime = ""
    data.ReferringPhysicianName = ""
    data.StudyID = ""
    data.AccessionNumber = ""
    data.StudyDescription = "SMP removal"
