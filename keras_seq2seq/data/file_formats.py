"""What bytes are that are no UTF-8 text, told by how they begin."""

import codecs

# How files of a kind begin; what they are and how one gets text out of them.
_MAGIC = (
    (b"\x1f\x8b", "gzip within gzip", "Unpack it once: gunzip."),
    (b"\xfd7zXZ\0", "packed by xz", "Unpack it: xz -d."),
    (b"BZh91AY&SY", "packed by bzip2", "Unpack it: bunzip2."),
    (b"\x28\xb5\x2f\xfd", "packed by zstd", "Unpack it: zstd -d."),
    (b"\x04\x22\x4d\x18", "packed by lz4", "Unpack it: lz4 -d."),
    (b"\x1f\x9d", "packed by compress", "Unpack it: uncompress."),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "Unpack it: 7z x."),
    (b"Rar!\x1a\x07", "a rar archive", "Unpack it."),
    (b"%PDF-", "a PDF document", "Save its text to a file."),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file (.xls, .doc)", "Save it as text."),
    (b"SQLite format 3\0", "an SQLite database", "Write its table out as text."),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", "Write its table out as text."),
    (b"\x93NUMPY", "an array of NumPy", "Write it out as text."),
    (b"ARROW1\0\0", "an Arrow table", "Write it out as text."),
    (b"\x89PNG\r\n\x1a\n", "a picture", "Name a text file."),
    (b"\xff\xd8\xff", "a picture", "Name a text file."),
)
_ZIP_MAGIC = b"PK\x03\x04"
_OFFICE = (
    (b"xl/", "an Excel workbook (.xlsx)", 'Save it as "Unicode text" or tab-separated, in UTF-8.'),
    (b"word/", "a Word document (.docx)", "Save it as plain text in UTF-8."),
    (b"opendocument", "an OpenDocument file", "Save it as text in UTF-8."),
)
_WIDE_MARKS = (  # UTF-32 first: its little-endian mark begins as that of UTF-16 does
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_SAMPLE = 4096  # bytes looked at, where no mark tells


def foreign_format(data: bytes) -> str | None:
    """Says what bytes are that are no UTF-8 text, and what to do; None where nothing tells.

    >>> foreign_format(b"BZh91AY&SY..."), foreign_format(b"a dog\\tein Hund\\n")
    ('is packed by bzip2. Unpack it: bunzip2.', None)
    >>> foreign_format("a dog".encode("utf-32"))
    'is UTF-32. Convert it to UTF-8: iconv -f UTF-32 -t UTF-8.'
    """
    for magic, kind, advice in _MAGIC:
        if data.startswith(magic):
            return f"is {kind}. {advice}"
    if data.startswith(_ZIP_MAGIC):
        for part, kind, advice in _OFFICE:
            if part in data:
                return f"is {kind}. {advice}"
        return "is a zip archive. Unpack it: unzip."
    if data[257:262] == b"ustar":
        return "is a tar archive. Unpack it: tar -xf."
    if data.startswith(b"PAR1") and data.endswith(b"PAR1"):
        return "is a Parquet table. Write it out as text."
    wide = _wide_encoding(data)
    return f"is {wide}. Convert it to UTF-8: iconv -f {wide} -t UTF-8." if wide else None


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 or UTF-32: by the byte order mark, or by the NULs between the letters."""
    for mark, name in _WIDE_MARKS:
        if data.startswith(mark):
            return name
    sample = data[:_SAMPLE]
    # Text in UTF-8 with a stray NUL would pass for a row of Chinese characters.
    if not sample.count(0) > (len(sample) // 4 if _is_utf8(sample) else 0):
        return None
    for name in ("UTF-32LE", "UTF-32BE", "UTF-16LE", "UTF-16BE"):
        try:
            text = codecs.getincrementaldecoder(name)().decode(sample)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and any(space in text for space in "\n\t "):
            return name
    return None


def _is_utf8(sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True
