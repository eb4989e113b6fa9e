"""What of a `.cube` file some program stumbles over, and which: found in its bytes, in one pass.

Measured once each on small files, with colour-science 0.4.7, OpenColorIO 2.6, pillow-lut 1.1 and
ffmpeg 5.1 (filter lut3d). What stands here for DaVinci Resolve comes from its manual and forum; "?"
marks what is not documented.
"""

from __future__ import annotations

import re

from .grammar import RANGES, SIZES, UTF8_BOM, VIDEO_RANGES
from .table import NOT_FINITE, NUMBER, is_tidy

KEYWORDS = {"TITLE", *SIZES, *RANGES, *VIDEO_RANGES}
PROGRAMS = ("colour-science", "OpenColorIO", "ffmpeg", "pillow-lut", "Resolve")
# trait: what to say about it, and one letter per program of PROGRAMS.
TRAITS = {
    "bom": ("a byte order mark", "xooo?"),
    "bom on size": ("a byte order mark before the size keyword", "xx???"),
    "cr": ("line ends of CR alone", "oxxo?"),
    "latin1": ("bytes that are not UTF-8", "xoox?"),
    "tabs": ("tabs between numbers", "oooxo"),
    "row comment": ("a comment at the end of a row", "xxox?"),
    "comment below": ("a comment between rows", "oooo?"),
    "lower case": ("keywords in lower case", "xoxx?"),
    "unknown": ("an unknown keyword", "xooo?"),
    "unknown below": ("an unknown keyword below the size", "xxx??"),
    "bare title": ("a TITLE without quotes", "oooxo"),
    "late keyword": ("a keyword below the rows", "oxxx?"),
    "keyword between": ("a keyword between rows", "??o??"),
    "tab before": ("a keyword line that begins with a tab", "??x??"),
    "size twice": ("a size given twice", "??x??"),
    "odd domain": ("a DOMAIN that is not three numbers", "x?x??"),
    "few rows": ("too few rows", "xxxx?"),
    "many rows": ("too many rows", "xxwx?"),
    "columns": ("rows that are not of three numbers", "xxwx?"),
    "comma": ("commas in numbers", "xwxx?"),
    "nan": ("NaN in the table", "wwww?"),
    "inf": ("infinity in the table", "wwww?"),
    "domain": ("a DOMAIN other than 0 to 1", "ooow?"),
    "narrow domain": ("a DOMAIN that starts off 0 or ends below 1", "oowo?"),
    "empty domain": ("a DOMAIN whose end is not above its start", "wwww?"),
    "range": ("an INPUT_RANGE other than 0 to 1", "ooowo"),
    "late range": ("an INPUT_RANGE below the size", "ooxoo"),
    "title and shaper": ("TITLE beside a shaper", "oxooo"),
    "title and late range": ("TITLE beside an INPUT_RANGE below the size", "oxooo"),
    "title and range": ("TITLE beside an INPUT_RANGE other than 0 to 1", "owooo"),
    "curves": ("a 1D table", "ooxxo"),
    "shaper": ("a 1D and a 3D table", "ooxxo"),
    "cube rows only": ("two sizes, but the rows of the cube alone", "ooox?"),
    "video range": ("a video-range flag", "xwwwo"),
    "size 1": ("a size below 2", "wxxx?"),
    "over 65": ("a cube larger than 65", "ooox?"),
    "over 129": ("a cube larger than 129", "oxoo?"),
    "over 65536": ("a 1D table longer than 65536", "ooxx?"),
    "no size": ("no size keyword", "xxxx?"),
}


def traits(data: bytes) -> set[str]:
    """The keys of TRAITS that apply to the bytes of a file."""
    found = {"bom"} if data.startswith(UTF8_BOM) else set()
    data = data.removeprefix(UTF8_BOM)
    if found and data.lstrip()[:3].upper() == b"LUT":
        found.add("bom on size")
    if b"\r" in data.replace(b"\r\n", b""):
        found.add("cr")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        found.add("latin1")
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    keywords: dict[str, tuple[int, list[bytes]]] = {}
    rows = late = 0
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        line = data[start:end]
        words = line.split(None, 4)
        if not words or line.lstrip().startswith(b"#"):
            found |= {"comment below"} if words and rows else set()
        elif NUMBER.match(words[0]) or NOT_FINITE.fullmatch(words[0]):
            if not rows and (whole := _tidy_rows(data[start:])):
                rows = whole
                break
            rows += 1
            found |= {"keyword between"} if late else set()
            found |= _row_traits(line, words)
        else:
            late += bool(rows)
            found |= _keyword_traits(line, words, rows)
            name = words[0].upper().decode("latin-1")
            found |= {"size twice"} if name in SIZES and name in keywords else set()
            keywords.setdefault(name, (len(keywords), words[1:]))
        start = end + 1
    found -= {"late keyword"} if "keyword between" in found else set()
    return found | _header_traits(keywords, rows)


