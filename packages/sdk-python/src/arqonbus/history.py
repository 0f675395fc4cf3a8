"""Reading what logs keep."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from .messages import Publication, to_publications
from .outgoing_frame import given
from .times import format_time

if TYPE_CHECKING:
    from .client import ArqonBusClient

Order = Literal["oldest", "newest"]


def optional_time(time: datetime | None) -> str | None:
    """The time as the protocol writes it; None where there is none."""
    return None if time is None else format_time(time)


async def read_history(client: ArqonBusClient, *, earlier_epochs: bool, **wanted: Any) -> AsyncIterator[Publication]:
    """All publications that the arguments of the command ``history`` ask for, page by page as they are consumed."""
    args = given(**wanted)
    goes_on = earlier_epochs and args.get("order") == "newest"
    while True:
        page = await client.command("history", args)
        for publication in to_publications(page.get("publications") or ()):
            yield publication
        if isinstance(page.get("cursor"), str):
            args["cursor"] = page["cursor"]
        elif goes_on and isinstance(page.get("earlier_epoch"), str):
            args.pop("cursor", None)
            args["epoch"] = page["earlier_epoch"]
        else:
            return
