"""A shutdown group: wait until all serializers of a set are gone.

The original's counterpart: ``ast_serializer_shutdown_group``, which modules use when they are unloaded.
"""

from __future__ import annotations

from queue import Empty
from typing import TYPE_CHECKING

from taskpool.agent import ancestors, current_agent
from taskpool.errors import WrongThreadError
from taskpool.runtime.real import default_runtime

if TYPE_CHECKING:
    from taskpool.baseserializer import BaseSerializer
    from taskpool.runtime.base import QueueLike, Runtime

__all__ = ["SerializerGroup"]


class SerializerGroup:
    """The serializers that were made with ``group=`` this one and are not gone yet.

    Args:
        runtime: The runtime of the pools whose serializers join; the default one if None.
    """

    def __init__(self, runtime: Runtime | None = None) -> None:
        self.runtime: Runtime = runtime if runtime is not None else default_runtime()
        self._members: list[BaseSerializer] = []
        self._joiners: list[QueueLike[None]] = []

    def __len__(self) -> int:
        """How many serializers are not gone yet. Any thread."""
        with self.runtime.monitor:
            return len(self._members)

    def __bool__(self) -> bool:
        return True

    def join(self, timeout: float | None = None) -> int:
        """Block until every serializer of the group is gone, or for ``timeout`` seconds. Any thread outside the group.

        A serializer goes when it has been closed, or its pool shut down, and what it held has run.

        Returns:
            How many are left; 0 unless the time ran out.

        Raises:
            WrongThreadError: If a task of one of the serializers calls.
        """
        agent = current_agent(self.runtime)
        with self.runtime.monitor:
            if any(task.processor in self._members for task in ancestors(agent)):
                raise WrongThreadError("a task cannot wait until its own serializer is gone: join from another thread")
            if not self._members:
                return 0
            reply = self.runtime.Queue("group is gone")
            self._joiners.append(reply)
        try:
            reply.get(timeout=timeout)
            return 0
        except Empty:
            with self.runtime.monitor:
                return len(self._members)
        finally:
            with self.runtime.monitor:
                if reply in self._joiners:
                    self._joiners.remove(reply)

    def joined(self, serializer: BaseSerializer) -> None:
        """A serializer has been made. Monitor held."""
        self._members.append(serializer)

    def left(self, serializer: BaseSerializer) -> None:
        """A serializer is gone. Monitor held."""
        self._members.remove(serializer)
        if not self._members:
            joiners, self._joiners = self._joiners, []
            for reply in joiners:
                reply.put(None)
