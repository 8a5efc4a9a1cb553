"""How large a picture is on paper: what its resolution says, or must be meant. Pure."""

from __future__ import annotations

#: paper that is neither narrower nor wider than this (inches) is believed
_NARROW, _WIDE = 2.0, 20.0
#: the longest that faxes are, in inches (5 metres)
_LONG = 200.0
_CM_PER_INCH = 2.54

#: Pixels per inch across for every width of a line that fax machines have: A4, B4 and A3 in 8
#: per millimetre, 300 dpi and 16 per millimetre (T.4, tables 1 and 2; R8 is 204 per inch).
_FAX_WIDTHS = {
    1728: 204.0,
    2048: 204.0,
    2432: 204.0,
    2592: 300.0,
    3072: 300.0,
    3648: 300.0,
    3456: 408.0,
    4096: 408.0,
    4864: 408.0,
}
#: lines per inch that go with 204 across: standard, fine, superfine
_FAX_LINES = (98.0, 196.0, 391.0)
_A4_HEIGHT = 297 / 25.4
_A4_WIDTH = 210 / 25.4


def resolution(
    width: int, height: int, stated: tuple[float, float] | None, *, in_cm: bool = False
) -> tuple[float, float]:
    """Pixels per inch, across and down, of a received page of so many pixels.

    What is stated (per inch, or per centimetre) holds if a page of paper comes of it; else what
    fax machines do.
    """
    if stated is not None:
        across, down = (value * (_CM_PER_INCH if in_cm else 1) for value in stated)
        if _plausible(width, height, across, down):
            return across, down
    across = _FAX_WIDTHS.get(width, width / _A4_WIDTH)
    if width in _FAX_WIDTHS and across == _FAX_WIDTHS[1728]:
        scale = width / 1728  # a page of A3 is as much longer as it is wider
        return across, min(_FAX_LINES, key=lambda down: abs(height / down - _A4_HEIGHT * scale))
    return across, across


def _plausible(width: int, height: int, across: float, down: float) -> bool:
    if not (across > 0 and down > 0 and 1 / 5 < across / down < 5):
        return False
    return _NARROW <= width / across <= _WIDE and height / down <= _LONG
