"""A scanner of our own: reads the bars of an SVG by the tables of the standards, not by the library that drew them."""

import re
from xml.etree import ElementTree

_SVG = "{http://www.w3.org/2000/svg}"

# EAN-13, EAN-8, UPC-A: seven modules a digit (GS1 General Specifications, 5.2.1).
_A = ("0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011")
_C = tuple(code.translate(str.maketrans("01", "10")) for code in _A)
_B = tuple(code[::-1] for code in _C)
_FIRST = {"AAAAAA": 0, "AABABB": 1, "AABBAB": 2, "AABBBA": 3, "ABAABB": 4, "ABBAAB": 5, "ABBBAA": 6, "ABABAB": 7,
          "ABABBA": 8, "ABBABA": 9}  # fmt: skip

# Code 128: widths of bars and blanks of the values 0 to 105 (ISO/IEC 15417).
_WIDTHS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222"
    " 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321"
    " 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121"
    " 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224"
    " 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111"
    " 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113"
    " 114311 411113 411311 113141 114131 311141 411131 211412 211214 211232"
)
_CODE_128 = _WIDTHS.split()
_STOP = "2331112"
_CODE_B, _CODE_C = 100, 99
_START_B, _START_C = 104, 105


def modules(svg: str) -> list[str]:
    """Return the rows of dark (1) and light (0) modules without the quiet zone, from the path that draws them."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own drawing
    path = root.find(f"{_SVG}path")
    assert path is not None
    drawn = re.fullmatch(r"(M\d+ \d+h\d+v\d+h-\d+z)+", path.attrib["d"])
    assert drawn, path.attrib["d"][:80]
    bars = [tuple(map(int, found)) for found in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+z", path.attrib["d"])]
    left, right = min(x for x, *_ in bars), max(x + width for x, _, width, _ in bars)
    top, step = min(y for _, y, *_ in bars), bars[0][3]
    rows = [["0"] * (right - left) for _ in range(1 + (max(y for _, y, *_ in bars) - top) // step)]
    for x, y, width, _ in bars:
        rows[(y - top) // step][x - left : x - left + width] = "1" * width
    return ["".join(row) for row in rows]


def quiet_zone(svg: str) -> tuple[float, float]:
    """Return the light modules before the first bar and after the last one."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own drawing
    path = root.find(f"{_SVG}path")
    assert path is not None
    bars = [(int(x), int(w)) for x, w in re.findall(r"M(\d+) \d+h(\d+)v", path.attrib["d"])]
    width = float(root.attrib["viewBox"].split()[2])
    return min(x for x, _ in bars), width - max(x + w for x, w in bars)


def ean_13(bars: str) -> str:
    """Read 95 modules."""
    assert (len(bars), bars[:3], bars[45:50], bars[-3:]) == (95, "101", "01010", "101")
    left = [bars[at : at + 7] for at in range(3, 45, 7)]
    sides = "".join("A" if each in _A else "B" for each in left)
    digits = [(_A if side == "A" else _B).index(each) for side, each in zip(sides, left, strict=True)]
    return _digits(_FIRST[sides], *digits, *(_C.index(bars[at : at + 7]) for at in range(50, 92, 7)))


def ean_8(bars: str) -> str:
    """Read 67 modules."""
    assert (len(bars), bars[:3], bars[31:36], bars[-3:]) == (67, "101", "01010", "101")
    return _digits(
        *(_A.index(bars[at : at + 7]) for at in range(3, 31, 7)),
        *(_C.index(bars[at : at + 7]) for at in range(36, 64, 7)),
    )


def upc_a(bars: str) -> str:
    """Read 95 modules whose left half is all of one kind."""
    number = ean_13(bars)
    assert number[0] == "0"
    return number[1:]


def code_128(bars: str) -> str:
    """Read any number of modules; checks the check character."""
    widths = "".join(str(len(run)) for run in re.findall(r"0+|1+", bars))
    assert widths.endswith(_STOP)
    values = [_CODE_128.index(widths[at : at + 6]) for at in range(0, len(widths) - len(_STOP), 6)]
    *data, check = values
    assert (data[0] + sum(place * value for place, value in enumerate(data))) % 103 == check
    text, pairs = "", {_START_B: False, _START_C: True}[data[0]]
    for value in data[1:]:
        if value == (_CODE_B if pairs else _CODE_C):
            pairs = not pairs
        else:
            text += f"{value:02d}" if pairs else chr(value + 32)
    return text


_MASKS = (
    lambda row, column: (row + column) % 2,
    lambda row, column: row % 2,
    lambda row, column: column % 3,
    lambda row, column: (row + column) % 3,
    lambda row, column: (row // 2 + column // 3) % 2,
    lambda row, column: row * column % 2 + row * column % 3,
    lambda row, column: (row * column % 2 + row * column % 3) % 2,
    lambda row, column: ((row + column) % 2 + row * column % 3) % 2,
)
_SIDE = 21


def qr(rows: list[str]) -> str:
    """Read the digits of a version 1 QR code (ISO/IEC 18004): no damage, so nothing is corrected."""
    assert (len(rows), {len(row) for row in rows}) == (_SIDE, {_SIDE})
    for top, left in ((0, 0), (0, _SIDE - 7), (_SIDE - 7, 0)):
        assert [row[left : left + 7] for row in rows[top : top + 7]] == _FINDER
    mask = _MASKS[int(rows[8][2:5], 2) ^ 0b101]
    bits = "".join(
        str(int(rows[row][column]) ^ (mask(row, column) == 0)) for row, column in _way() if not _reserved(row, column)
    )
    assert bits[:4] == "0001", "digits"
    count, rest, text = int(bits[4:14], 2), bits[14:], ""
    while len(text) < count:
        take = min(3, count - len(text))
        length = (4, 7, 10)[take - 1]
        text, rest = text + f"{int(rest[:length], 2):0{take}d}", rest[length:]
    return text


_FINDER = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]


def _way() -> list[tuple[int, int]]:
    """The zigzag in pairs of columns from the right; the column of the timing pattern is left out."""
    rights = [20, 18, 16, 14, 12, 10, 8, 5, 3, 1]
    return [
        (row, right - side)
        for turn, right in enumerate(rights)
        for row in (range(_SIDE - 1, -1, -1) if turn % 2 == 0 else range(_SIDE))
        for side in (0, 1)
    ]


def _reserved(row: int, column: int) -> bool:
    finder = (row < 9 and column < 9) or (row < 9 and column > 12) or (row > 12 and column < 9)
    return finder or row == 6 or column == 6


def _digits(*digits: int) -> str:
    return "".join(map(str, digits))
