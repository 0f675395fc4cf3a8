"""Times as the protocol writes them: RFC 3339, UTC, with milliseconds."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MS = timedelta(milliseconds=1)


def parse_time(text: str) -> datetime:
    """A time of the protocol, in UTC."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def format_time(time: datetime) -> str:
    """A time as the protocol writes it."""
    return time.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time_ms(text: str) -> int:
    """A time of the protocol, in milliseconds since 1970."""
    return (parse_time(text) - _EPOCH) // _MS


def format_time_ms(time_ms: int) -> str:
    """Milliseconds since 1970 as the protocol writes times."""
    return format_time(_EPOCH + time_ms * _MS)
