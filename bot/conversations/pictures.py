"""What strangers send as a picture, made into one that is safe to keep and to show."""

import threading
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

LARGEST_BYTES = 10 * 1024 * 1024
LONGEST_SIDE = 2048
# A few kilobytes can unpack to any size. JPEG, which phones take, is unpacked already made smaller.
MOST_PIXELS = 25_000_000
MOST_PIXELS_JPEG = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
# How the files begin that phones make and Pillow alone cannot read (ISO 14496-12 brands of HEIF).
HEIF = (b"ftypheic", b"ftypheix", b"ftypheim", b"ftypheis", b"ftyphevc", b"ftypmif1", b"ftypmsf1")

# An unpacked picture takes up to 250 MB.
_one_at_a_time = threading.Lock()


class UnknownFormat(Exception):
    """The bytes are no picture of a kind that is accepted."""


class Unreadable(Exception):
    """The bytes begin as a picture, but are broken or unpack to too much."""


@dataclass(frozen=True)
class Picture:
    """A picture made by ourselves: ``type`` is ``image/jpeg`` or ``image/png``."""

    data: bytes
    type: str


def clean(data: bytes) -> Picture:
    """Draw the picture anew: upright, at most LONGEST_SIDE, the first frame, with nothing else of the file.

    Raises:
        UnknownFormat, Unreadable: the text says what to do.
    """
    if data[4:12] in HEIF:
        raise UnknownFormat("HEIC pictures are not accepted: send it as JPEG, PNG, WebP or GIF.")
    with _one_at_a_time:
        try:
            image = Image.open(BytesIO(data), formats=FORMATS)
            most = MOST_PIXELS if image.format in FORMATS[1:] else MOST_PIXELS_JPEG
            if image.width * image.height > most:
                raise Image.DecompressionBombError
        except Image.DecompressionBombError:
            million = MOST_PIXELS // 1_000_000
            raise Unreadable(f"The picture is too large: send one of at most {million} megapixels.") from None
        except Exception as error:
            raise UnknownFormat("Send a JPEG, PNG, WebP or GIF picture.") from error
        try:
            return _redrawn(image)
        # Decoders meet whatever a stranger made up, and fail in ways that none of them lists.
        except Exception as error:
            raise Unreadable("The picture is damaged: take or save it anew.") from error


def _redrawn(image: Image.Image) -> Picture:
    # Only JPEG and WebP hold photographs; in the others, such as screenshots, writing should stay sharp.
    kind = "PNG" if image.format in ("PNG", "GIF") else "JPEG"
    drawn: Image.Image = image
    if image.mode in ("1", "P", "PA"):
        drawn = image.convert("RGBA")
    drawn.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    drawn = ImageOps.exif_transpose(drawn)
    if drawn.has_transparency_data:
        drawn = drawn.convert("RGBA")
        sheet = Image.new("RGBA", drawn.size, "white")
        sheet.alpha_composite(drawn)
        drawn = sheet
    drawn = drawn.convert("RGB")
    # What Pillow would write along: comments, colour profile, EXIF.
    drawn.info.clear()
    out = BytesIO()
    drawn.save(out, kind, quality=88)
    return Picture(out.getvalue(), f"image/{kind.lower()}")
