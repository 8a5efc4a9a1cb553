"""One mail handed to the mail server, which nothing that the server does can hold up.

It goes on in a thread of its own: a name server, a connection or a handshake that does not answer
cannot be ended from elsewhere, but it can be left alone. Once it is left, it says no more.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from faxd.afterwards.letter import END, Letter, stuffed
from faxd.afterwards.replies import Step

#: seconds: for a connection, for each answer and each piece of a mail
_CONNECT, _ANSWER = 30.0, 60.0
#: seconds for the answer to the whole mail. RFC 5321, 4.5.3.2.6: who is less patient sends it twice
_TAKEN = 600.0
#: seconds for all of it
_WHOLE = 1800.0
#: seconds that the answer to a whole mail may still take when faxd ends, for the same reason
_GRACE = 3.0


class Refused(Exception):
    """The server has answered, and will not."""

    def __init__(self, step: Step, code: int, text: bytes | str) -> None:
        said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        super().__init__(f"{code} {said}")
        self.step = step
        self.code = code
        self.text = said


class Unreachable(Exception):
    """The server cannot be spoken to; the message says why."""


class Left(Exception):
    """The conversation was left; unless the server was mute, the mail was not taken."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """How a mail server is spoken to."""

    host: str
    port: int
    #: None: not encrypted
    context: ssl.SSLContext | None = None
    #: encrypted from the start, and not by STARTTLS
    from_start: bool = False
    #: name and password; None: it wants none
    login: tuple[str, str] | None = None


class Conversation:
    """Hands over one mail, once; ``leave`` may come from any thread, at any time."""

    def __init__(self, server: Server, letter: Letter | None, *, sender: str, to: str = "") -> None:
        """Without a letter it ends behind the sender: the server would take one of his."""
        self._server = server
        self._letter = letter
        self._sender = sender
        self._to = to
        self._lock = threading.Lock()
        #: something has happened that `hold` waits for
        self._news = threading.Event()
        self._left = False
        self._ended = threading.Event()
        #: the whole mail is over there, and the answer to it is not here yet
        self._is_over_there = False
        #: the connection, by which it is ended whatever wraps it
        self._plug: socket.socket | None = None
        self._error: Exception | None = None

    def hold(self) -> None:
        """Hand the mail over; it was taken when this returns.

        Raises:
            Refused, Unreachable: it was not.
            OSError: what is attached cannot be read.
            Left: somebody has called `leave`.
        """
        threading.Thread(target=self._run, name="mail", daemon=True).start()
        came = self._news.wait(_WHOLE)
        with self._lock:
            is_over_there = self._left and self._is_over_there
        if is_over_there:
            self._ended.wait(_GRACE)
        if not self._ended.is_set():
            self._hang_up()
            if came:
                raise Left
            raise Unreachable(f"not done within {_WHOLE:g} seconds")
        if self._error is not None:
            raise self._error

    def leave(self) -> None:
        """Have `hold` return soon."""
        with self._lock:
            self._left = True
        self._news.set()

    # in its own thread

    def _run(self) -> None:
        try:
            self._talk()
        except (Refused, Left) as error:
            self._error = error
        except smtplib.SMTPServerDisconnected as error:
            self._error = Unreachable(str(error))
        except smtplib.SMTPException as error:
            self._error = Unreachable(str(error) or type(error).__name__)
        except Exception as error:
            self._error = error
        finally:
            with self._lock:
                plug, self._plug = self._plug, None
            if plug is not None:
                plug.close()
            self._ended.set()
            self._news.set()

    def _talk(self) -> None:
        line = smtplib.SMTP(timeout=_ANSWER)
        try:
            try:
                self._greet(line)
                self._introduce(line)
                letter = self._letter
                if letter is None:
                    _expect(Step.SENDER, line.mail(self._sender), 250)
                else:
                    self._begin(line, letter)
                self._go_on()
            except OSError as error:
                raise Unreachable(_reason(error)) from None
            if letter is not None:
                self._give(line, letter)
            with suppress(smtplib.SMTPException, OSError):
                line.sock.settimeout(_GRACE)  # type: ignore[union-attr]
                line.quit()  # what was to be done is done, whatever is answered to this
        finally:
            line.close()

    def _greet(self, line: smtplib.SMTP) -> None:
        server = self._server
        sock = socket.create_connection((server.host, server.port), _CONNECT)
        with self._lock:
            if not self._left:
                self._plug = sock.dup()
        try:
            self._go_on()
            sock.settimeout(_ANSWER)
            if server.context is not None and server.from_start:
                sock = server.context.wrap_socket(sock, server_hostname=server.host)
        except BaseException:
            sock.close()
            raise
        line.sock = sock
        # Whose name the certificate must bear; smtplib knows it only if it connects by itself.
        line._host = server.host  # type: ignore[attr-defined]
        _expect(Step.GREETING, line.getreply(), 220)

    def _introduce(self, line: smtplib.SMTP) -> None:
        server = self._server
        self._hello(line)
        if server.context is not None and not server.from_start:
            if not line.has_extn("starttls"):
                raise Refused(Step.ENCRYPTION, 502, "it does not offer STARTTLS")
            with _answered(Step.ENCRYPTION):
                line.starttls(context=server.context)
            self._hello(line)
        if server.login is not None:
            if not line.has_extn("auth"):
                raise Refused(Step.LOGIN, 502, "it offers no AUTH, so it takes no password")
            with _answered(Step.LOGIN):
                line.login(*server.login)

    def _hello(self, line: smtplib.SMTP) -> None:
        code, text = line.ehlo()
        if not 200 <= code <= 299:
            code, text = line.helo()
        _expect(Step.HELLO, (code, text), 250)

    def _begin(self, line: smtplib.SMTP, letter: Letter) -> None:
        """The envelope, up to where the mail itself is asked for."""
        options = []
        if line.has_extn("size"):
            most = line.esmtp_features["size"].strip()
            if most.isdecimal() and 0 < int(most) < letter.size:
                raise Refused(Step.SENDER, 552, f"5.3.4 the server takes {most} bytes at most")
            options = [f"size={letter.size}"]
        _expect(Step.SENDER, line.mail(self._sender, options), 250)
        _expect(Step.RECIPIENT, line.rcpt(self._to), 250, 251, 252)
        _expect(Step.MESSAGE, line.docmd("DATA"), 354)

    def _give(self, line: smtplib.SMTP, letter: Letter) -> None:
        # What cannot be read is no trouble of the server's, and raised as it is. The connection is
        # then closed without the end: nothing was taken.
        for piece in stuffed(letter.pieces()):
            self._go_on()
            self._send(line, piece)
        with self._lock:
            self._go_on()
            self._is_over_there = True
        try:
            self._send(line, END)
            assert line.sock is not None
            line.sock.settimeout(_TAKEN)
            reply = line.getreply()
        except OSError as error:
            raise Unreachable(_reason(error)) from None
        finally:
            self._is_over_there = False
        _expect(Step.MESSAGE, reply, 250)

    def _send(self, line: smtplib.SMTP, piece: bytes) -> None:
        try:
            line.send(piece)
        except OSError as error:
            raise Unreachable(_reason(error)) from None

    def _go_on(self) -> None:
        if self._left:
            raise Left

    def _hang_up(self) -> None:
        with self._lock:
            self._left = True
            plug = self._plug
            if plug is not None:
                with suppress(OSError):
                    plug.shutdown(socket.SHUT_RDWR)


@contextmanager
def _answered(step: Step) -> Iterator[None]:
    """For what smtplib does as a whole, and raises for."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise Refused(step, error.smtp_code, error.smtp_error) from None
    except UnicodeError:
        raise Refused(step, 535, "name and password must be ASCII") from None


def _expect(step: Step, reply: tuple[int, bytes], *good: int) -> None:
    code, text = reply
    if code not in good:
        raise Refused(step, code, text)


def _reason(error: OSError) -> str:
    """What is wrong with the line."""
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if isinstance(error, smtplib.SMTPException):
        return str(error) or type(error).__name__
    return error.strerror or str(error) or type(error).__name__
