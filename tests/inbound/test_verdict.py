"""What follows from the fetchings of one fax."""

from __future__ import annotations

from itertools import product

import pytest

from faxd.inbound.verdict import DAMAGED_AGAIN, Fetched, Verdict, judge

KEEP, AGAIN, VERBATIM = Verdict.KEEP, Verdict.FETCH_AGAIN, Verdict.FETCH_VERBATIM
DAMAGED, LEAVE, EMPTY = Verdict.KEEP_DAMAGED, Verdict.LEAVE, Verdict.LEAVE_EMPTY


def fetched(word: str) -> Fetched:
    """A fetching by a word: what it was, and a letter for its bytes."""
    kind, content = word.split("-")
    base = Fetched(fax_id=1, sha256=content, size=1000, pages=2, stated=2)
    damaged = Fetched(fax_id=1, sha256=content, size=1000, stated=2, damage="cut off")
    table = {
        "sound": base,
        "unstated": Fetched(fax_id=1, sha256=content, size=1000, pages=2),
        "pages": Fetched(fax_id=1, sha256=content, size=1000, pages=2, stated=3),
        "cut": damaged,
        "empty": Fetched(fax_id=1, sha256=content, size=0, stated=2, damage="the file is empty"),
        "text": Fetched(fax_id=1, sha256=content, size=400, damage="bad base64", undecodable=True),
        "verbatim": Fetched(
            fax_id=1,
            sha256=content,
            size=2000,
            damage="bad base64",
            undecodable=True,
            verbatim=True,
        ),
        # What was fetched verbatim and would have been decodable now.
        "better": Fetched(fax_id=1, sha256=content, size=2000, verbatim=True),
    }
    return table[kind]


@pytest.mark.parametrize(
    ("words", "verdicts"),
    [
        ("sound-a", [KEEP]),
        ("unstated-a", [KEEP]),
        # Another number of pages: fetched once more, and then a fax like any other.
        ("pages-a pages-a", [AGAIN, KEEP]),
        ("pages-a sound-b", [AGAIN, KEEP]),
        ("pages-a pages-b pages-b", [AGAIN, AGAIN, KEEP]),
        ("pages-a pages-b pages-a", [AGAIN, AGAIN, KEEP]),
        ("pages-a pages-b pages-c pages-d", [AGAIN, AGAIN, AGAIN, KEEP]),
        # Damaged: three times more.
        ("cut-a sound-b", [AGAIN, KEEP]),
        ("cut-a cut-a cut-a sound-b", [AGAIN, AGAIN, AGAIN, KEEP]),
        ("cut-a cut-a cut-a cut-a", [AGAIN, AGAIN, AGAIN, DAMAGED]),
        ("cut-a cut-b cut-c cut-d", [AGAIN, AGAIN, AGAIN, LEAVE]),
        ("cut-a cut-a cut-a cut-b", [AGAIN, AGAIN, AGAIN, LEAVE]),
        ("cut-b cut-a cut-a cut-a", [AGAIN, AGAIN, AGAIN, LEAVE]),
        ("cut-a pages-b cut-a cut-a", [AGAIN, AGAIN, AGAIN, LEAVE]),
        ("cut-a pages-b pages-b", [AGAIN, AGAIN, KEEP]),
        # Nothing there to keep.
        ("empty-e empty-e empty-e empty-e", [AGAIN, AGAIN, AGAIN, EMPTY]),
        ("cut-a cut-b cut-c empty-e", [AGAIN, AGAIN, AGAIN, EMPTY]),
        ("empty-e sound-a", [AGAIN, KEEP]),
        # What cannot be decoded is kept as it came.
        ("text-a sound-b", [VERBATIM, KEEP]),
        ("text-a verbatim-v verbatim-v verbatim-v", [VERBATIM, VERBATIM, VERBATIM, DAMAGED]),
        ("text-a verbatim-v verbatim-w verbatim-v", [VERBATIM, VERBATIM, VERBATIM, LEAVE]),
        ("text-a better-v sound-b", [VERBATIM, AGAIN, KEEP]),
        ("text-a better-v text-b better-v", [VERBATIM, AGAIN, VERBATIM, LEAVE]),
        ("text-a better-v cut-b cut-b", [VERBATIM, AGAIN, AGAIN, LEAVE]),
        # Half of it was decoded: that is not what came.
        ("cut-a cut-a cut-a text-b", [AGAIN, AGAIN, AGAIN, LEAVE]),
    ],
)
def test_sequences(words: str, verdicts: list[Verdict]) -> None:
    attempts = [fetched(word) for word in words.split()]
    assert [judge(attempts[: end + 1]) for end in range(len(attempts))] == verdicts


#: the same letter would mean the same bytes, and so the same kind
KINDS = ["sound-s", "pages-p", "pages-q", "cut-c", "cut-d", "empty-e", "text-t", "verbatim-v"]
KINDS.append("better-b")


@pytest.mark.parametrize("first", KINDS)
def test_every_sequence_comes_to_an_end_and_deletes_nothing_doubtful(first: str) -> None:
    for rest in product(KINDS, repeat=DAMAGED_AGAIN):
        attempts = [fetched(word) for word in (first, *rest)]
        last = attempts[-1]
        verdict = judge(attempts)
        assert verdict not in {AGAIN, VERBATIM}
        if verdict is KEEP:
            assert last.damage is None and not last.verbatim
        if verdict is DAMAGED:
            assert last.size > 0
            assert all(a.damage for a in attempts)
            assert last.verbatim or not last.undecodable
            hashed = {a.sha256 for a in attempts if a.verbatim or not a.undecodable}
            assert hashed == {last.sha256}
