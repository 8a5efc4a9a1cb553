"""The child that opens documents: one piece of work, then it ends.

The work comes as JSON on standard input, what became of it goes as JSON to standard output:
``{"result": …}``, ``{"bad": {"de": …, "en": …}}``, ``{"memory": true}``,
``{"time": true}``, ``{"cannot": …}`` (not even begin) or ``{"error": …}``.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import warnings
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from faxd.documents.errors import BadDocument, MemoryLimit, TimeLimit, WorkshopError
from faxd.documents.limits import Limits, confine

#: Every work, and the module that has the function of that name. It takes facts and returns a
#: result, both JSON, and is imported only after the limits are set.
WORKS: Mapping[str, str] = {
    "cover_codes": "faxd.documents.conceal",
    "fax_look": "faxd.documents.fax_look",
    "find_codes": "faxd.documents.pagetext",
    "first_page": "faxd.documents.first_page",
    "inspect": "faxd.documents.inspection",
    "join": "faxd.documents.join",
    "tiff_to_pdf": "faxd.documents.received",
    "to_pdf": "faxd.documents.convert",
    "transmission_report": "faxd.documents.report",
}


def main(works: Mapping[str, str] = WORKS) -> None:
    """Do the work that standard input asks for."""
    request = json.load(sys.stdin)
    begun, why = True, ""
    facts: dict[str, Any] = {}
    try:
        facts = _reachable(request["facts"], request["held"])
        confine(Limits.from_json(request["limits"]), parent=request["parent"])
    except (OSError, ValueError) as error:
        begun, why = False, str(error)
    warnings.simplefilter("ignore")  # of what libraries see in a document; nobody reads it
    # What libraries print must not get between.
    answer_to = os.dup(1)
    os.dup2(2, 1)
    told = _done(works, request["work"], facts) if begun else {"cannot": why[:500]}
    answer = json.dumps(told).encode()
    while answer:
        answer = answer[os.write(answer_to, answer) :]
    # Not by way of the libraries' own ends, which a document may have upset.
    os._exit(0)


def _reachable(facts: dict[str, Any], held: list[int]) -> dict[str, Any]:
    """The facts, with copies of files that are handed over but may not be opened by their path.

    Who is root may read everything as long as he is; the child is not for long.
    """
    for fd in held:
        path = f"/proc/self/fd/{fd}"
        found = os.fstat(fd)
        may = found.st_uid == os.geteuid() and found.st_mode & 0o400
        if os.geteuid() or may or found.st_mode & 0o004:
            continue
        copy = Path.cwd() / f"held-{fd}"
        with Path(path).open("rb") as file, copy.open("wb") as kept:
            shutil.copyfileobj(file, kept)
        facts = {key: _instead(fact, path, str(copy)) for key, fact in facts.items()}
    return facts


def _instead(fact: Any, path: str, copy: str) -> Any:
    if isinstance(fact, list):
        return [_instead(one, path, copy) for one in fact]
    return copy if fact == path else fact


def _done(works: Mapping[str, str], work: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    try:
        function = getattr(import_module(works[work]), work)
        return {"result": function(**facts)}
    except BadDocument as error:
        return {"bad": {"de": error.words.de, "en": error.words.en}}
    except (MemoryError, MemoryLimit):
        return {"memory": True}
    except TimeLimit:
        return {"time": True}
    except WorkshopError as error:
        return {"error": str(error)[:500]}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:500]}


if __name__ == "__main__":
    main()
