"""`/config/reload`: read the config file again."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from tianji_control.call import Call, endpoint


async def reload(call: Call) -> Response:
    """POST /config/reload"""
    call.require("config:write")
    applied, notes = await call.runtime.reload()
    call.headers |= await call.runtime.confirmation.applied(notes)
    return call.answer({"message": "Config reloaded successfully", **applied.counts()})


routes = [Route("/config/reload", endpoint(reload), methods=["POST"])]
