"""The configuration: every key, and errors that name file, key and what is allowed."""

from __future__ import annotations

import os
import stat
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faxd.config import (
    DEFAULT_WSDL,
    AccountSettings,
    Config,
    ConfigError,
    MailSettings,
    PasswordError,
    SendSettings,
    ServiceSettings,
    SharedRuleSettings,
    StatusReceiverSettings,
    load,
)
from faxd.config.tell import TellSettings

TOP = 'state_dir = "/var/lib/faxd"\n'
ACCOUNT = """[[accounts]]
name = "praxis"
account = "123456"
inbox = "/srv/fax/inbox"
"""
ENV = 'password_env = "FAXD_TEST"\n'
SECOND = ACCOUNT.replace("praxis", "labor").replace("123456", "7").replace('inbox"', 'in2"') + ENV

EVERYTHING = """
state_dir = "/var/lib/faxd"
timezone = "Europe/Berlin"
log_level = "debug"
log_format = "json"
log_hides_numbers = true
[service]
wsdl = "https://fax.example/xmlws.exe?wsdl/IntfXMLWS"
ca_file = "/etc/faxd/ca.pem"
allow_http = true
connect_timeout = 1
read_timeout = 2.5
call_timeout = 3
[status_receiver]
listen = "[::1]:8025"
url = "https://fax.example/job"
[metrics]
listen = "127.0.0.1:9751"
textfile = "/var/lib/node_exporter/faxd.prom"
[tell]
to = "edv@example.org"
command = ["/usr/local/bin/tell-me"]
command_seconds = 30.0
language = "en"
on = ["disk"]
patience = 600.0
calm = 60.0
[mail]
host = "mail.example.org"
port = 2525
tls = "tls"
ca_file = "/etc/faxd/ca.pem"
user = "fax"
password_file = "/etc/faxd/mail.password"
sender = "fax@example.org"
max_attachment = 1000000
[[rules]]
accounts = "praxis"
folder = "Rest"
[[accounts]]
name = "praxis"
account = "123456"
password_file = "/etc/faxd/praxis.password"
poll_interval = 30
inbox = "/srv/fax/inbox"
outbox = "/srv/fax/outbox"
inbox_marker = ".mounted"
file_name = "{received:%Y}/{fax_id}.tif"
sidecar = true
file_mode = "0640"
folder_mode = "750"
group = "root"
damaged = "hold"
formats = ["tiff", "pdf"]
searchable = true
rules_apply = "all"
actions_give_up_after = 3600
max_fax_size = 2000000
min_free = 0
sending = "/srv/fax/way"
sent = "/srv/fax/out"
failed = "/srv/fax/back"
[accounts.send]
language = "en"
watch = "scan"
scan_interval = 2
settle = 2
settle_blind = 9
patience = 30
ignore = ["*.bak"]
region = "AT"
countries = [43, 49]
blocked = ["+4932"]
letter_label = false
options = { station_id = "PRAXIS", retries = 2, flash = true }
codes = ["faxd", "activefax"]
code_pattern = "Fax: ([0-9 ]+)#"
codes_always = true
letterhead = "/etc/faxd/head.pdf"
letterhead_next = "/etc/faxd/next.pdf"
cover_page = "/etc/faxd/cover.txt"
parallel = 2
give_up_after = 3600
same_within = 0
max_jobs_per_hour = 10
max_pages_per_day = 100
repeat_on = ["Busy"]
repeat = 3
repeat_after = 60
keep_sent_days = 30
keep_failed_days = 60
keep_records_days = 90
reports = "none"
sender = ["Praxis Dr. Meier", "+49 40 123456"]
[[accounts.rules]]
originator = "+4940*"
station_id = ["LABOR*", "*PRAXIS*"]
min_pages = 1
max_pages = 9
weekday = ["mon", "fri"]
hours = "22:00-06:00"
folder = "Labor/{received:%Y}"
file_name = "{originator_name}_{fax_id}.tif"
mail_to = "fax@example.org"
mail_attach = "tiff"
print = "laser"
print_options = ["media=A4"]
command = ["/usr/local/bin/file", "--quick"]
command_seconds = 30
[[accounts.rules]]
notice = false
[[accounts]]
name = "labor"
account = "654321"
password_credential = "labor"
inbox = "/srv/labor"
"""


