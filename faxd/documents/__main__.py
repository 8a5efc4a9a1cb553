"""The child that opens documents: one piece of work, then it ends.

The work comes as JSON on standard input, what became of it goes as JSON to standard output:
``{"result": …}``, ``{"bad": {"de": …, "en": …}}``, ``{"memory": true}``,
``{"time": true}`` or ``{"error": …}``.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Mapping
from importlib import import_module
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
    confine(Limits.from_json(request["limits"]), parent=request["parent"])
    warnings.simplefilter("ignore")  # of what libraries see in a document; nobody reads it
    # What libraries print must not get between.
    answer_to = os.dup(1)
    os.dup2(2, 1)
    answer = json.dumps(_done(works, request["work"], request["facts"])).encode()
    while answer:
        answer = answer[os.write(answer_to, answer) :]
    # Not by way of the libraries' own ends, which a document may have upset.
    os._exit(0)


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
