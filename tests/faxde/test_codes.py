"""Every return code of every call: the document's tables, read a second time.

What each asks for is this project's reading: the account's problems stop the account, what lies
with the request is refused for good, what lies with the provider may pass.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from faxd.faxde import Asks, CancelResult, Client, JobResult, JobState, JobType, Rejected, SentJob
from faxd.faxde.codes import TABLES, lookup
from faxd.simulator import Simulator
from faxd.simulator.wsdl import OPERATIONS

DOCUMENT = """
SendJob
0 DONE Auftrag angenommen, wird ausgeführt
-1 ACCOUNT Passwort ungültig
-2 ACCOUNT Kunde nicht bekannt
-3 REFUSED Dokument nicht vorhanden
-4 LATER Serverfehler
-5 REFUSED Empfängernummer generell gesperrt
-6 REFUSED Dokumentenformat nicht unterstützt
-7 REFUSED Dokument nicht konvertierbar
-8 REFUSED Keine Autorisierung für Auslandsversand oder diese Jobart
-14 REFUSED Dokument nicht konvertierbar
-65 LATER Interner Fehler bei der Verarbeitung der Empfängerdatei
-66 LATER Interner Fehler bei der Verarbeitung des Sendedokuments
-77 DUPLICATE Ein gleicher Auftrag ist bereits eingerichtet (Doppelbeauftragung?)
-1309 REFUSED Dokument hat mehr als 3 Seiten in der Testphase (vor Zahlungseingang)
1 ACCOUNT Nicht autorisiert
2 ACCOUNT Account ist leer
3 ACCOUNT Testzeitraum abgelaufen
4 REFUSED Ungültiger JobType
6 ACCOUNT Guthaben noch nicht verfügbar (erste Lastschrift + 14 Tage)
7 ACCOUNT Guthaben nicht ausreichend (nur iLetter, JobType=3,4)
8 REFUSED Kein Empfänger angegeben
9 REFUSED Empfänger ist auf der Blacklist
10 LATER QSign interner Fehler
11 REFUSED QSign: iLetter als Massenversand nicht erlaubt
15 REFUSED SendFile nicht vorhanden
45 REFUSED Empfängernummer nicht zulässig (Premiumnummer)
46 REFUSED Empfängernummer nicht zulässig (Premiumnummer)
47 REFUSED Empfängernummer nicht zulässig (Premiumnummer)
54 ACCOUNT Noch kein Zahlungseingang (J5)
58 REFUSED Fehler beim Konvertieren des Dokuments
61 ACCOUNT Versandfreimenge nicht mehr ausreichend (bei Versandpaketen)
75 REFUSED Keine Dateien und/oder Text zum Versand übergeben

JobStatus
0 DONE JobId gefunden, der Job ist abgeschlossen, siehe Protokoll Variablen
1 ACCOUNT Account nicht gefunden
2 ACCOUNT Passwort stimmt nicht zum Account
3 ACCOUNT Konto Testzeitraum abgelaufen
4 ACCOUNT Account gesperrt
5 NOTHING Kein Protokoll-Eintrag mit dieser JobId gefunden
6 LATER Job ist noch in Bearbeitung

CancelJob
0 DONE Der Job wurde storniert
1 REFUSED Der Job ist bereits erledigt und kann nicht mehr storniert werden
-2 ACCOUNT Kundennummer unbekannt
-1 NOTHING JobId unbekannt
-3 ACCOUNT Account gesperrt

RequestReceived
0 DONE Empfangsfax gefunden, Datei wird als FaxImage übergeben
1 ACCOUNT Account nicht gefunden
2 ACCOUNT Passwort stimmt nicht zum Account
3 ACCOUNT Konto Testzeitraum abgelaufen
4 ACCOUNT Account gesperrt
5 NOTHING Kein Fax im Fax-Eingang

