"""E-mail over SMTP, with the variables that LiteLLM has for it."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

from msgspec import Struct

from tianji.settings import Secret
from tianji_worker.alerts.event import Told

VARIABLES = ("SMTP_HOST", "SMTP_PORT", "SMTP_USERNAME", "SMTP_PASSWORD", "SMTP_SENDER_EMAIL", "SMTP_TLS")
STARTTLS_PORT = 587
TLS_PORT = 465
_THREADS = ThreadPoolExecutor(4, thread_name_prefix="mail")
"""Of its own: a server that hangs must not keep anything else from a thread."""
_LEFT_OUT = ("token", "event_message", "alert_emails", "max_budget_alert_emails")


class Mail(Struct, frozen=True, kw_only=True):
    """The server that takes e-mail, and what it is for."""

    host: str
    port: int
    sender: str
    username: str | None
    password: Secret | None
    tls: bool
    every_event: bool
    """Whether holders of budgets are told by e-mail, too; else only who is named for an alert is."""


def mail_of(variable: Callable[[str], str | None], *, every_event: bool) -> Mail | None:
    """Read the server from its variables; None where it or the sender is not said."""
    host, port, username, password, sender, tls = (variable(name) for name in VARIABLES)
    if not host or not sender:
        return None
    return Mail(
        host=host,
        port=int(port) if port and port.isdecimal() else STARTTLS_PORT,
        sender=sender,
        username=username or None,
        password=Secret(password) if password else None,
        tls=(tls or "").strip().lower() not in ("false", "0", "no"),
        every_event=every_event,
    )


def message(told: Told, sender: str, recipient: str) -> EmailMessage:
    """Return what one recipient gets. Raises ValueError for an address that is none."""
    facts = {name: getattr(told, name) for name in told.__struct_fields__ if name not in _LEFT_OUT}
    lines = [f"{name}: {value}" for name, value in facts.items() if value is not None]
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = recipient
    mail["Subject"] = " ".join(told.event_message.split())
    mail.set_content("\n".join([told.event_message, "", *lines, ""]))
    return mail


async def send(mail: Mail, told: Told, recipient: str, patience_s: float) -> str | None:
    """Send an alert to one address; return what went wrong, without names or passwords."""
    try:
        async with asyncio.timeout(patience_s):
            letter = message(told, mail.sender, recipient)
            await asyncio.get_running_loop().run_in_executor(_THREADS, _hand_over, mail, letter, patience_s)
    except smtplib.SMTPResponseException as fault:
        return f"the mail server answered with {fault.smtp_code}"
    except (smtplib.SMTPException, OSError, ValueError) as fault:
        return f"the mail server cannot be reached or does not take it: {type(fault).__name__}"
    return None


def _hand_over(mail: Mail, message: EmailMessage, patience_s: float) -> None:
    context = ssl.create_default_context()
    at_once = mail.port == TLS_PORT
    server = (
        smtplib.SMTP_SSL(mail.host, mail.port, timeout=patience_s, context=context)
        if at_once
        else smtplib.SMTP(mail.host, mail.port, timeout=patience_s)
    )
    with server:
        if mail.tls and not at_once:
            server.starttls(context=context)
        if mail.username and mail.password:
            server.login(mail.username, mail.password.reveal())
        server.send_message(message)
