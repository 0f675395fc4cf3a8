"""Client of ArqonBus, a real-time message bus."""

from .client import ArqonBusClient
from .errors import ArqonBusError
from .messages import Position, Publication, PublishResult, Welcome
from .subscription import Joined, Rejoined, Subscription

__all__ = [
    "ArqonBusClient",
    "ArqonBusError",
    "Joined",
    "Position",
    "Publication",
    "PublishResult",
    "Rejoined",
    "Subscription",
    "Welcome",
]
__version__ = "0.1.0"
