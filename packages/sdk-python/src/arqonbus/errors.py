"""What goes wrong, for programs: the bus's own codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Codes after which the same request may succeed later without a change.
RETRYABLE = frozenset({"RATE_LIMITED", "QUOTA_EXCEEDED", "UNAVAILABLE", "TIMEOUT"})


class ArqonBusError(Exception):
    """A refusal of the bus, or that it could not be reached. ``code`` is one of the protocol's error codes."""

    def __init__(self, code: str, message: str = "", *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
        #: What the server told beside the code, such as ``retry_after_ms``, ``errors``, ``seq``.
        self.details: dict[str, Any] = dict(details or {})

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may succeed later without a change."""
        return self.code in RETRYABLE

    @property
    def is_indeterminate(self) -> bool:
        """Whether nobody knows if the bus carried the request out."""
        return self.details.get("indeterminate") is True

    @property
    def retry_after(self) -> float:
        """The wait that the server asked for, in seconds; 0 = none."""
        value = self.details.get("retry_after_ms")
        return value / 1000 if isinstance(value, int | float) and value > 0 else 0.0


def error_of_frame(frame: Mapping[str, Any]) -> ArqonBusError:
    """The error that an ``error`` frame tells."""
    payload = frame.get("payload")
    details = dict(payload) if isinstance(payload, dict) else {}
    return ArqonBusError(str(frame.get("error_code") or "INTERNAL_ERROR"), str(frame.get("error") or ""), details=details)


def unknown_outcome(text: str) -> ArqonBusError:
    """Nobody knows whether the request was carried out."""
    return ArqonBusError(
        "TIMEOUT", f"{text} Whether the bus carried it out is not known.", details={"indeterminate": True}
    )


def not_connected() -> ArqonBusError:
    """Nothing was sent: there is no connection."""
    return ArqonBusError("UNAVAILABLE", "The client is not connected.", details={"not_sent": True})
