"""Client of ArqonBus, a real-time message bus."""

from .client import ArqonBusClient
from .errors import ArqonBusError
from .operator import Operator, Task, TaskFailure
from .messages import Position, Publication, PublishResult, Welcome
from .replay import Replay
from .store import ClientStore, StoredKey, StoredValue
from .store_watches import StoreChange, StoreWatch
from .submitted_tasks import SubmittedTask, TaskResult
from .subscription import Joined, Rejoined, Subscription

__all__ = [
    "ArqonBusClient",
    "ArqonBusError",
    "ClientStore",
    "Joined",
    "Operator",
    "Position",
    "Publication",
    "PublishResult",
    "Rejoined",
    "Replay",
    "StoreChange",
    "StoreWatch",
    "StoredKey",
    "StoredValue",
    "SubmittedTask",
    "Subscription",
    "Task",
    "TaskFailure",
    "TaskResult",
    "Welcome",
]
__version__ = "0.1.0"
