"""Writing big files whole: JSON text of many small values, and a file that appears only when it is complete."""

from __future__ import annotations

import gzip
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from json.encoder import encode_basestring_ascii
from pathlib import Path
from typing import IO, Any

from taskpool.errors import TraceError

__all__ = ["NOT_JSON", "JsonText", "json_of", "not_json", "write_whole"]

_REMEMBERED = 50_000
_PIECES = 5_000
_LEVEL = 3

NOT_JSON = (TypeError, ValueError, RecursionError)
"""What making JSON raises: for a part that is not of its types, for NaN and infinity, for what contains itself."""


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not one of JSON's types")


_ENCODER = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"), default=_plain)


def json_of(value: object) -> str:
    """A value as compact ASCII JSON; raises one of `NOT_JSON` if it cannot be."""
    return _ENCODER.encode(value)


def not_json(name: str, what: str, error: BaseException) -> TraceError:
    """The error that says which part of a trace kept a file from being written."""
    return TraceError(f"{name}: not written, because {what} cannot be written as JSON: {error}")


class JsonText(dict[str, str]):
    """Strings as JSON, remembered: a trace names the same threads, queues and labels again and again.

    ``text[string]`` is the string in quotes; it is ASCII and has no line break. Of very many different strings it
    forgets all and starts anew.
    """

    def __missing__(self, string: str) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        encoded = self[string] = encode_basestring_ascii(string)
        return encoded

    def of_mapping(self, mapping: Mapping[str, Any]) -> str:
        """A mapping as JSON; raises one of `NOT_JSON` if it cannot be, or if a key is no string."""
        if not mapping:
            return "{}"
        parts = []
        for key, value in mapping.items():
            kind = type(value)
            if kind is str:
                encoded = self[value]
            elif kind is bool:
                encoded = "true" if value else "false"
            elif kind is int:
                encoded = str(value)
            else:
                encoded = _ENCODER.encode(value)
            parts.append(f"{self[key]}:{encoded}")
        return "{" + ",".join(parts) + "}"


def write_whole(path: str | os.PathLike[str], pieces: Iterable[str]) -> None:
    """Write ASCII text to a file, which appears or changes only once all of it is written; blocks until then.

    The text goes to a new file beside it, which then takes its name. Something at ``path`` that is not a plain file
    (a pipe, a device) is written to directly. Compressed with gzip when the name ends in ``.gz``.

    Args:
        path: The file's name. Where it is a symbolic link, the file that it leads to.
        pieces: The text. What making it raises leaves the file as it was.

    Raises:
        TraceError: If the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    packed = Path(path).name.endswith(".gz")
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            with target.open("wb") as out:
                _write(out, packed, pieces)
            return
        beside = target.with_name(f".taskpool-{os.urandom(8).hex()}.tmp")
        try:
            with beside.open("xb") as out:
                _write(out, packed, pieces)
                out.flush()
                os.fsync(out.fileno())
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise TraceError(f"{path}: cannot be written: {error.strerror or error}") from error


def _write(out: IO[bytes], packed: bool, pieces: Iterable[str]) -> None:
    if packed:
        # No name and no time inside: the same trace makes the same file.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=out, mtime=0) as packer:
            for chunk in _chunks(pieces):
                packer.write(chunk.encode("ascii"))
    else:
        for chunk in _chunks(pieces):
            out.write(chunk.encode("ascii"))


def _chunks(pieces: Iterable[str]) -> Iterator[str]:
    buffer = io.StringIO()
    for count, piece in enumerate(pieces, 1):
        buffer.write(piece)
        if not count % _PIECES:
            yield buffer.getvalue()
            buffer = io.StringIO()
    yield buffer.getvalue()
