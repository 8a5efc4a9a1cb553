"""The configuration: the one source of defaults, checks and meanings."""

from __future__ import annotations

from faxd.config.account import AccountSettings
from faxd.config.load import DEFAULT_PATH, ConfigError, load
from faxd.config.password import PasswordError
from faxd.config.rules import MailSettings, RuleSettings, SharedRuleSettings
from faxd.config.send import SendSettings
from faxd.config.settings import (
    DEFAULT_WSDL,
    Config,
    ServiceSettings,
    StatusReceiverSettings,
)

__all__ = [
    "DEFAULT_PATH",
    "DEFAULT_WSDL",
    "AccountSettings",
    "Config",
    "ConfigError",
    "MailSettings",
    "PasswordError",
    "RuleSettings",
    "SendSettings",
    "ServiceSettings",
    "SharedRuleSettings",
    "StatusReceiverSettings",
    "load",
]
