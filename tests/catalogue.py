"""All texts for office people, collected from where they stand: the `Words` pairs in faxd's source.

They stand where they are used, so that nobody has to look them up by a key; here they are found
again, for those who want to read them all. ``python -m tests.catalogue`` (`make texts`) writes
docs/texts.md.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs/texts.md"

#: of what FAX.de answers; the provider's own words, kept as they are
CODES = "faxde/codes.py"
#: a module is in the first room whose path it begins with
ROOMS = (
    ("outbound/office/", "Zettel, Berichte, Namen der Dateien", "Slips, reports, names of files"),
    ("outbound/proof/", "Sendeberichte", "Transmission reports"),
    ("documents/report", "Sendeberichte", "Transmission reports"),
    ("afterwards/", "E-Mails über empfangene Faxe", "Mails about received faxes"),
    ("telling/", "Wenn etwas nicht in Ordnung ist", "When something is wrong"),
    ("outbound/sending/", "Beim Senden", "While sending"),
    ("outbound/addressing/", "An wen es geht", "Whom it goes to"),
    ("outbound/preparing/", "Dokumente vorbereiten", "Making documents ready"),
    ("documents/", "Was mit einem Dokument nicht stimmt", "What is wrong with a document"),
    ("inbound/", "Neben beschädigten Faxen", "Beside damaged faxes"),
    (CODES, "Antworten von FAX.de, in den Worten des Anbieters", "Answers of FAX.de"),
    ("outbound/intake/", "Beim Annehmen", "While taking"),
    ("", "Sonstiges", "Other"),
)
#: names that say which language a value is in
_LANGUAGES = frozenset({"de", "en", "german", "english"})
_HEAD = """\
# Alle Texte · All texts

Was faxd Menschen im Büro zu lesen gibt: auf Zetteln, in Berichten und in E-Mails. Was in {{ }}
steht, wird eingesetzt. Diese Liste wird von `make texts` aus dem Quelltext gesammelt und nicht von
Hand geändert; wer einen Text verbessern will, findet ihn in der Datei, die darüber steht.

What faxd gives office people to read: on slips, in reports, in mails. What stands in {{ }} is put
in. This list is collected from the source by `make texts` and not changed by hand; a text is
mended in the file that is named above it.

{count} texts.
"""


@dataclass(frozen=True, kw_only=True)
class Text:
    """One language of a pair."""

    #: as it is read, what is put in as ``{name}``
    shown: str
    #: only what is written, without what is put in; forms of a word that a number chooses from
    written: str
    #: what is put in, as far as both languages must have it
    fields: Counter[str]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One `Words`."""

    #: below faxd/
    module: str
    line: int
    de: Text
    en: Text

    @property
    def says_something(self) -> bool:
        """Whether there are words in it, and not only what is put in."""
        return has_letters(self.de.written + self.en.written)

    @property
    def where(self) -> str:
        return f"faxd/{self.module}:{self.line}"


@cache
def pairs() -> tuple[Pair, ...]:
    """Every `Words` in faxd, by module and line."""
    package = ROOT / "faxd"
    found = []
    for path in sorted(package.rglob("*.py")):
        module = path.relative_to(package).as_posix()
        tree = ast.parse(path.read_text())
        both = [(call.lineno, sides(call)) for call in words_of(tree)]
        both += [(row.lineno, (row.elts[2], row.elts[3])) for row in code_rows(tree)]
        for line, given in both:
            if given is not None:
                de, en = map(text_of, given)
                found.append(Pair(module=module, line=line, de=de, en=en))
    return tuple(sorted(found, key=lambda pair: (pair.module, pair.line)))