def _tidy_rows(body: bytes) -> int:
    """How many rows there are when all that is left is tidy ones; 0 when it is not."""
    body = body.rstrip(b"\n") + b"\n"
    count = body.count(b"\n")
    return count if is_tidy(body, count) else 0


def _row_traits(line: bytes, words: list[bytes]) -> set[str]:
    found = set()
    if b"#" in line:
        found.add("row comment")
        words = line.partition(b"#")[0].split(None, 4)
    if b"\t" in line.strip():
        found.add("tabs")
    if b"," in line:
        found.add("comma")
    elif len(words) != 3:
        found.add("columns")
    lower = line.lower()
    return found | {name for name in ("nan", "inf") if name.encode() in lower}


def _keyword_traits(line: bytes, words: list[bytes], rows: int) -> set[str]:
    found, keyword = set(), words[0].decode("latin-1")
    if line.startswith(b"\t"):
        found.add("tab before")
    if keyword.upper().startswith("DOMAIN_") and len(_floats(words[1:])) != 3:
        found.add("odd domain")
    if keyword.upper() not in KEYWORDS:
        found.add("unknown")
    elif keyword != keyword.upper():
        found.add("lower case")
    if keyword.upper() in VIDEO_RANGES:
        found.add("video range")
    if keyword.upper() == "TITLE" and not re.search(rb'".*"\s*$', line):
        found.add("bare title")
    return found | ({"late keyword"} if rows else set())


def _header_traits(keywords: dict[str, tuple[int, list[bytes]]], rows: int) -> set[str]:
    """Traits of the keywords together; `keywords` maps each to its place and arguments."""
    found = set()
    sizes = {name: _integer(keywords[name][1]) for name in SIZES if name in keywords}
    curves, cube = sizes.get("LUT_1D_SIZE", 0), sizes.get("LUT_3D_SIZE", 0)
    if not sizes:
        found.add("no size")
    elif min(sizes.values()) < 2:
        found.add("size 1")
    wanted = curves + cube**3
    if curves and cube and rows == cube**3:
        found.add("cube rows only")
    elif sizes and rows != wanted:
        found.add("few rows" if rows < wanted else "many rows")
    found |= {"shaper"} if curves and cube else {"curves"} if curves else set()
    limits = (("over 65", cube, 65), ("over 129", cube, 129), ("over 65536", curves, 65536))
    found |= {name for name, size, limit in limits if size > limit}
    place = keywords[next(iter(sizes))][0] if sizes else len(keywords)
    ranges = [name for name in keywords if name.endswith("_INPUT_RANGE")]
    titled = "TITLE" in keywords
    if any(_floats(keywords[name][1]) != [0, 1] for name in ranges):
        found |= {"range", "title and range"} if titled else {"range"}
    if any(keywords[name][0] > place for name in ranges):
        found |= {"late range", "title and late range"} if titled else {"late range"}
    if titled and curves and cube:
        found.add("title and shaper")
    if any(name not in KEYWORDS and keywords[name][0] > place for name in keywords):
        found.add("unknown below")
    return found | _domain_traits(keywords)


def _domain_traits(keywords: dict[str, tuple[int, list[bytes]]]) -> set[str]:
    low = _floats(keywords.get("DOMAIN_MIN", (0, [b"0"] * 3))[1])
    high = _floats(keywords.get("DOMAIN_MAX", (0, [b"1"] * 3))[1])
    found = {"domain"} if low != [0] * 3 or high != [1] * 3 else set()
    if any(low) or any(value < 1 for value in high):
        found.add("narrow domain")
    bounds = [(low, high)] + [
        ([float(pair[0])], [float(pair[1])])
        for name in keywords
        if name.endswith("_INPUT_RANGE") and len(pair := _floats(keywords[name][1])) == 2
    ]
    if any(not a < b for lows, highs in bounds for a, b in zip(lows, highs, strict=False)):
        found.add("empty domain")
    return found


def _integer(words: list[bytes]) -> int:
    return int(words[0]) if words and words[0].isdigit() and len(words[0]) < 9 else 0


def _floats(words: list[bytes]) -> list[float]:
    plain = [word for word in words[:3] if NUMBER.fullmatch(word)]
    return [float(word) for word in plain]
