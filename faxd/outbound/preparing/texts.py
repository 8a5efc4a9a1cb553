"""What is said of a document that could not be made ready, for people in the office."""

from __future__ import annotations

from faxd.words import Words

PASSING = Words(
    de=(
        "Das Dokument konnte noch nicht für den Versand vorbereitet werden. Es wird von selbst"
        " wieder versucht; gesendet wurde noch nichts."
    ),
    en=(
        "The document could not be made ready to be sent yet. It is tried again by itself; nothing"
        " is sent."
    ),
)
GIVEN_UP = Words(
    de=(
        "Das Dokument ließ sich nicht für den Versand vorbereiten; gesendet wurde nichts."
        " Vielleicht ist es zu groß oder zu kompliziert. Bitte drucken Sie es neu als PDF und legen"
        " Sie das ab. Bleibt es dabei, sagen Sie es bitte dem Administrator."
    ),
    en=(
        "The document could not be made ready to be sent; nothing was sent. It may be too large or"
        " too complicated. Please print it as PDF again and drop that. If that does not help,"
        " please tell the administrator."
    ),
)
NO_TEMPLATE = Words(
    de=(
        "Der Briefbogen oder das Deckblatt, mit dem das Dokument gesendet werden soll, ist nicht da"
        " oder nicht zu gebrauchen. Das Dokument wartet; gesendet wurde noch nichts. Bitte sagen"
        " Sie es dem Administrator. Soll es ohne gesendet werden, löschen Sie bitte diesen Zettel"
        " und legen das Dokument noch einmal ab."
    ),
    en=(
        "The letterhead or cover page that the document is to be sent with is not there, or cannot"
        " be used. The document waits; nothing is sent. Please tell the administrator. If it is to"
        " be sent without, please delete this slip and drop the document again."
    ),
)
NO_TEMPLATE_GIVEN_UP = Words(
    de=(
        "Der Briefbogen oder das Deckblatt, mit dem das Dokument gesendet werden sollte, war nicht"
        " da oder nicht zu gebrauchen. Gesendet wurde nichts. Bitte sagen Sie es dem Administrator"
        " und legen Sie das Dokument danach noch einmal ab."
    ),
    en=(
        "The letterhead or cover page that the document was to be sent with was not there, or could"
        " not be used. Nothing was sent. Please tell the administrator, and drop the document again"
        " after that."
    ),
)
NO_CODE = Words(
    de=(
        "Der Code, der den Empfänger genannt hat, ist auf der ersten Seite nicht mehr zu finden,"
        " also auch nicht abzudecken. Damit der Empfänger ihn nicht sieht, wurde nichts gesendet."
        " Bitte legen Sie das Dokument noch einmal ab, mit der Nummer am Anfang des Dateinamens."
    ),
    en=(
        "The code that named the recipient cannot be found on the first page any more, and so not"
        " be covered. Nothing was sent, so that the recipient does not see it. Please drop the"
        " document again, with the number at the beginning of the file's name."
    ),
)
BROKEN_CODE = Words(
    de=(
        "Auf der ersten Seite beginnt ein Code (@@FAX … oder ein ähnlicher), der kein Ende hat und"
        " sich deshalb nicht abdecken lässt. Damit der Empfänger ihn nicht sieht, wurde nichts"
        " gesendet. Bitte ergänzen Sie die beiden @@ am Schluss, oder löschen Sie ihn."
    ),
    en=(
        "A code begins on the first page (@@FAX … or the like) that has no end, and so cannot be"
        " covered. Nothing was sent, so that the recipient does not see it. Please add the @@"
        " behind it, or delete it."
    ),
)
#: instead of a name, on the cover page of what goes to several
SEVERAL = Words(de="Verteiler", en="Several recipients")


def of_document(name: str, words: Words) -> Words:
    """What is wrong with one of several documents."""
    return Words(de=f"„{name}“: {words.de}", en=f'"{name}": {words.en}')


def not_searched() -> Words:
    """Why a code was not looked for; not the document's fault."""
    return Words(
        de="Das Dokument ließ sich nicht öffnen, oder es ist zu groß.",
        en="The document could not be opened, or is too large.",
    )
