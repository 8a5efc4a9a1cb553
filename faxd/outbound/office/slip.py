"""The slip of a job that is under way: a text in the office's own words. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, tzinfo

from faxd.job import Hold, Job, JobState
from faxd.outbound.office import layout
from faxd.outbound.office.layout import harmless, when
from faxd.words import Language, Words

_SHOWN_RECIPIENTS = 5

#: the problem of a job whose cancelling came too late
TOO_LATE = Words(
    de="Sie wollten diesen Auftrag stornieren; dafür war es zu spät. Er wird gesendet.",
    en="You wanted to cancel this job; it was too late for that. It will be sent.",
)

_HEADLINES = {
    JobState.PREPARING: Words(de="WIRD VORBEREITET", en="BEING PREPARED"),
    JobState.WAITING: Words(de="WARTET", en="WAITING"),
    JobState.HELD: Words(de="ANGEHALTEN", en="ON HOLD"),
    JobState.SENDING: Words(de="WIRD ÜBERGEBEN", en="BEING HANDED OVER"),
    JobState.UNCERTAIN: Words(de="NOCH UNKLAR", en="NOT CLEAR YET"),
    JobState.ACCEPTED: Words(de="UNTERWEGS", en="UNDER WAY"),
    JobState.DONE: Words(de="ERLEDIGT", en="DONE"),
    JobState.FAILED: Words(de="NICHT GESENDET", en="NOT SENT"),
    JobState.CANCELLED: Words(de="ZURÜCKGEZOGEN", en="WITHDRAWN"),
}
_QUESTION = Words(de="BITTE ANTWORTEN", en="PLEASE ANSWER")

_WITHDRAW = Words(
    de="Zum Stornieren diese Datei löschen; dann wird nichts gesendet.",
    en="To cancel it, delete this file; then nothing is sent.",
)
_CANCEL = Words(
    de="Zum Stornieren diese Datei löschen. Der Auftrag wird dann bei FAX.de storniert, wenn es"
    " noch nicht zu spät ist; sonst kommt diese Datei wieder und sagt es.",
    en="To cancel it, delete this file. The job is then cancelled at FAX.de if it is not too late;"
    " otherwise this file comes back and says so.",
)
_CANCELLING = Words(
    de="Sie haben diesen Auftrag zurückgezogen. Er wird storniert, wenn es nicht zu spät ist.",
    en="You have withdrawn this job. It is cancelled if it is not too late.",
)
#: what is asked about is the job's problem
_SAME = Words(
    de="Ja:   Benennen Sie diese Datei so um, dass ihr Name mit „ja“ beginnt.\n"
    "Nein: Löschen Sie diese Datei; dann wird nichts gesendet.",
    en='Yes:  rename this file so that its name begins with "yes".\n'
    "No:   delete this file; then nothing is sent.",
)
_GUARD = Words(
    de="Die Grenze für Aufträge je Stunde oder Seiten je Tag ist erreicht; sie schützt vor"
    " unerwarteten Kosten. Es geht von selbst weiter, sobald wieder Platz ist. Ihr"
    " Administrator kann die Grenze ändern.",
    en="The limit of jobs an hour or pages a day is reached; it protects from unexpected cost."
    " It goes on by itself as soon as there is room again. Your administrator can change"
    " the limit.",
)
_UNCERTAIN = Words(
    de="Der Auftrag ging an FAX.de, aber die Antwort kam nicht an. Vielleicht wird er schon"
    " gesendet. Dieselbe Anfrage wird unverändert wiederholt; FAX.de erkennt daran, ob es den"
    " Auftrag schon hat. Bitte senden Sie das Dokument nicht selbst noch einmal.",
    en="The job went to FAX.de, but the answer did not arrive. It may be on its way already."
    " The same request is repeated unchanged; by that FAX.de can tell whether it has the"
    " job. Please do not send the document again yourself.",
)
_OFFLINE = Words(
    de="FAX.de ist zurzeit nicht zu erreichen. Es wird von selbst weiter versucht; Sie müssen"
    " nichts tun.",
    en="FAX.de cannot be reached at the moment. It is tried again by itself; you need not do"
    " anything.",
)
_REPEAT = Words(
    de="Der Empfänger war nicht zu erreichen. Es wird noch einmal gesendet.",
    en="The recipient could not be reached. It will be sent once more.",
)
_TURN = Words(
    de="Das Dokument ist angenommen und wird FAX.de der Reihe nach übergeben.",
    en="The document is taken, and is handed to FAX.de in its turn.",
)
_PREPARING = Words(
    de="Das Dokument ist angenommen und wird für den Versand vorbereitet.",
    en="The document is taken, and is being made ready to be sent.",
)
_SENDING = Words(de="Der Auftrag wird FAX.de übergeben.", en="The job is being handed to FAX.de.")
_ACCEPTED = Words(
    de="FAX.de hat den Auftrag und ist dabei, ihn auszuführen.",
    en="FAX.de has the job, and is at it.",
)
_PLANNED = Words(
    de="FAX.de hat den Auftrag und führt ihn zur geplanten Zeit aus.",
    en="FAX.de has the job, and carries it out at the planned time.",
)
_FILING = Words(
    de="Bericht und Dokument werden abgelegt.", en="Report and document are being filed."
)

_REPORT_COMES = Words(
    de="Am Ende liegt ein Bericht mit dem Dokument im Ordner „{sent}“ oder „{failed}“.",
    en='At the end a report lies with the document in the folder "{sent}" or "{failed}".',
)


def render_slip(
    job: Job,
    language: Language,
    zone: tzinfo | None,
    now: datetime,
    *,
    queue_problem: Words | None = None,
    offline: bool = False,
    sent: str = "sent",
    failed: str = "failed",
) -> str:
    """What people read while a job is under way; with Windows' line ends, see layout.as_file.

    The same as long as nothing changes: ``now`` only tells whether a time is still to come.
    ``queue_problem``: why the whole account waits. ``offline``: FAX.de cannot be reached.
    ``sent``, ``failed``: what these folders are called.
    """

    def say(words: Words) -> str:
        return words.in_(language)

    asks = job.state is JobState.HELD and job.hold is Hold.SAME
    headline = _QUESTION if asks else _HEADLINES[job.state]
    lines = [layout.first_line(say(headline), job.id, language), ""]
    lines += layout.field(say(layout.KIND), say(layout.KINDS[job.kind]))
    lines += layout.field(say(layout.TITLE), harmless(job.title))
    lines += _recipients(job, language)
    lines += layout.pages_field(job, language)
    if job.at is not None:
        lines += layout.field(say(layout.PLANNED), when(job.at, zone, language))
    if job.tries > 1:
        lines += layout.field(say(layout.TRIES), str(job.tries))
    if job.job_id is not None:
        lines += layout.field(say(layout.JOB_ID), str(job.job_id))
    lines += layout.field(say(layout.OWN_ID), str(job.id))
    lines.append("")
    if job.problem is not None:
        lines += [*layout.quoted(say(job.problem)), ""]
    for words in _state(job, now, queue_problem, offline):
        lines += layout.paragraph(say(words))
    next_step = _next(job, now)
    if next_step is not None:
        label, moment = next_step
        lines += layout.paragraph(f"{say(label)} {when(moment, zone, language)}.")
    if not job.state.is_end and not asks:
        lines.append("")
        lines += layout.paragraph(say(_stop(job)))
        if job.state in {JobState.ACCEPTED, JobState.SENDING}:
            comes = say(_REPORT_COMES).format(sent=harmless(sent, 60), failed=harmless(failed, 60))
            lines += layout.advice(comes)
    return layout.joined(lines)


def answer_of(slip_name: str, found_name: str) -> bool:
    """Whether ``found_name`` is the slip, renamed so that it begins with "ja" or "yes".

    What people make of it: ``ja Befund.txt``, ``JA_Befund.txt``, ``Yes - Befund.txt``,
    ``jaBefund.txt``. Where the name is gone altogether (``ja.txt``), see `says_yes`.
    """
    slip, found = _folded(slip_name), _folded(found_name)
    for word in ("ja", "yes"):
        if found != slip and found.startswith(word):
            rest = found[len(word) :]
            if rest == slip or rest.lstrip(" -_.,:;!()") == slip.lstrip(" -_.,:;!()"):
                return True
    return False


def says_yes(name: str) -> bool:
    """Whether a name begins with the word "ja" or "yes"."""
    return re.match(r"\s*(ja|yes)(?![^\W_])", _folded(name)) is not None


def _folded(name: str) -> str:
    # Apple's computers decompose umlauts.
    return unicodedata.normalize("NFC", name).casefold()


def _recipients(job: Job, language: Language) -> list[str]:
    shown = [
        layout.recipient_line(recipient.address, recipient.name, recipient.reference)
        for recipient in job.recipients[:_SHOWN_RECIPIENTS]
    ]
    if not shown:
        return []
    left = len(job.recipients) - len(shown)
    if left:
        shown.append(Words(de=f"und {left} weitere", en=f"and {left} more").in_(language))
    label = layout.RECIPIENT if len(job.recipients) == 1 else layout.RECIPIENTS
    return layout.field(label.in_(language), shown[0]) + layout.more(shown[1:])


def _state(job: Job, now: datetime, queue_problem: Words | None, offline: bool) -> list[Words]:
    """What is to be said of its state."""
    said: list[Words] = []
    if job.state is JobState.HELD:
        said.append(_SAME if job.hold is Hold.SAME else _GUARD)
    elif job.state is JobState.UNCERTAIN:
        said.append(_UNCERTAIN)
    elif job.state is JobState.SENDING:
        said.append(_SENDING)
    elif job.state is JobState.PREPARING:
        said.append(_PREPARING)
    elif job.state is JobState.ACCEPTED:
        said.append(_PLANNED if job.at is not None and job.at > now else _ACCEPTED)
    elif job.state.is_end:
        said.append(_FILING)
    elif job.repeats and queue_problem is None and not offline:
        said.append(_REPEAT)
    elif queue_problem is None and not offline and job.failing_since is None:
        said.append(_TURN)
    if queue_problem is not None and not job.state.is_end:
        said.append(queue_problem)
    elif offline or (
        job.failing_since is not None and job.problem is None and job.state is JobState.WAITING
    ):
        said.append(_OFFLINE)
    if job.cancel and not job.state.is_end:
        said.append(_CANCELLING)
    return said


def _next(job: Job, now: datetime) -> tuple[Words, datetime] | None:
    """The next time at which something happens that people may want to know of."""
    if job.due_at is None or job.due_at <= now:
        return None
    if job.state in {JobState.PREPARING, JobState.WAITING, JobState.UNCERTAIN}:
        return Words(de="Nächster Versuch:", en="Next try:"), job.due_at
    if job.state is JobState.HELD and job.hold is Hold.GUARD:
        return Words(de="Frühestens weiter:", en="Goes on at the earliest:"), job.due_at
    return None


def _stop(job: Job) -> Words:
    if job.cancel:
        return Words(de="Sie müssen nichts weiter tun.", en="You need not do anything more.")
    before = {JobState.PREPARING, JobState.WAITING, JobState.HELD}
    if job.state in before and not job.doubt:
        return _WITHDRAW
    return _CANCEL
