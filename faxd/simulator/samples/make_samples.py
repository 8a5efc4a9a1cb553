"""Draw the sample faxes anew; needs Pillow.

    python -m faxd.simulator.samples.make_samples

Pages as a fax machine sends them: 1728 points wide at 204 x 196 dpi, CCITT group 4. The texts do
without umlauts, which Pillow's own font does not have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from faxd.simulator.samples import Sample, all_samples

_WIDTH, _HEIGHT = 1728, 2292
_LEFT, _RIGHT = 150, _WIDTH - 150
_MOST_BYTES = 60_000


@dataclass
class _Sheet:
    """A page, written from top to bottom."""

    canvas: Image.Image
    y: int

    def text(self, text: str, size: int = 36, x: int = _LEFT, anchor: str = "la") -> None:
        """Write at the present height, without going on to the next line."""
        draw = ImageDraw.Draw(self.canvas)
        # No antialiasing: a fax has no greys, and dithered ones would not compress.
        draw.fontmode = "1"
        draw.text((x, self.y), text, font=ImageFont.load_default(size=size), anchor=anchor, fill=0)

    def line(self, text: str = "", size: int = 36) -> None:
        """Write a line and go on to the next one."""
        if text:
            self.text(text, size)
        self.y += int(size * 1.5)

    def rule(self, thickness: int = 3) -> None:
        """Draw a line across the page."""
        ImageDraw.Draw(self.canvas).line((_LEFT, self.y, _RIGHT, self.y), fill=0, width=thickness)
        self.y += 24

    def row(self, cells: tuple[str, ...], columns: tuple[int, ...], size: int = 34) -> None:
        """Write one row of a table; the columns are places from the left."""
        for cell, column in zip(cells, columns, strict=True):
            self.text(cell, size, column)
        self.y += int(size * 1.65)


def _sheet(sample: Sample, page: int) -> _Sheet:
    """An empty page with the line that a fax machine prints and the word that it is a sample."""
    sheet = _Sheet(Image.new("1", (_WIDTH, _HEIGHT), 1), 18)
    sheet.text(f"{sample.remote_id}   {sample.originator}", 28, 40)
    sheet.text(f"S. {page}/{sample.pages}", 28, _WIDTH - 40, "ra")
    sheet.y = 130
    draw = ImageDraw.Draw(sheet.canvas)
    draw.rectangle((_LEFT, sheet.y, _RIGHT, sheet.y + 110), outline=0, width=5)
    sheet.y += 55
    sheet.text("SAMPLE / MUSTER", 64, _WIDTH // 2, "mm")
    sheet.y = _HEIGHT - 110
    sheet.text("Erfundener Inhalt zum Ausprobieren. Invented content.", 28, _WIDTH // 2, "mm")
    sheet.y = 330
    return sheet


def _appointment(sheet: _Sheet, _page: int) -> None:
    sheet.line("Ihr Termin", 72)
    sheet.rule(5)
    for text in (
        "",
        "Guten Tag,",
        "",
        "wir haben diesen Termin notiert:",
    ):
        sheet.line(text, 40)
    sheet.line()
    for label, value in (
        ("Tag", "Dienstag, 5. Mai"),
        ("Uhrzeit", "09:30 Uhr"),
        ("Ort", "Raum 12, Erdgeschoss"),
        ("Dauer", "etwa 45 Minuten"),
        ("Bitte mitbringen", "dieses Blatt"),
    ):
        sheet.text(label, 42)
        sheet.text(value, 42, 650)
        sheet.y += 76
    sheet.line()
    for text in (
        "Falls Sie verhindert sind, sagen Sie uns bitte",
        "einen Tag vorher Bescheid.",
        "",
        "Vielen Dank",
        "Ihre Musterpraxis",
    ):
        sheet.line(text, 40)


_LAB = (
    (
        ("Monozyten", "6", "%", "3 - 11"),
        ("Basophile", "1", "%", "0 - 2"),
        ("Erythrozyten", "4,8", "/pl", "4,0 - 5,4"),
        ("Leukozyten", "6,9", "/nl", "4,0 - 10,0"),
        ("Thrombozyten", "251", "/nl", "150 - 400"),
        ("MCV", "88", "fl", "80 - 96"),
        ("MCH", "29,6", "pg", "28 - 33"),
    ),
    (
        ("Natrium", "140", "mmol/l", "135 - 145"),
        ("Kalium", "4,3", "mmol/l", "3,6 - 5,0"),
        ("Calcium", "2,38", "mmol/l", "2,20 - 2,60"),
        ("Kreatinin", "0,82", "mg/dl", "0,50 - 0,95"),
        ("Glukose", "91", "mg/dl", "70 - 99"),
        ("CRP", "1,4", "mg/l", "< 5,0"),
        ("TSH", "1,75", "mU/l", "0,40 - 4,00"),
    ),
)


def _lab_report(sheet: _Sheet, page: int) -> None:
    columns = (_LEFT, 700, 950, 1220)
    sheet.line("Laborbefund", 72)
    sheet.line(("Blutbild", "Klinische Chemie")[page - 1], 46)
    sheet.line("Auftrag MUSTER-0001     Probe: Blut     Person: ohne Namen")
    sheet.rule(5)
    sheet.row(("Untersuchung", "Wert", "Einheit", "Referenz"), columns, 38)
    sheet.rule()
    for row in _LAB[page - 1]:
        sheet.row(row, columns, 38)
        sheet.y += 24
    sheet.rule()
    sheet.line("Alle Werte sind frei erfunden, keiner stammt von einem Menschen.")
    sheet.line("Fortsetzung auf Seite 2" if page == 1 else "Ende des Befundes")


def _price_list(sheet: _Sheet, page: int) -> None:
    columns = (_LEFT, 370, 1130, 1370)
    title = ("Papier und Versand", "Schreiben und Ordnen", "Lieferung und Zahlung")[page - 1]
    goods = (
        ("Kopierpapier A4", "Kopierpapier A3", "Umschlag C5", "Umschlag DL", "Etiketten"),
        ("Kugelschreiber", "Bleistift HB", "Ordner breit", "Ordner schmal", "Register A-Z"),
    )
    sheet.line("Preisliste", 72)
    sheet.line(title, 46)
    sheet.rule(5)
    if page == 3:
        for text in (
            "Das Sortiment und die Preise sind erfunden.",
            "Geliefert wird nicht: dies ist ein Muster.",
            "",
            "1.  Ab 50,00 EUR ohne Versandkosten",
            "2.  Lieferzeit drei Werktage",
            "3.  Zahlbar binnen 14 Tagen",
        ):
            sheet.line(text, 40)
        return
    sheet.row(("Nr.", "Artikel", "Menge", "EUR"), columns, 38)
    sheet.rule()
    for number in range(15):
        article = goods[page - 1][number % 5]
        grade = ("Standard", "Plus", "Spezial")[number // 5]
        price = f"{3 + number * page},{(number * 37 + page * 9) % 100:02d}"
        amount = ("1 Paket", "10 Paket", "100 Paket")[number % 3]
        sheet.row((f"{page}{number + 1:02d}", f"{article} {grade}", amount, price), columns, 38)
        sheet.y += 14


_DRAWN: dict[str, Callable[[_Sheet, int], None]] = {
    "appointment.tif": _appointment,
    "lab-report.tif": _lab_report,
    "price-list.tif": _price_list,
}


def main() -> None:
    """Write all samples beside this module. Raises ValueError for one that became too large."""
    for sample in all_samples():
        sheets = []
        for page in range(1, sample.pages + 1):
            sheet = _sheet(sample, page)
            _DRAWN[sample.name](sheet, page)
            sheets.append(sheet.canvas)
        sheets[0].save(
            sample.path,
            compression="group4",
            dpi=(204, 196),
            save_all=True,
            append_images=sheets[1:],
        )
        if sample.path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"{sample.name} is too large")


if __name__ == "__main__":
    main()
