"""The SIP client sipp, as a child process: started on a port, waited for, and its files read.

It is Debian's package ``sip-tester``. Its built-in scenario ``uac`` places calls; scenarios of our own, the XML files
in the folder ``sipp``, register and transfer.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from taskpool.errors import TaskPoolError
from taskpool.scenarios.sip.transport import Peer

__all__ = ["PATIENCE", "Caller", "Result", "SippError", "find_sipp", "percentile"]

PATIENCE = 10.0  # seconds that a call waits for one message; this module's choice


class SippError(TaskPoolError, RuntimeError):
    """sipp is not there, or left no result."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one sipp saw.

    Attributes:
        calls: Calls that it was to place.
        completed: Of these, in order to their end.
        retransmissions: Messages that it had to send again.
        times: From request to answer, in seconds, one for each call that was answered.
    """

    calls: int
    completed: int
    retransmissions: int
    times: tuple[float, ...]

    @property
    def failed(self) -> int:
        """Calls that did not come to their end."""
        return self.calls - self.completed


def find_sipp() -> str:
    """Where sipp is.

    Raises:
        SippError: If it is not installed; says which package to install.
    """
    path = shutil.which("sipp")
    if path is None:
        raise SippError("sipp is not installed: it is in Debian's package sip-tester (apt-get install sip-tester)")
    return path


class Caller:
    """A sipp that places calls. It runs from when it is made; use it with ``with``, which ends it at the latest.

    Args:
        to: The endpoint.
        scenario: ``"uac"``, sipp's own, or the name of one of our files.
        rate: Calls started in a second.
        calls: How many in all.
        user: Whom to call.
        at_once: Calls in progress at most; None for no limit.
        patience: Seconds that a call waits for any one message.

    Raises:
        SippError: If sipp is not installed.
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
        self.calls = calls
        self.longest = calls / rate + 4 * patience
        self._folder = tempfile.TemporaryDirectory(prefix="sipp-")
        folder = Path(self._folder.name)
        what = ["-sn", "uac"]
        if scenario != "uac":
            with as_file(files("taskpool.scenarios.sip") / "sipp" / f"{scenario}.xml") as path:
                what = ["-sf", str(shutil.copy(str(path), str(folder)))]
        whole, per = (rate, 1000) if rate == int(rate) else (round(rate * 60), 60_000)
        command = [
            find_sipp(), f"{to[0]}:{to[1]}", *what, "-i", to[0], "-s", user,
            "-r", str(int(whole)), "-rp", str(per), "-m", str(calls), "-l", str(at_once or max(calls, 1)),
            "-recv_timeout", str(round(patience * 1000)), "-timeout", f"{self.longest:.0f}s", "-nostdin",
            "-trace_stat", "-stf", "calls.csv", "-fd", "1", "-trace_rtt", "-rtt_freq", "1",
        ]  # fmt: skip
        self._process = subprocess.Popen(  # noqa: S603 - a program that was looked for, and arguments of our own
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def result(self) -> Result:
        """Wait for sipp's end and read what it left. Blocks, at most a little longer than its calls should take.

        Raises:
            SippError: If it left nothing, as when it cannot use its options.
        """
        try:
            self._process.wait(self.longest + PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        return read_result(Path(self._folder.name), self.calls)


def read_result(folder: Path, calls: int) -> Result:
    """The result in sipp's files.

    Raises:
        SippError: If there is none.
    """
    try:
        with (folder / "calls.csv").open(encoding="utf-8", newline="") as file:
            last = list(csv.DictReader(file, delimiter=";"))[-1]
        completed, again = int(last["SuccessfulCall(C)"]), int(last["Retransmissions(C)"])
    except (OSError, LookupError, ValueError) as error:
        raise SippError(
            f"sipp left no statistics ({error}): is this version 3.6 or later, and its port free?"
        ) from None
    times: list[float] = []
    for path in folder.glob("*_rtt.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            times += [float(row["response_time_ms"]) / 1000 for row in csv.DictReader(file, delimiter=";")]
    return Result(calls, completed, again, tuple(times))


def percentile(times: Sequence[float], percent: float) -> float:
    """The time that so many percent of the answers took at most (nearest rank); nan without one."""
    if not times:
        return float("nan")
    ordered = sorted(times)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]
