"""Our own client as a child process, where sipp is missing: ``python -m taskpool sip-call``, and the file it leaves.

It places calls and transfers. It is slower than sipp, and it does not register.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from taskpool.errors import OptionError
from taskpool.scenarios.sip.sipp_client import PATIENCE, Result, SippError
from taskpool.scenarios.sip.transport import Peer

__all__ = ["OwnCaller"]


class OwnCaller:
    """A child process that places calls. It runs from when it is made; use it with ``with``, which ends it.

    Args:
        to: The endpoint.
        scenario: ``"uac"`` or ``"transfer"``, as for `sipp_client.Caller`.
        rate: Calls started in a second.
        calls: How many in all.
        user: Whom to call.
        at_once: Calls in progress at most; None for no limit.
        patience: Seconds that a call waits for any one message.

    Raises:
        OptionError: If it is another scenario.
    """

    def __init__(
        self,
        to: Peer,
        scenario: str,
        *,
        rate: float,
        calls: int,
        user: str = "south",
        at_once: int | None = None,
        patience: float = PATIENCE,
    ) -> None:
        if scenario not in ("uac", "transfer"):
            raise OptionError(f"scenario={scenario!r}: our own client knows uac and transfer only; sipp knows it")
        self.calls = calls
        self.longest = calls / rate + 4 * patience
        self._folder = tempfile.TemporaryDirectory(prefix="calls-")
        self._path = Path(self._folder.name) / "heard.json"
        command = [
            sys.executable, "-m", "taskpool", "sip-call", f"{to[0]}:{to[1]}", "--user", user, "--rate", f"{rate}",
            "--calls", f"{calls}", "--patience", f"{patience}", "--json", str(self._path),
            *(["--transfer"] if scenario == "transfer" else []),
            *(["--at-once", f"{at_once}"] if at_once is not None else []),
        ]  # fmt: skip
        self._process = subprocess.Popen(  # noqa: S603 - this Python, and arguments of our own
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def __enter__(self) -> OwnCaller:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def result(self) -> Result:
        """Wait for its end and read what it left. Blocks, at most a little longer than its calls should take.

        Raises:
            SippError: If it left nothing.
        """
        try:
            self._process.wait(self.longest + PATIENCE)
            heard = json.loads(self._path.read_text(encoding="utf-8"))
        except (subprocess.TimeoutExpired, OSError, ValueError) as error:
            raise SippError(f"the calling process left no result ({error})") from None
        return Result(
            calls=self.calls,
            completed=sum(one["outcome"] == "completed" for one in heard),
            retransmissions=sum(one["resent"] for one in heard),
            times=tuple(one["answered"] for one in heard if one["answered"] is not None),
        )
