"""Beginning after a state that the program has loaded."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from .errors import ArqonBusError
from .messages import Position

#: Loads the state whose changes a channel tells: is given why (``first``, or why what was missed cannot be had), and gives the
#: position of the last publication that is in it; None where nobody knows, and then there may be a gap.
GetState = Callable[[str], Position | None | Awaitable[Position | None]]

#: A state that is older than its channel's log is loaded again, in the hope of a newer one.
_MAX_LOADS = 3


async def join_with_state(
    get_state: GetState,
    reason: str,
    join: Callable[[Position | None], Awaitable[dict[str, Any]]],
    leave: Callable[[], Awaitable[None]],
) -> dict[str, Any]:
    """Loads, then joins from the position that the state names, so that every change after it follows."""
    for _ in range(_MAX_LOADS):
        try:
            told = get_state(reason)
            position = await told if inspect.isawaitable(told) else told
        except Exception as error:
            raise ArqonBusError("UNAVAILABLE", "get_state failed.") from error
        result = await join(position)
        if position is None or result.get("recovered") is not False or result.get("reason") == "no_log":
            return result
        reason = str(result.get("reason") or reason)
        await leave()
    raise ArqonBusError("CONFLICT", f"get_state named a position that the log of the channel does not hold ({reason}).")
