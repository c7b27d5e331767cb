"""Points in time as queries spell them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tianji_control.envelope import Fault, WrongFields

_DAY = "%Y-%m-%d"
_LAST = datetime(9999, 12, 31, tzinfo=UTC)


def moment(text: str | None, field: str, *, end: bool = False) -> datetime | None:
    """Read a day or a time; as an end, a day counts in full. It is UTC where no zone is named."""
    if not text:
        return None
    try:
        day = datetime.strptime(text, _DAY).replace(tzinfo=UTC)
    except ValueError:
        pass
    else:
        return day + timedelta(days=1) if end and day < _LAST else day
    try:
        given = datetime.fromisoformat(text)
        return given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        fault = Fault(
            ["query", field],
            f"{field} is a day as 2026-01-31 or a time as 2026-01-31 13:00:00",
            "value_error",
        )
        raise WrongFields([fault]) from None
