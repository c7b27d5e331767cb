"""`/config/reload`: read the config file again."""

from __future__ import annotations

from starlette.responses import Response

from tianji_control.call import Call, Guarded


async def reload(call: Call) -> Response:
    """POST /config/reload"""
    applied, notes = await call.runtime.reload()
    call.headers |= await call.runtime.confirmation.applied(notes)
    return call.answer({"message": "Config reloaded successfully", **applied.counts()})


routes = [
    Guarded("POST", "/config/reload", reload, "config:update"),
]
