"""The office's mail server: letters are handed over, and what it answers is told apart."""

from __future__ import annotations

import ssl
import threading

from faxd.afterwards import notice, replies
from faxd.afterwards.child import Closed
from faxd.afterwards.conversation import Conversation, Left, Refused, Server, Unreachable
from faxd.afterwards.letter import Letter
from faxd.afterwards.replies import Verdict
from faxd.afterwards.retry import Held, Hopeless, Trouble
from faxd.config import MailSettings, PasswordError

#: seconds until the server is spoken to again: by itself, or as somebody has to see to it, when
#: more tries might have it lock the account
_SOON, _LATER = 60.0, 300.0


class ServerTrouble(Trouble):
    """No other mail can go now either; ``rest`` are seconds until one should be tried."""

    rest = _SOON


class ServerHeld(ServerTrouble, Held):
    """No mail can go until somebody has seen to the server or to its settings."""

    rest = _LATER


class Post:
    """Hands over letters, one at a time, until it is closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._conversation: Conversation | None = None
        self._closed = False

    def hand_over(self, settings: MailSettings, letter: Letter, to: str) -> None:
        """One mail, taken by the server.

        Raises:
            Refused: the server has said no; see `meaning`.
            ServerTrouble: it cannot be spoken to.
            Closed: faxd ends.
        """
        conversation = Conversation(server_of(settings), letter, sender=settings.sender, to=to)
        with self._lock:
            if self._closed:
                raise Closed
            self._conversation = conversation
        try:
            conversation.hold()
        except Left:
            raise Closed from None
        except Unreachable as error:
            if self._closed:
                raise Closed from None
            raise ServerTrouble(_where(settings, error)) from None
        finally:
            with self._lock:
                self._conversation = None

    def close(self) -> None:
        """End what is under way, and refuse more."""
        with self._lock:
            self._closed = True
            conversation = self._conversation
        if conversation is not None:
            conversation.leave()


def _where(settings: MailSettings, error: Unreachable) -> str:
    where = f"mail server {settings.host}:{settings.port_used}"
    return f"{where}: {notice.line(str(error), 200)}"


def server_of(settings: MailSettings) -> Server:
    """How the server is spoken to, with what is in files now.

    Raises:
        ServerHeld: password or certificates cannot be read.
    """
    context = login = None
    try:
        if settings.user is not None:
            login = (settings.user, settings.password())
        if settings.tls != "none":
            context = ssl.create_default_context()
            if settings.ca_file is not None:
                context.load_verify_locations(settings.ca_file)
    except PasswordError as error:
        raise ServerHeld(f"[mail] {error}") from None
    except OSError as error:  # also what ssl has against a file
        raise ServerHeld(f"[mail] ca_file: {error.strerror or error}") from None
    return Server(
        host=settings.host,
        port=settings.port_used,
        context=context,
        from_start=settings.tls == "tls",
        login=login,
    )


def meaning(refused: Refused) -> Trouble | Hopeless:
    """What a refusal means for the action, in words for administrators."""
    step, code = refused.step, refused.code
    said = f"the mail server refuses it at {step.value}: {code} {notice.line(refused.text, 200)}"
    is_for_all = replies.is_for_all(step, code)
    match replies.verdict(step, code, refused.text):
        case Verdict.NEVER:
            return Hopeless(said)
        case Verdict.AGAIN:
            return ServerTrouble(said) if is_for_all else Trouble(said)
    said += "; see to the server or to [mail], until then it is tried again"
    return ServerHeld(said) if is_for_all else Held(said)
