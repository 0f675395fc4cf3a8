"""What to do after the end of a connection: the protocol's table of close codes, and how long to wait."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from .errors import ArqonBusError

AfterClose = Literal["reconnect", "reconnect_with_new_token", "stop"]

#: Close codes after which another try makes no sense, or needs another token; all others are tried again.
AFTER_CLOSE: dict[int, AfterClose] = {
    1002: "stop",
    1003: "stop",
    1007: "stop",
    1009: "stop",
    4400: "stop",
    4401: "reconnect_with_new_token",
    4403: "stop",
    4413: "stop",
}

_CODE_OF_CLOSE = {
    1003: "VALIDATION_ERROR",
    1007: "VALIDATION_ERROR",
    1009: "PAYLOAD_TOO_LARGE",
    4400: "VALIDATION_ERROR",
    4401: "AUTHENTICATION_FAILED",
    4403: "AUTHORIZATION_ERROR",
    4413: "QUOTA_EXCEEDED",
    4429: "RATE_LIMITED",
}

BACKOFF_BASE_S = 0.25
BACKOFF_CAP_S = 20.0
#: The longest wait that a server may ask for; a hostile one cannot park a client for good.
MAX_HINT_S = 300.0
#: The wait after 4429 when the server named none.
RATE_WAIT_S = 1.0
#: A connection that lasted this long was a good one: the count of failures begins anew.
STABLE_AFTER_S = 10.0


@dataclass(frozen=True)
class ConnectionEnd:
    """How a connection, or a try for one, ended."""

    #: The close code; 1006 when there was none.
    code: int
    reason: str = ""
    was_welcomed: bool = False
    #: The last error that the server told about the connection itself.
    error: ArqonBusError | None = None
    #: Seconds after which the server wants the client back; 0 = it did not say.
    return_in_s: float = 0.0

    def to_error(self) -> ArqonBusError:
        """Why it ended: the server's own word where there is one, else after the close code."""
        details = {"close_code": self.code, "close_reason": self.reason}
        if self.error is not None:
            return ArqonBusError(self.error.code, self.error.message, details={**self.error.details, **details})
        text = f"The connection ended ({self.code}{', ' + self.reason if self.reason else ''})."
        return ArqonBusError(_CODE_OF_CLOSE.get(self.code, "UNAVAILABLE"), text, details=details)


@dataclass(frozen=True)
class Retry:
    """Try again after ``delay_s``."""

    delay_s: float
    needs_new_token: bool


def react(end: ConnectionEnd, *, failures: int, can_renew_token: bool, was_token_fresh: bool) -> Retry | None:
    """What to do after ``end``; None = stop. ``failures`` counts the tries that failed in a row, this one included."""
    after = AFTER_CLOSE.get(end.code, "reconnect")
    if after == "stop":
        return None
    if after == "reconnect_with_new_token" and (not can_renew_token or (was_token_fresh and not end.was_welcomed)):
        return None
    asked_for = max(end.return_in_s, RATE_WAIT_S if end.code == 4429 else 0.0)
    is_blind_refusal = end.code == 1006 and not end.was_welcomed
    return Retry(backoff(failures, asked_for), after == "reconnect_with_new_token" or is_blind_refusal)


def backoff(failures: int, asked_for_s: float = 0.0) -> float:
    """Seconds before the next try: exponential with full jitter, after the wait that the server asked for."""
    ceiling = min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2.0 ** min(failures - 1, 30))
    return min(max(asked_for_s, 0.0), MAX_HINT_S) + random.random() * ceiling
