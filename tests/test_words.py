"""What office people read: German and English are complete, say the same, and are well written."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from .catalogue import CODES, ROOT, TARGET, Pair, has_letters, pairs, rendered, words_of

PACKAGE = ROOT / "faxd"

#: the same word in both languages
SAME = {"Fax", "Name", "SHA-256", "SMS", "Server", "Test"}
#: pairs that do not hold the same values, and why
OTHER_FIELDS = {
    # What a parser says is English; in German there is only where it said it.
    "outbound/addressing/jobfile.py": {"Fehler in Zeile", "Fehler am Ende", "sie ist falsch"},
}
#: German as it is typed where there are no umlauts, as far as it is no other word
STAND_INS = re.compile(
    r"\b(?:ge|be|ver|an|ab|aus|zu|un)?(?:ueber|fuer|zurueck|moeglich|koenn|muess|duerf|pruef"
    r"|empfaeng|naechst|spaet|geraet|aender|loesch|oeffn|groess|schliess|waehl|woehn|haeng|staetig"
    r"|gruess|gueltig|fueg|stoer|hoechst|ausser|heiss|strass|laess)\w*",
    re.IGNORECASE,
)
OLD_SPELLING = re.compile(r"\b(?:daß|muß|läßt|mußte|Adreß\w*|Einfluß)\b")
#: nobody is addressed as du
FAMILIAR = re.compile(r"\b(?:du|dich|dir|dein\w*|euch|euer|eure\w*)\b", re.IGNORECASE)
#: words of the trade that have a German name
JARGON = re.compile(
    r"\b(?:job|file|folder|directory|download|upload|link|user|account|timeout|retry|retries|queue"
    r"|log|logs|default|error|client|update|string|blacklist|handle|path|daemon|ledger|slip|outbox"
    r"|inbox|canceln|gecancelt|downloaden|checken|tool|tools|email-adresse|ok\W*button)\b",
    re.IGNORECASE,
)
WRONG = (STAND_INS, OLD_SPELLING, FAMILIAR, JARGON)
#: where such a word is no jargon but a name that is to be typed as it stands
TYPED = re.compile(r'\{"to": "[^"]*"\}|\("\+[0-9]+\[[^"]*"\)|kind = "email"')

#: where German stands outside of `Words`, and why
GERMAN_ELSEWHERE = {
    CODES: "rows of both languages, which are in the list",
    "demo/leaving.py": "what an office drops in the demo",
    "outbound/addressing/formats.py": "letters that documents are told apart by",
    "outbound/addressing/plain.py": "letters that names are compared without",
    "simulator/": "what others have written",
}
GERMAN = re.compile(
    r"[äöüÄÖÜß„]|\b(?:nicht|und|das|bitte|wird|wurde|ist|eine|kein|von|für|mit)\b", re.IGNORECASE
)

#: modules that write what office people read
WRITERS = (
    *("outbound/office/", "outbound/proof/", "documents/report.py", "documents/report_words.py"),
    *("outbound/preparing/texts.py", "outbound/sending/texts.py", "outbound/intake/texts.py"),
    *("afterwards/notice.py", "inbound/texts.py"),
)
#: prose in them that no office reads
FOR_OTHERS = {
    "nur zur Information|for information only": "a pattern that finds both languages",
    "Auftrag|job": "a pattern that finds both languages",
    "transmission report given up: ": "in the job's history",
    "transmission report cannot be made yet: ": "in the job's history",
    "transmission report made": "in the job's history",
    "too large": "the value of an Enum",
}
#: what is called with texts for the log or the history
_FOR_ADMINISTRATORS = frozenset({"debug", "info", "warning", "error", "exception"})
PROSE = re.compile(r"[^\W\d_]{2,}\W*\s\W*[^\W\d_]{2,}")


def faults(wrong: Callable[[Pair], object], of: Iterable[Pair] = pairs()) -> list[str]:
    """Where a pair is wrong, and what is; to be empty."""
    found = ((pair, wrong(pair)) for pair in of)
    return [f"{pair.where}: {fault}: {pair.de.shown}" for pair, fault in found if fault]


def test_the_list_of_all_texts_is_what_the_source_says() -> None:
    assert TARGET.read_text() == rendered(), "run: make texts"


def test_the_list_has_every_pair_that_says_something() -> None:
    said = [pair for pair in pairs() if pair.says_something]
    assert len(said) > 350
    rows = [line for line in rendered().splitlines() if re.match(r"\| .* \| .* \|$", line)]
    headings = sum(line == "| Deutsch | English |" for line in rows)
    assert len(rows) - headings == len(said)


def test_both_languages_are_there() -> None:
    def is_missing(pair: Pair) -> bool:
        return bool(pair.de.shown.strip()) != bool(pair.en.shown.strip())

    def is_the_same(pair: Pair) -> bool:
        written = pair.de.written
        return has_letters(written) and written not in SAME and written == pair.en.written

    assert faults(is_missing) == []
    assert faults(is_the_same) == []


def test_both_languages_hold_the_same_values() -> None:
    def differ(pair: Pair) -> object:
        beginnings = OTHER_FIELDS.get(pair.module, ())
        if any(pair.de.shown.startswith(beginning) for beginning in beginnings):
            return None
        return {*pair.de.fields} ^ {*pair.en.fields}

    assert faults(differ) == []


def test_german_is_german() -> None:
    """Umlauts, "Sie", no jargon, „German quotation marks“."""

    def wrong_word(pair: Pair) -> object:
        text = TYPED.sub("", pair.de.written)
        return next(filter(None, (words.search(text) for words in WRONG)), None)

    def wrong_marks(pair: Pair) -> bool:
        shown = re.sub(r"\{[^{}]*\}", "", TYPED.sub("", pair.de.shown))
        return bool(set("\"”'") & set(shown)) or shown.count("„") != shown.count("“")

    own = [pair for pair in pairs() if pair.module != CODES]
    assert faults(wrong_word, own) == []
    assert faults(wrong_marks, own) == []


def test_typography() -> None:
    def is_wrong(pair: Pair) -> bool:
        for text in (pair.de.shown, pair.en.shown):
            if not unicodedata.is_normalized("NFC", text) or "..." in text:
                return True
            if re.search(r"\S  +\S", re.sub(r"\w+: +", "", text)) or re.search(r"\s[,;!?]\s", text):
                return True
        return bool(set("„“”") & set(pair.en.shown))

    assert faults(is_wrong) == []


def test_a_sentence_in_one_language_is_one_in_the_other() -> None:
    """What ends with a full stop does in both."""

    def differ(pair: Pair) -> bool:
        german, english = (text.shown.rstrip()[-1:] in {*".?!"} for text in (pair.de, pair.en))
        return german != english

    assert faults(differ) == []


@pytest.mark.parametrize(
    ("german", "is_wrong"),
    [
        ("Bitte prüfen Sie die Nummer für den Empfänger.", False),
        ("Bitte pruefen Sie die Nummer.", True),
        ("Die Datei konnte nicht geoeffnet werden.", True),
        ("Er muß warten.", True),
        ("Willst du das Dokument senden?", True),
        ("Der Job wurde abgelehnt.", True),
        ("Der Auftrag an Herrn Dudenhöfer ist erledigt.", False),
        ("Die neue Steuerung ist zuerst da.", False),
    ],
)
def test_what_counts_as_bad_german(german: str, is_wrong: bool) -> None:
    assert any(words.search(german) for words in WRONG) == is_wrong


def modules() -> list[str]:
    return [path.relative_to(PACKAGE).as_posix() for path in sorted(PACKAGE.rglob("*.py"))]


def texts_of(module: str) -> Iterator[tuple[int, str]]:
    """Line and value of each text in a module's code, but for docstrings, `Words`, and for what is
    raised or logged.
    """
    tree = ast.parse(Path(PACKAGE, module).read_text())
    apart = {id(node) for call in words_of(tree) for node in ast.walk(call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            apart.add(id(node.value))
        elif isinstance(node, ast.Raise) or (
            isinstance(node, ast.Call) and getattr(node.func, "attr", "") in _FOR_ADMINISTRATORS
        ):
            apart |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart:
            yield node.lineno, node.value


def test_german_stands_only_in_words() -> None:
    """So nothing that an office reads is left out of the list, or has no English."""
    found = [
        f"{module}:{line}: {text}"
        for module in modules()
        if not module.startswith(tuple(GERMAN_ELSEWHERE))
        for line, text in texts_of(module)
        if GERMAN.search(text) and not is_for_others(text)
    ]
    assert found == []


def test_what_writes_for_offices_says_nothing_but_words() -> None:
    found = [
        f"{module}:{line}: {text}"
        for module in modules()
        if module.startswith(WRITERS)
        for line, text in texts_of(module)
        if PROSE.search(text) and not is_for_others(text)
    ]
    assert found == []


def is_for_others(text: str) -> bool:
    return any(known in text for known in FOR_OTHERS)


@pytest.mark.parametrize("module", GERMAN_ELSEWHERE)
def test_no_exception_is_out_of_date(module: str) -> None:
    own = [name for name in modules() if name.startswith(module)]
    assert any(GERMAN.search(text) for name in own for _, text in texts_of(name))