DeleteReceived
0 DONE Fax wurde aus dem Eingangsspeicher gelöscht
1 ACCOUNT Account nicht gefunden
2 ACCOUNT Passwort falsch
3 ACCOUNT Konto Testzeitraum abgelaufen
4 ACCOUNT Account gesperrt
5 NOTHING Faxdatei nicht gefunden
"""

ROWS: list[tuple[str, int, Asks, str]] = []
for section in DOCUMENT.strip().split("\n\n"):
    title, *lines = section.splitlines()
    for line in lines:
        number, asks, meaning = line.split(" ", 2)
        ROWS.append((title, int(number), Asks[asks], meaning))
CODES = [(call, number, asks) for call, number, asks, _ in ROWS]
UNKNOWN = [(call, number, Asks.LATER) for call in TABLES for number in (99, -4711, 5000)]

#: codes that are no error, and what the call gives for them
RESULTS: dict[tuple[str, int], Any] = {
    ("SendJob", 0): SentJob(job_id=0, recipients=0, pages=0),
    ("JobStatus", 0): JobResult(state=JobState.FINISHED),
    ("JobStatus", 5): JobResult(state=JobState.UNKNOWN),
    ("JobStatus", 6): JobResult(state=JobState.IN_PROGRESS),
    ("CancelJob", 0): CancelResult.CANCELLED,
    ("CancelJob", 1): CancelResult.TOO_LATE,
    ("CancelJob", -1): CancelResult.UNKNOWN,
    ("RequestReceived", 5): None,
    ("DeleteReceived", 0): True,
    ("DeleteReceived", 5): False,
}

CALLS: dict[str, Callable[[Client], Any]] = {
    "SendJob": lambda client: client.send_job(JobType.FAX, recipient="+4940123456", text="x"),
    "JobStatus": lambda client: client.job_status("70000001"),
    "CancelJob": lambda client: client.cancel_job(70_000_001),
    "RequestReceived": lambda client: client.request_received(io.BytesIO(), limit=1000),
    "DeleteReceived": lambda client: client.delete_received(3_000_000_001),
}


@pytest.mark.parametrize(("call", "number", "asks", "german"), ROWS)
def test_the_documents_tables(call: str, number: int, asks: Asks, german: str) -> None:
    code = lookup(call, number)
    assert (code.number, code.asks, code.german, code.documented) == (number, asks, german, True)
    assert code.english.isascii()


def test_nothing_is_left_out_or_added() -> None:
    assert {(call, number) for call, number, _ in CODES} == {
        (call, number) for call, table in TABLES.items() for number in table
    }
    assert set(TABLES) == set(CALLS) == set(OPERATIONS)


@pytest.mark.parametrize(("call", "number", "asks"), UNKNOWN)
def test_an_unknown_number_is_tried_later(call: str, number: int, asks: Asks) -> None:
    code = lookup(call, number)
    assert (code.asks, code.documented) == (asks, False)
    assert str(number) in code.german
    assert str(number) in code.english


def test_codes_of_an_unknown_call() -> None:
    with pytest.raises(KeyError):
        lookup("SendFax", 0)


@pytest.mark.parametrize("call", TABLES)
def test_what_each_call_makes_of_its_codes(server: Simulator, client: Client, call: str) -> None:
    for called, number, asks in CODES + UNKNOWN:
        if called != call or (call, number) == ("RequestReceived", 0):
            continue
        server.force_code(call, number)
        if (call, number) in RESULTS:
            assert CALLS[call](client) == RESULTS[call, number], number
            continue
        with pytest.raises(Rejected) as error:
            CALLS[call](client)
        assert (error.value.call, error.value.code) == (call, lookup(call, number))
        assert error.value.code.asks is asks
        assert not error.value.maybe_done
        assert f"{call} returned {number}, " in str(error.value)


def test_success_without_a_fax(server: Simulator, client: Client) -> None:
    server.force_code("RequestReceived", 0)
    fax = CALLS["RequestReceived"](client)
    assert (fax.fax_id, fax.size, fax.defect, fax.received) == (0, 0, None, None)
