"""Logs a user in at GitHub for Copilot: a code is shown here and entered there."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from tianji.providers.auth.github_copilot import Send, keep, places, send

_DEVICE = "https://github.com/login/device/code"
_ACCESS = "https://github.com/login/oauth/access_token"
_CLIENT = "Iv1.b507a08c87ecfe98"
"""The public id of Copilot's own editor plugin."""
_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def log_in(
    path: Path, say: Callable[[str], None], send: Send = send, wait: Callable[[float], None] = time.sleep
) -> bool:
    """Let a user log in at GitHub by a code, and keep the token in a file; says whether it went well."""
    asked = urlencode({"client_id": _CLIENT, "scope": "read:user"}).encode()
    _, begun = send(_DEVICE, {}, asked)
    if not isinstance(begun, dict) or "device_code" not in begun:
        say("GitHub gave no code.")
        return False
    say(f"Open {begun.get('verification_uri')} and enter {begun.get('user_code')}")
    pause = float(begun.get("interval") or 5)
    left = float(begun.get("expires_in") or 900)
    code = {"client_id": _CLIENT, "device_code": begun["device_code"], "grant_type": _GRANT}
    while left > 0:
        wait(pause)
        left -= pause
        _, answer = send(_ACCESS, {}, urlencode(code).encode())
        told = answer if isinstance(answer, dict) else {}
        if told.get("access_token"):
            kept = keep(path, str(told["access_token"]).encode())
            say(f"Logged in; the token is in {path}" if kept else f"{path} cannot be written")
            return kept
        if told.get("error") == "slow_down":
            pause += 5
        elif told.get("error") not in (None, "authorization_pending"):
            say(f"GitHub refused: {told.get('error_description') or told['error']}")
            return False
    say("The code has expired.")
    return False


if __name__ == "__main__":
    folder, (name, _) = places(os.environ)
    sys.exit(0 if log_in(folder / name, print) else 1)
