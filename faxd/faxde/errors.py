"""All that can go wrong while FAX.de is spoken to.

Each class's docstring is its message. ``maybe_done`` tells whether the server may have
carried the call out: what was never sent can be repeated without a thought, what was sent and
not answered cannot.
"""

from __future__ import annotations

from faxd.faxde.codes import Code


class FaxdeError(Exception):
    """FAX.de could not be spoken to"""

    #: whether the server may have carried out the call
    maybe_done: bool = True

    def __init__(self, detail: str = "") -> None:
        message = (self.__doc__ or "").strip()
        super().__init__(f"{message}: {detail}" if detail else message)
        self.detail = detail


class NotReached(FaxdeError):
    """no connection to FAX.de"""

    maybe_done = False


class InterfaceUnusable(FaxdeError):
    """the interface description (WSDL) of FAX.de cannot be used"""

    maybe_done = False


class Cancelled(FaxdeError):
    """the call was ended by faxd itself"""


class NoAnswer(FaxdeError):
    """the request was sent, at least in part, but no answer came"""


class Dropped(NoAnswer):
    """the connection was closed without an answer"""


class TimedOut(NoAnswer):
    """the request was sent, but the answer took too long"""


class CutOff(NoAnswer):
    """the answer ended in the middle"""


class BadAnswer(FaxdeError):
    """the answer cannot be understood"""


class NotSoap(BadAnswer):
    """the answer is not SOAP (a proxy's or login page in between?)"""


class HttpStatus(BadAnswer):
    """the server answered with an HTTP error"""

    def __init__(self, status: int, detail: str = "") -> None:
        super().__init__(f"status {status}{', ' + detail if detail else ''}")
        self.status = status


class ForbiddenXml(BadAnswer):
    """the answer holds XML that has no place in it"""


class TooLarge(BadAnswer):
    """the answer is larger than allowed"""


class BadPart(BadAnswer):
    """a part of the answer is missing or unreadable"""


class Fault(FaxdeError):
    """the server answered with a SOAP fault"""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}" if code else text)
        self.code = code
        self.text = text

    @property
    def hints_at_changed_interface(self) -> bool:
        """Whether reading the WSDL anew might help.

        SOAP 1.1 section 4.4.1: ``Client`` says that the message itself was wrong, and
        ``VersionMismatch`` and ``MustUnderstand`` speak of its form; Delphi's server words an
        unknown method or SOAPAction in the text of a ``Server`` fault (SOAP 1.2: ``Receiver``).
        """
        if self.code.rpartition(":")[2].partition(".")[0] not in {"Server", "Receiver"}:
            return True
        words = ("method", "soapaction", "interface", "namespace", "operation")
        return any(word in self.text.lower() for word in words)


class Rejected(FaxdeError):
    """FAX.de refused"""

    maybe_done = False

    def __init__(self, call: str, code: Code) -> None:
        super().__init__(f"{call} returned {code.number}, {code.english}")
        self.call = call
        self.code = code
