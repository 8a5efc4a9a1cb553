"""Whom a drop goes to: names, numbers, job files, lists, the phone book. Pure."""

from faxd.outbound.addressing.decide import decide
from faxd.outbound.addressing.formats import send_name
from faxd.outbound.addressing.lists import render, render_list
from faxd.outbound.addressing.message import sms_parts
from faxd.outbound.addressing.names import title_of
from faxd.outbound.addressing.phonebook import PhoneBook
from faxd.outbound.addressing.plan import Drop, NoRecipient, NumberRules, Plan, Refused, Rules

__all__ = [
    "Drop",
    "NoRecipient",
    "NumberRules",
    "PhoneBook",
    "Plan",
    "Refused",
    "Rules",
    "decide",
    "render",
    "render_list",
    "send_name",
    "sms_parts",
    "title_of",
]