def words_of(tree: ast.AST) -> Iterator[ast.Call]:
    """The calls of `Words`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Words":
            yield node


def code_rows(tree: ast.AST) -> Iterator[ast.Tuple]:
    """The rows of return codes: number, what it asks for, German and English."""
    for node in ast.walk(tree):
        match node:
            case ast.Tuple(elts=[_, ast.Attribute(value=ast.Name(id="Asks")), _, _]):
                yield node


def sides(call: ast.Call) -> tuple[ast.expr, ast.expr] | None:
    """German and English of a `Words`; None if it only hands on another's (``Words(**kept)``).

    Raises:
        ValueError: one of them is missing.
    """
    given = dict(zip(("de", "en"), call.args, strict=False))
    given |= {word.arg: word.value for word in call.keywords if word.arg}
    if any(isinstance(each, ast.Starred) for each in call.args) or (call.keywords and not given):
        return None
    if set(given) != {"de", "en"}:
        raise ValueError(f"line {call.lineno}: {ast.unparse(call)}")
    return given["de"], given["en"]


def text_of(node: ast.expr) -> Text:
    """What an expression says."""
    pieces = list(_pieces(node))
    return Text(
        shown="".join(shown for shown, _, _ in pieces),
        written=" ".join(written for _, written, _ in pieces if written),
        fields=Counter(field for _, _, fields in pieces for field in fields),
    )


def has_letters(text: str) -> bool:
    return any(char.isalpha() for char in text)


def _pieces(node: ast.expr) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """As shown, as written, and what is put in: piece by piece."""
    match node:
        case ast.Constant(value=str(text)):
            # A template that str.format fills.
            yield text, re.sub(r"{\w*}", " ", text), tuple(re.findall(r"{\w*}", text))
        case ast.JoinedStr(values=values):
            for value in values:
                yield from _pieces(value)
        case ast.FormattedValue(value=value):
            yield from _pieces(value)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from _pieces(left)
            yield from _pieces(right)
        case ast.IfExp(body=body, orelse=orelse):
            # One or the other, or nothing.
            both = [list(_pieces(each)) for each in (body, orelse)]
            shown = " / ".join(filter(None, ("".join(p[0] for p in pieces) for pieces in both)))
            written = " ".join(piece[1] for pieces in both for piece in pieces)
            yield shown, written, tuple(name for pieces in both for p in pieces for name in p[2])
        case ast.Call(func=ast.Attribute(value=value, attr="replace")):
            yield from _pieces(value)
        case ast.Call(func=ast.Name(id="plural"), args=[number, *forms]):
            said = [form.value for form in forms if isinstance(form, ast.Constant)]
            yield f"{{{_name(number)}}} {'/'.join(said)}", " ".join(said), _fields(number)
        case _:
            said = [
                each.value
                for each in ast.walk(node)
                if isinstance(each, ast.Constant)
                and isinstance(each.value, str)
                and has_letters(each.value)
            ]
            yield f"{{{_name(node)}}}", " ".join(said), _fields(node)


def _name(node: ast.expr) -> str:
    """What is put in, as people may read it."""
    return re.sub(r"\.(de|en)\b|\.in_\(.*?\)|self\.|^_|str\((\w+)\)", r"\2", ast.unparse(node))


def _fields(node: ast.expr) -> tuple[str, ...]:
    """Names of the values; not of the functions, which may differ with the language."""
    functions = {id(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}
    return tuple(
        sorted(
            {
                each.id
                for each in ast.walk(node)
                if isinstance(each, ast.Name)
                and id(each) not in functions
                and each.id not in _LANGUAGES
            }
        )
    )


def room_of(module: str) -> tuple[str, str]:
    """German and English title of the room that a module is in."""
    return next((de, en) for path, de, en in ROOMS if module.startswith(path))


def rendered() -> str:
    """The list, as Markdown."""
    shown = [pair for pair in pairs() if pair.says_something]
    lines = [_HEAD.format(count=len(shown))]
    for title in dict.fromkeys((de, en) for _, de, en in ROOMS):
        own = [pair for pair in shown if room_of(pair.module) == title]
        if not own:
            continue
        lines += [f"## {title[0]} · {title[1]}", ""]
        for module in dict.fromkeys(pair.module for pair in own):
            lines += [f"`faxd/{module}`", "", "| Deutsch | English |", "|---|---|"]
            lines += [
                f"| {_cell(pair.de.shown)} | {_cell(pair.en.shown)} |"
                for pair in own
                if pair.module == module
            ]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _cell(text: str) -> str:
    text = text.strip().replace("\\", "\\\\").replace("|", "\\|").replace("\n", "<br>")
    return re.sub(r"([*_<>`])(?!br>)", r"\\\1", text.replace("<br>", "\0")).replace("\0", "<br>")


if __name__ == "__main__":
    TARGET.write_text(rendered())
