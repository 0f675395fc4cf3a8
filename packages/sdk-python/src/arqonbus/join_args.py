"""What the server is asked when a channel is joined."""

from __future__ import annotations

from typing import Any

from .messages import Position
from .outgoing_frame import given
from .subscription import Subscription


def join_args(
    channel: Subscription, last: Position | None, room_last: Position | None, *, is_rejoin: bool
) -> dict[str, Any]:
    """The arguments of ``join_channel``: from where the channel, and messages to its whole room, go on."""
    options = channel.options
    return given(
        room=channel.room,
        channel=channel.channel,
        echo=options.echo or None,
        presence=options.presence or None,
        history=None if is_rejoin else options.history,
        meta=None if options.meta is None else dict(options.meta),
        room_from=_members(room_last),
        **{"from": _members(last)},
    )


def _members(position: Position | None) -> dict[str, Any] | None:
    return None if position is None else {"epoch": position.epoch, "seq": position.seq}
