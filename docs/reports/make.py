"""Make the pictures of transmission reports that the README shows: python docs/reports/make.py.

All names and numbers in them are made up.
"""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pypdfium2

from faxd.demo.pdf import page
from faxd.documents import Workshop
from faxd.job import Job, JobState, Kind, Recipient
from faxd.outbound.office.protocol import quoted_lines, read_protocol
from faxd.outbound.proof.facts import report_facts, text_note
from faxd.words import Language, Words

HERE = Path(__file__).parent
BERLIN = ZoneInfo("Europe/Berlin")
SENT_AT = datetime(2026, 11, 24, 8, 15, 30, tzinfo=UTC)
SENDER = ("Praxis Mustermann", "+49 30 23125010")
#: pixels
WIDTH = 700

BODY = [
    "Sehr geehrte Damen und Herren,", "", "anbei erhalten Sie den angeforderten Befund.", "",
    "Bitte bestätigen Sie den Eingang.", "", "Mit freundlichen Grüßen", "Praxis Mustermann",
]  # fmt: skip
DOCUMENT = page(["Befund PAT-17", "", *BODY])
HEAD = "JOBID;RECIPIENT;RESULT;REMOTEID;PAGES;SENDDATETIME;DURATION;REFID\r\n"

FAX = Job(
    id=1284,
    account="123456",
    kind=Kind.FAX,
    state=JobState.DONE,
    recipients=(
        Recipient(
            address="+4940123456",
            name="Praxis Dr. Meier",
            reference="PAT-17",
            result="OK",
            station_id="+49 40 123456 MEIER",
            pages=1,
            sent_at=SENT_AT,
            duration=47,
        ),
    ),
    documents=("Befund.pdf",),
    hashes=(hashlib.sha256(DOCUMENT).hexdigest(),),
    title="Befund",
    source="Befund.pdf",
    folder="",
    claim="",
    tries=1,
    job_id=4000017,
    pages=1,
    created_at=SENT_AT,
    ended_at=SENT_AT,
    protocol=(
        HEAD + "4000017;+4940123456;OK;+49 40 123456 MEIER;1;2026-11-24T08:15:30;47;PAT-17\r\n"
    ).encode(),
)
BUSY = replace(
    FAX,
    state=JobState.FAILED,
    recipients=(replace(FAX.recipients[0], result="Busy", station_id="", pages=None, duration=0),),
    protocol=(HEAD + "4000017;+4940123456;Busy;;0;2026-11-24T08:15:30;0;PAT-17\r\n").encode(),
)
SMS = replace(
    FAX,
    id=1285,
    kind=Kind.SMS,
    recipients=(
        Recipient(
            address="+491711234567", name="Max Mustermann", result="OK", pages=1, sent_at=SENT_AT
        ),
    ),
    documents=(),
    hashes=(),
    text="Ihr Termin: morgen um 9 Uhr. Praxis Mustermann",
    job_id=4000018,
    protocol=(HEAD + "4000018;+491711234567;OK;;1;2026-11-24T08:15:30;;\r\n").encode(),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workshop = Workshop(scratch=folder)
        document, picture = folder / "document.pdf", folder / "page.png"
        document.write_bytes(DOCUMENT)
        workshop.do("first_page", source=str(document), target=str(picture), width=900, height=1300)
        make(workshop, folder, "sent", FAX, "de", str(picture))
        make(workshop, folder, "not-sent", BUSY, "de", str(picture))
        make(workshop, folder, "sms", SMS, "en", "", text_note(SMS.text))


def make(
    workshop: Workshop,
    folder: Path,
    name: str,
    job: Job,
    language: Language,
    picture: str,
    note: Words | None = None,
) -> None:
    """One report, as a picture beside this file."""
    (line,) = quoted_lines(job.recipients, read_protocol(job.protocol))
    facts = report_facts(
        job,
        job.recipients[0],
        language=language,
        zone=BERLIN,
        account="praxis",
        sender=SENDER,
        protocol_line=line,
        picture=picture,
        note=note,
    )
    path = folder / f"{name}.pdf"
    workshop.do("transmission_report", facts=facts, target=str(path))
    with closing(pypdfium2.PdfDocument(path)) as pdf:
        image = pdf[0].render(scale=WIDTH / pdf[0].get_width()).to_pil()
    image.convert("RGB").quantize(48).save(HERE / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
