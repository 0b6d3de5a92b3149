"""What the models of the original's revisions are made of; the models themselves are `taskpool.history`.

`lock` is a lock of the original's, `queue` one of its taskprocessors, `worker` one with a thread, `selection` how one
is chosen, `serializer` what its serializers have in common.
"""

__all__ = ["lock", "queue", "selection", "serializer", "worker"]
