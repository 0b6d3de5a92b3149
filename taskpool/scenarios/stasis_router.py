"""Message routers: which callback takes a message, by its type. The original's counterpart: ``stasis_message_router``.

The bus's lock guards a router's table; a route runs without it.
"""

from __future__ import annotations

from taskpool.scenarios.stasis import Bus, Callback

__all__ = ["MessageRouter"]


class MessageRouter:
    """A callback that hands each message to the route of its type: the most specific class that has one.

    Pass it to `Topic.subscribe`. Methods: any thread, routes included.
    """

    def __init__(self, bus: Bus, default: Callback | None = None) -> None:
        self._lock = bus._lock
        self._default = default
        self._routes: dict[type, Callback] = {}

    def route(self, kind: type, callback: Callback | None) -> None:
        """Send messages of a class to ``callback`` from now on; None removes the route."""
        with self._lock:
            if callback is None:
                self._routes.pop(kind, None)
            else:
                self._routes[kind] = callback

    def __call__(self, message: object) -> None:
        """Run the message's route, or the default; without either, nothing."""
        with self._lock:
            kinds = (kind for kind in type(message).__mro__ if kind in self._routes)
            kind = next(kinds, None)
            callback = self._default if kind is None else self._routes[kind]
        if callback is not None:
            callback(message)
