"""Text files that are the message themselves. Pure."""

from __future__ import annotations

from faxd.outbound.addressing.formats import BINARY_DOCUMENTS
from faxd.outbound.addressing.plain import has_no_xml, shown
from faxd.outbound.addressing.plan import Refused
from faxd.outbound.addressing.tables import decode
from faxd.words import Words

#: as the provider counts (section "SendJob", PageCount), whatever the characters are
SMS_CHARACTERS = 160
MAX_TEXT = 1024 * 1024
#: a log file that went astray costs no fortune
MAX_SMS_PARTS = 20


def sms_parts(text: str) -> int:
    """How many SMS a text makes."""
    return -(-len(text) // SMS_CHARACTERS)


def is_text_file(name: str, head: bytes) -> bool:
    """Whether it is a message; nobody wants to read the inside of a PDF that is called .txt."""
    return name.casefold().endswith(".txt") and not head.startswith(BINARY_DOCUMENTS)


def read_text(name: str, content: bytes | None) -> str:
    """The message that a text file holds; None for one that was too large to be read.

    Raises:
        Refused: it is too large, or no text.
    """
    if content is None or len(content) > MAX_TEXT:
        raise Refused(
            Words(
                f"Der Text „{shown(name)}“ ist größer als 1 MB. Bitte drucken Sie ihn als PDF und"
                " senden Sie das.",
                f'The text "{shown(name)}" is larger than 1 MB. Please print it as PDF and send'
                " that.",
            )
        )
    # Form feeds are how programs that print to a file end a page.
    text = decode(content).replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    if has_no_xml(text):
        raise Refused(
            Words(
                f"„{shown(name)}“ ist keine Textdatei. Bitte speichern Sie den Text als"
                " „Nur-Text“ (UTF-8) unter einem Namen, der auf .txt endet.",
                f'"{shown(name)}" is not a text file. Please save the text as plain text (UTF-8)'
                " under a name that ends in .txt.",
            )
        )
    return text.strip("\n")


def check_sms(text: str) -> None:
    """Refuse what is too long for an SMS.

    Raises:
        Refused: it is.
    """
    if (parts := sms_parts(text)) > MAX_SMS_PARTS:
        raise Refused(
            Words(
                f"Der Text hat {len(text)} Zeichen und ergäbe {parts} SMS. Erlaubt sind"
                f" {MAX_SMS_PARTS} ({MAX_SMS_PARTS * SMS_CHARACTERS} Zeichen). Bitte kürzen Sie"
                " ihn, oder senden Sie ihn als Fax oder E-Mail.",
                f"The text has {len(text)} characters and would make {parts} SMS. Allowed are"
                f" {MAX_SMS_PARTS} ({MAX_SMS_PARTS * SMS_CHARACTERS} characters). Please shorten"
                " it, or send it as a fax or an e-mail.",
            )
        )
