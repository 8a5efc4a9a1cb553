"""Requests are written as the WSDL has it, and what is no WSDL is refused."""

from __future__ import annotations

import gc
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faxd.faxde.codes import TABLES
from faxd.faxde.errors import InterfaceUnusable
from faxd.faxde.interface import Interface
from faxd.simulator import Wire
from faxd.simulator.wsdl import OPERATIONS, TIME_PART, description

ADDRESS = "http://127.0.0.1:1/xmlws.exe/soap/IntfXMLWS"
WSDL = description(Wire(), ADDRESS)
PARTS: dict[str, dict[str, Any]] = {
    "SendJob": {
        **{
            name: b"" if kind == "base64Binary" else ""
            for name, kind in OPERATIONS["SendJob"].inputs
        },
        "JobType": 0,
    },
    "JobStatus": {"Account": "1", "Password": "p", "JobId": "7"},
    "CancelJob": {"Account": "1", "Password": "p", "JobId": "7"},
    "RequestReceived": {"Account": "1", "Password": "p"},
    "DeleteReceived": {"Account": "1", "Password": "p", "FaxId": 3_000_000_001},
}
del PARTS["SendJob"][TIME_PART]


def written(interface: Interface, call: str, **parts: Any) -> tuple[str, dict[str, str]]:
    """The wrapper's name, and the parts that are in a message, in order."""
    root = ElementTree.fromstring(interface.message(call, PARTS[call] | parts))
    ((wrapper,),) = root  # an envelope with a body with one element
    return wrapper.tag, {part.tag: part.text or "" for part in wrapper}


@pytest.mark.parametrize("call", TABLES)
@pytest.mark.parametrize("unit", ["XMLWSIntf", "Another"])
def test_names_and_namespace_come_from_the_wsdl(call: str, unit: str) -> None:
    interface = Interface(description(Wire(unit=unit), ADDRESS))
    gc.collect()  # zeep holds some of it by weak references
    wrapper, parts = written(interface, call)
    assert wrapper == f"{{urn:{unit}-IntfXMLWS}}{call}"
    assert interface.action(call) == f"urn:{unit}-IntfXMLWS#{call}"
    names = [name for name, _ in OPERATIONS[call].inputs]
    assert interface.parts(call) == names
    assert list(parts) == [name for name in names if name != TIME_PART]
    assert parts == {
        name: str(value or "") if value != 0 else "0" for name, value in PARTS[call].items()
    } | {name: "" for name, value in PARTS[call].items() if value == b""}


@pytest.mark.parametrize("name", ["SendeDateTime", "SendDateTime"])
@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2))])
def test_the_time(name: str, zone: timezone) -> None:
    interface = Interface(description(Wire(time_part=name), ADDRESS))
    assert name in interface.parts("SendJob")
    moment = datetime(2026, 3, 1, 12, tzinfo=zone)
    _, parts = written(interface, "SendJob", **{name: moment})
    assert datetime.fromisoformat(parts[name]) == moment


def test_values_are_escaped_and_keep_their_form() -> None:
    text = ' <a> & "b"\r\n\tü€\U0001f600]]> '
    _, parts = written(Interface(WSDL), "SendJob", SendText=text, SendFile1=b"\0\xff<>")
    assert parts["SendText"] == text
    assert parts["SendFile1"] == "AP88Pg=="


def test_parts_that_do_not_fit() -> None:
    interface = Interface(WSDL)
    with pytest.raises(InterfaceUnusable, match="CancelJob has no part Colour, Sort"):
        interface.message("CancelJob", PARTS["CancelJob"] | {"Sort": "", "Colour": ""})
    for wrong in ({"JobType": None}, {"SendFile1": 5}, {"SendeDateTime": 5}):
        with pytest.raises(InterfaceUnusable, match="cannot be written") as error:
            interface.message("SendJob", PARTS["SendJob"] | {"Password": "geheim"} | wrong)
        assert "geheim" not in repr(error.value)
        assert error.value.__context__ is None


@pytest.mark.parametrize("char", ["\0", "\x1b", "\ud800", "\ufffe"])
def test_characters_that_xml_lacks(char: str) -> None:
    with pytest.raises(ValueError, match="Password holds a character") as error:
        Interface(WSDL).message("CancelJob", PARTS["CancelJob"] | {"Password": f"geheim{char}"})
    assert "geheim" not in repr(error.value)
    assert error.value.__context__ is None


@pytest.mark.parametrize(
    ("address", "path"),
    [
        (ADDRESS, "/xmlws.exe/soap/IntfXMLWS"),
        ("http://elsewhere.example:8080/a?b=c#d", "/a?b=c"),
        ("https://elsewhere.example", "/"),
        ("/only/a/path", "/only/a/path"),
    ],
)
def test_only_the_path_of_the_stated_address_is_believed(address: str, path: str) -> None:
    assert Interface(description(Wire(), address)).path == path


@pytest.mark.parametrize(
    "wsdl",
    [
        b"",
        b"Internal error",
        b"<html><body>Please sign in</body></html>",
        b"<!DOCTYPE html><html></html>",
        b"<definitions xmlns='http://schemas.xmlsoap.org/wsdl/'/>",
        b"<!DOCTYPE a [<!ENTITY e 'x'>]>" + WSDL.partition(b"\n")[2],
        b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/x.dtd'>" + WSDL.partition(b"\n")[2],
        WSDL[:-100],
        WSDL.replace(b"CancelJob", b"StopJob"),
        WSDL.replace(b'type="xs:base64Binary"', b'type="xs:picture"'),
        WSDL.replace(b"soap:address", b"soap:addresses"),
        WSDL.replace(b"<binding", b"<knot").replace(b"</binding", b"</knot"),
        WSDL.replace(ADDRESS.encode(), b"http://[1/x"),
        WSDL.replace(ADDRESS.encode(), b"http://a.example/x y"),
        WSDL.replace(ADDRESS.encode(), "http://a.example/ü".encode()),
        WSDL.replace(b"#CancelJob", b"&#10;Evil: CancelJob"),
        WSDL.replace(b"#CancelJob", b"&quot; CancelJob"),
        WSDL.replace(
            b"<message", b"<import namespace='urn:x' location='http://127.0.0.1:9/x'/><message", 1
        ),
        WSDL.replace(
            b"<message",
            b"<types><xs:schema><xs:include schemaLocation='file:///etc/passwd'/></xs:schema></types>"
            b"<message",
            1,
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:The wsdl")  # zeep's words about the same
def test_what_is_no_wsdl_of_ours(wsdl: bytes) -> None:
    with pytest.raises(InterfaceUnusable) as error:
        Interface(wsdl)
    assert not error.value.maybe_done


@given(st.integers(0, len(WSDL)), st.integers(0, 40), st.binary(max_size=20))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_random_damage_raises_nothing_else(place: int, length: int, junk: bytes) -> None:
    try:
        Interface(WSDL[:place] + junk + WSDL[place + length :])
    except InterfaceUnusable:
        return
