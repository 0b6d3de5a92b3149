"""The seam between pool code and the threads that run it.

Pools, serializers and scenarios take ``runtime=`` and create every thread, lock, condition, queue, future and
clock reading through it. `RealRuntime` hands out the standard library's own objects; `ControlledRuntime` hands
out objects of the same shape whose every operation a scheduler decides.
"""

from taskpool.runtime.base import Context, Runtime, ThreadHandle
from taskpool.runtime.real import RealRuntime, default_runtime

__all__ = ["Context", "RealRuntime", "Runtime", "ThreadHandle", "default_runtime"]