def read(tmp_path: Path, text: str | bytes) -> Config:
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(path)


def errors(tmp_path: Path, text: str | bytes) -> list[str]:
    """What is wrong, a line for each, without the file's name that each begins with."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    lines = str(caught.value).splitlines()
    begin = f"{tmp_path / 'config.toml'}: "
    assert all(line.startswith(begin) for line in lines)
    return [line.removeprefix(begin) for line in lines]


def test_every_key(tmp_path: Path) -> None:
    config = read(tmp_path, EVERYTHING)
    assert config.zone == ZoneInfo("Europe/Berlin")
    assert config.service == ServiceSettings(
        wsdl="https://fax.example/xmlws.exe?wsdl/IntfXMLWS",
        ca_file=Path("/etc/faxd/ca.pem"),
        allow_http=True,
        connect_timeout=1,
        read_timeout=2.5,
        call_timeout=3,
    )
    praxis, labor = config.accounts
    assert (praxis.file_mode, praxis.folder_mode, praxis.gid) == (0o640, 0o750, 0)
    assert (praxis.outbox, praxis.inbox_marker) == (Path("/srv/fax/outbox"), ".mounted")
    assert (praxis.sidecar, praxis.damaged, praxis.min_free) == (True, "hold", 0)
    assert (labor.password_credential, labor.gid, labor.file_mode) == ("labor", None, 0o660)
    # Whoever adds a key adds it here.
    table = tomllib.loads(EVERYTHING)
    assert set(table) == set(Config.model_fields)
    assert set(table["service"]) == set(ServiceSettings.model_fields)
    given = {key for account in table["accounts"] for key in account} | {"password_env"}
    assert given == set(AccountSettings.model_fields)
    assert set(table["accounts"][0]["send"]) == set(SendSettings.model_fields)
    assert set(table["status_receiver"]) == set(StatusReceiverSettings.model_fields)
    assert set(table["tell"]) == set(TellSettings.model_fields)
    assert set(table["mail"]) | {"password_credential", "password_env"} == set(
        MailSettings.model_fields
    )
    first, second = table["accounts"][0]["rules"]
    assert set(first) | set(second) | {"accounts"} == set(SharedRuleSettings.model_fields)
    assert config.rules_of(praxis) == (*praxis.rules, *config.rules)
    assert config.rules_of(labor) == ()
    assert praxis.send.options == {"station_id": "PRAXIS", "retries": 2, "flash": True}
    assert praxis.folder("sent") == Path("/srv/fax/out")


def test_the_folders_of_an_account_that_sends(tmp_path: Path) -> None:
    (account,) = read(tmp_path, TOP + ACCOUNT + ENV + 'outbox = "/srv/fax/outbox"').accounts
    places = [account.folder(name) for name in ("sending", "sent", "failed")]
    assert places == [Path("/srv/fax/sending"), Path("/srv/fax/sent"), Path("/srv/fax/failed")]
    (account,) = read(tmp_path, TOP + ACCOUNT + ENV).accounts
    with pytest.raises(ValueError, match="praxis has no outbox"):
        account.folder("sent")


def test_defaults(tmp_path: Path) -> None:
    config = read(tmp_path, TOP + ACCOUNT + ENV)
    (account,) = config.accounts
    assert (config.zone, config.log_level, config.service.wsdl) == (None, "info", DEFAULT_WSDL)
    assert (account.poll_interval, account.damaged, account.sidecar) == (60, "delete", False)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        # unknown keys
        ("state_dir", "statedir", "statedir: there is no such setting; did you mean state_dir?"),
        ("inbox =", "inbux =", "accounts[1].inbux: there is no such setting; did you mean inbox?"),
        ("", "xyzzy = 1", "xyzzy: there is no such setting; allowed are state_dir, timezone,"),
        ("[[accounts]]", "[service]\nwdsl = 1\n[[accounts]]", "service.wdsl: there is no such"),
        ("[[accounts]]", "[service]\nwdsl = 1\n[[accounts]]", "did you mean wsdl?"),
        (ENV, 'password = "geheim"', "accounts[1].password: there is no such setting; did you mea"),
        # what is needed
        (TOP, "", "state_dir: this setting is needed"),
        ('name = "praxis"', "", "accounts[1].name: this setting is needed"),
        (ACCOUNT + ENV, "", "accounts: this setting is needed"),
        (ACCOUNT + ENV, "accounts = []", "accounts: at least one is needed, under the heading [[a"),
        (ENV, "", "accounts[1]: needs exactly one of password_file, password_credential and"),
        (ENV, ENV + 'password_file = "/x"', "accounts[1]: needs exactly one of password_file"),
        # sections
        ("[[accounts]]", "[accounts]", "accounts: must be written as a section, under the heading"),
        (ACCOUNT + ENV, "accounts = [1]", "accounts[1]: must be written as a section, under the h"),
        (TOP, TOP + "service = 1\n", "service: must be written as a section, under the heading [s"),
        # values
        ('"/var/lib/faxd"', '"faxd"', "state_dir: must be an absolute path, such as"),
        ('"/var/lib/faxd"', '"/var\\u0000"', "state_dir: must be an absolute path"),
        ('"/var/lib/faxd"', "1", "state_dir: must be a text in quotes"),
        ('"/srv/fax/inbox"', '"~/inbox"', "accounts[1].inbox: must be an absolute path"),
        ('"praxis"', '"a/b"', "accounts[1].name: must be up to 40 letters"),
        ('"praxis"', '"praxis\\n"', "accounts[1].name: must be up to"),
        ('"123456"', "123456", "accounts[1].account: must be a text in quotes"),
        ('"123456"', '""', "accounts[1].account: must be the customer number"),
        ("", 'timezone = "Berlin"', 'timezone: must be a time zone, such as "Europe/Berlin"'),
        ("", 'timezone = "../../../etc/passwd"', "timezone: must be a time zone"),
        ("", 'timezone = "Europe"', "timezone: must be a time zone"),
        ("", 'timezone = ""', "timezone: must be a time zone"),
        ("", 'log_level = "loud"', "log_level: must be 'debug', 'info', 'warning' or 'err"),
        (ENV, ENV + "poll_interval = 0", "poll_interval: must be greater than or equal to"),
        (ENV, ENV + "poll_interval = 1e9", "poll_interval: must be less than or equal to"),
        (ENV, ENV + "poll_interval = nan", "poll_interval: must be a finite number"),
        (ENV, ENV + "poll_interval = inf", "poll_interval: must be a finite number"),
        (ENV, ENV + 'poll_interval = "x"', "poll_interval: must be a number"),
        (ENV, ENV + "max_fax_size = 1", "max_fax_size: must be greater than or equal to 1"),
        (ENV, ENV + "min_free = -1", "min_free: must be greater than or equal to 0"),
        (ENV, ENV + "min_free = 1.5", "min_free: must be a whole number"),
        (ENV, ENV + 'sidecar = "maybe"', "sidecar: must be true or false"),
        (ENV, ENV + "[metrics]", "metrics: needs listen (such as"),
        (ENV, ENV + '[metrics]\ntextfile = "/x"', "metrics: textfile: node_exporter reads only"),
        (ENV, ENV + '[metrics]\nlisten = "9751"', "metrics.listen: must be an address and a port"),
        (ENV, ENV + "sidecar = 1", "sidecar: must be true or false"),
        (ENV, ENV + "poll_interval = true", "poll_interval: must be a number"),
        (ENV, ENV + 'poll_interval = "60"', "poll_interval: must be a number"),
        (ENV, ENV + "poll_interval = 2026-01-01", "poll_interval: must be a number"),
        (ENV, ENV + 'send.ignore = "*.bak"', 'send.ignore: must be a list, such as ["..."]'),
        (ENV, ENV + 'send.countries = ["49"]', "send.countries[1]: must be a whole number"),
        (ENV, ENV + 'damaged = "x"', "damaged: must be 'delete' or 'hold'"),
        (ENV, ENV + "file_mode = 660", "file_mode: must be an octal mode in quotes"),
        (ENV, ENV + 'file_mode = "0990"', 'file_mode: must be an octal mode in quotes that faxd i'),
        (ENV, ENV + 'file_mode = "0060"', "file_mode: must be an octal mode"),
        (ENV, ENV + 'file_mode = "4755"', "file_mode: must be an octal mode"),
        (ENV, ENV + 'folder_mode = "0660"', 'folder_mode: must be an octal mode in quotes that fa'),
        (ENV, ENV + 'group = "no such"', "group: there is no group 'no such' on this machine"),
        (ENV, ENV + 'inbox_marker = ".."', "inbox_marker: must be the name of a file in the inbox"),
        (ENV, ENV + 'inbox_marker = "a/b"', "inbox_marker: must be the name of a file in the inbo"),
        (ENV, ENV + 'file_name = "{x}.tif"', "file_name: {x} is no field of a file name; allowed"),
        ("FAXD_TEST", "1 2", "accounts[1].password_env: must be the name of an en"),
        (ENV, 'password_credential = "../x"', "password_credential: must be the name of a sy"),
        # between accounts
        (ENV, ENV + SECOND.replace("labor", "praxis"), "accounts: two accounts have the same name"),
        (ENV, ENV + SECOND.replace('"7"', '"123456"'), "accounts: two accounts have the same acco"),
        (ENV, ENV + 'outbox = "/srv/fax/inbox"', "accounts: /srv/fax/inbox is both praxis's inb"),
        (ENV, ENV + SECOND + 'outbox = "/srv/fax/inbox/"', "accounts: /srv/fax/inbox is both prax"),
        (ENV, ENV + 'outbox = "/srv/fax/o"\nsent = "/srv/fax/o"', "accounts: /srv/fax/o is both"),
        (
            ENV,
            ENV + 'outbox = "/srv/fax/a"\n' + SECOND + 'outbox = "/srv/fax/b"',
            "accounts: /srv/fax/sending is both praxis's sending and labor's sending; give each",
        ),
        (
            ENV,
            ENV + 'outbox = "/srv/fax"',
            "accounts: /srv/fax/inbox (praxis's inbox) lies inside the outbox /srv/fax, so",
        ),
        (
            ENV,
            ENV + 'outbox = "/srv/fax/out"\n[accounts.send]\npararell = 2',
            "accounts[1].send.pararell: there is no such setting; did you mean parallel?",
        ),
        (
            ENV,
            ENV + "send = 3",
            "accounts[1].send: must be written as a section, under the heading [accounts.send]",
        ),
        # rules
        (ENV, ENV + 'formats = "pdf"', 'formats: must be ["tiff"] or ["tiff", "pdf"]: the TIFF is'),
        (ENV, ENV + 'formats = ["tiff", "png"]', "formats[2]: must be 'tiff' or 'pdf'"),
        (ENV, ENV + 'rules_apply = "last"', "rules_apply: must be 'first' or 'all'"),
        (ENV, ENV + "rules = 1", "rules: must be written as a section, under the heading [[accoun"),
        *(
            (ENV, f"{ENV}[[accounts.rules]]\n{line}", error)
            for line, error in (
                ('orginator = "+49*"', "accounts[1].rules[1].orginator: there is no such setting;"),
                ('originator = "Praxis"', "rules[1].originator[1]: must be a number, with * for a"),
                ('hours = "7-18"', 'hours: must be two times of the day, such as "07:00-18:30"'),
                ('hours = "08:00-08:00"', "hours: must be two times of the day"),
                ('hours = "24:00-08:00"', "hours: must be two times of the day"),
                ('weekday = "monday"', "weekday[1]: must be 'mon', 'tue', 'wed'"),
                ('folder = "../etc"', "must lead to a place below the inbox"),
                ('folder = "/etc"', "must lead to a place below the inbox"),
                ('folder = "damaged"', "the folder damaged is for faxes that came broken"),
                ('file_name = "a.tif"', "needs {fax_id}"),
                ('mail_to = "a@b, c@d"', "mail_to[1]: must be an e-mail address, such as fax@exam"),
                ('mail_to = "a@b.de\\nBcc: c@d.de"', "must be an e-mail address"),
                ('mail_to = "a@example.org"', "mail_to needs a mail server; name it under the hea"),
                ('mail_to = "a@example.org"\nnotice = false', "notice = false means that no mail"),
                ("min_pages = 3\nmax_pages = 2", "min_pages is more than max_pages"),
                ('print = "-o"', "print: must be the name of a printer"),
                ('print_options = ["a=b"]', "print_options needs print"),
                ('print = "p"\nprint_options = ["-d x"]', "print_options[1]: must be an option"),
                ('command = ["file"]', "command: must be the whole path of a program and its argu"),
                ("command = []", "command: must be the whole path"),
            )
        ),
        (TOP, TOP + '[[rules]]\naccounts = "x"\n', "rules[1].accounts: there is no account 'x'; t"),
        (TOP, TOP + "[[rules]]\naccount = 1\n", "rules[1].account: there is no such setting; did"),
        *(
            (TOP, f'{TOP}[mail]\nsender = "f@example.org"\n{line}\n', error)
            for line, error in (
                ('host = "a b"', "mail.host: must be the name or address of a mail"),
                ('user = "a"\nhost = "b"', "mail: needs user and exactly one of password_file, pa"),
                ('host = "b"\npassword_env = "P"', "mail: needs user and exactly one of"),
                (
                    'host = "b"\ntls = "none"\nuser = "a"\npassword_env = "P"',
                    'mail: tls = "none" would send the password in clear text over the network',
                ),
                ("hots = 1", "mail.hots: there is no such setting; did you mean host?"),
            )
        ),
        (
            TOP,
            f'{TOP}[status_receiver]\nurl = "fax.example.org"\n',
            "status_receiver.url: must be an address that begins with http:// or https://",
        ),
        # a key in the wrong place
        *(
            (ENV, f"{ENV}[accounts.send]\n{line}", error)
            for line, error in (
                ("retries = 3", "no such setting; it is an option of jobs: options = { retries = "),
                ('station_id = "A"', "it is an option of jobs: options = { station_id = ... } und"),
                ('sent = "/srv"', "no such setting; it belongs under [[accounts]]"),
                ("read_timeout = 1", "no such setting; it belongs under [service]"),
                ("region_code = 1", "no such setting; allowed are language, watch"),
                ("countrys = [49]", "did you mean countries?"),
                ("countries = [49, 999]", "send.countries: there is no country code 999; write th"),
                ('repeat_on = ["busy"]', "repeat_on[1]: must be one of Busy, No Answer, Voice,"),
                ('repeat_on = ["busy"]', "did you mean 'Busy'?"),
                ('repeat_on = ["Busy", "NoAnswer"]', "repeat_on[2]: must be one of Busy, No Answe"),
                ('repeat_on = ["Busy", "NoAnswer"]', "did you mean 'No Answer'?"),
                ('repeat_on = ["xyzzy"]', "Call failed, Black-List"),
                ('repeat_on = ["OK"]', "repeat_on[1]: must not hold OK"),
            )
        ),
        (TOP, TOP + 'wsdl = "https://x"\n', "wsdl: there is no such setting; it belongs under [se"),
        (TOP, TOP + 'listen = "[::]:1"\n', "it belongs under [status_receiver] or [metrics]"),
        # no TOML
        ("=", "", "not TOML: "),
        (TOP, TOP + TOP, "not TOML: "),
    ],
)  # fmt: skip
def test_errors(tmp_path: Path, old: str, new: str, error: str) -> None:
    text = TOP + ACCOUNT + ENV
    text = text.replace(old, new, 1) if old else new + "\n" + text
    found = errors(tmp_path, text)
    assert any(error in line for line in found), found


def test_all_errors_are_told_at_once(tmp_path: Path) -> None:
    found = errors(tmp_path, "x = 1\n[service]\ny = 2\n" + ACCOUNT + ENV + "z = 3\n")
    assert [line.split(":")[0] for line in found] == [
        "state_dir",
        "service.y",
        "accounts[1].z",
        "x",
    ]


@pytest.mark.parametrize(
    "text",
    [
        'password = "geheim"',
        'password_file = "geheim"',
        'password_env = "geheim!"',
        'password_credential = "/geheim"',
        "password_file = geheim",
        'password_file = "/x"\npassword = ["geheim"]',
        '"geheim" = \n',
    ],
)
def test_no_password_is_ever_shown(tmp_path: Path, text: str) -> None:
    assert "geheim" not in "\n".join(errors(tmp_path, TOP + ACCOUNT + text))


def test_accounts_may_share_an_inbox(tmp_path: Path) -> None:
    config = read(tmp_path, TOP + ACCOUNT + ENV + SECOND.replace("/srv/fax/in2", "/srv/fax/inbox"))
    assert len({account.inbox for account in config.accounts}) == 1


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none.toml: No such file or directory; name another"):
        load(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="Is a directory"):
        load(tmp_path)
    assert errors(tmp_path, b"\xff\xfe")[0].startswith("not TOML")


@given(text=st.text(st.sampled_from("[]{}=.\"'\\\n #abc1")) | st.binary(max_size=60))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_it_holds_it_is_read_or_refused(tmp_path: Path, text: str | bytes) -> None:
    assert errors(tmp_path, text)


# Passwords


def account(**changes: object) -> AccountSettings:
    fields = {"name": "praxis", "account": "123456", "inbox": "/srv/fax/inbox"}
    return AccountSettings.model_validate(fields | changes)


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"geheim\n", "geheim"),
        (b"geheim", "geheim"),
        (b"geheim\r\n", "geheim"),
        ("gehéim ß\n".encode(), "gehéim ß"),
        (b" ge heim ", " ge heim "),
        (b"", None),
        (b"\n", None),
        (b"two\nlines\n", None),
        (b"ge\0heim", None),
        (b"\xff\xfe", None),
        (b"x" * 5000, None),
    ],
)
def test_password_file(tmp_path: Path, content: bytes, password: str | None) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    path.chmod(0o640)
    settings = account(password_file=path)
    if password is None:
        with pytest.raises(PasswordError, match="must hold the password in one line"):
            settings.password()
    else:
        assert settings.password() == password
    path.write_bytes(b"new")
    assert settings.password() == "new"


@pytest.mark.parametrize(
    ("mode", "good"), [(0o600, True), (0o440, True), (0o644, False), (0o602, False)]
)
def test_a_password_file_for_everybody(tmp_path: Path, mode: int, good: bool) -> None:
    path = tmp_path / "password"
    path.write_bytes(b"geheim")
    path.chmod(mode)
    if good:
        assert account(password_file=path).password() == "geheim"
        return
    with pytest.raises(PasswordError, match=r"can be read by everybody; chmod 0640 /") as caught:
        account(password_file=path).password()
    assert "geheim" not in str(caught.value)


def test_a_password_file_that_is_not_there(tmp_path: Path) -> None:
    for path, problem in ((tmp_path / "x", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(PasswordError, match=f"{path}: {problem}"):
            account(password_file=path).password()
    assert account(password_file=tmp_path / "x").password_changed() is None


def test_a_systemd_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = account(password_credential="praxis")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(PasswordError, match="only under systemd"):
        settings.password()
    assert settings.password_changed() is None
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "praxis").write_text("geheim\n")
    # systemd sees to who can read it; the mode it shows is systemd's affair.
    (tmp_path / "praxis").chmod(0o444)
    assert settings.password() == "geheim"
    # It is new at each start, which would lift a stop each time.
    assert settings.password_changed() is None


def test_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = account(password_env="FAXD_TEST")
    for value in ("", "two\nlines", "\udcff"):
        monkeypatch.setenv("FAXD_TEST", value)
        with pytest.raises(PasswordError, match=r"variable FAXD_TEST .*\(password_env\)"):
            settings.password()
    # What may be the password, written in its place, is not shown.
    for name in ("geheim", "Geheim_1", "GEHEIM"):
        with pytest.raises(PasswordError, match="the environment variable that it names is not"):
            account(password_env=name).password()
    monkeypatch.setenv("FAXD_TEST", "geheim")
    assert settings.password() == "geheim"
    assert settings.password_changed() is None


def test_when_a_password_was_changed(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("geheim")
    settings = account(password_file=path)
    before = settings.password_changed()
    assert before is not None
    assert abs((datetime.now(UTC) - before).total_seconds()) < 60
    # A file moved into place with the time stamp that it had elsewhere is a change too.
    other = tmp_path / "other"
    other.write_text("neu")
    os.utime(other, (0, 0))
    other.replace(path)
    after = settings.password_changed()
    assert after is not None
    assert after >= before


def test_settings_are_frozen_and_modes_plain(tmp_path: Path) -> None:
    config = read(tmp_path, EVERYTHING)
    with pytest.raises(ValueError, match="frozen"):
        config.accounts[0].__setattr__("name", "x")
    assert not (config.accounts[0].file_mode | config.accounts[0].folder_mode) & stat.S_ISUID
