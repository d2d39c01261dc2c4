"""Files of a results folder: written whole or not at all, held by one process, checked; a little JSON and TOML.

A folder is a path of this machine, or, as "s3://bucket/folder", any place that fsspec can write to.
"""

import errno
import hashlib
import json
import os
import re
import socket
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias, Union

from config.errors import UserError, nearest

if TYPE_CHECKING:
    from upath import UPath

Place: TypeAlias = Union[Path, "UPath"]
"""A file or folder here or elsewhere."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says when nothing more can be written."""
BEAT = 5.0
"""Seconds after which a process that writes elsewhere renews its mark there."""


# Places


def place(text: str | Place) -> Place:
    """The file or folder of this name; UserError if it is of a kind that fsspec does not know here."""
    if not isinstance(text, str) or "://" not in text:
        return Path(text) if isinstance(text, str) else text
    from fsspec.registry import known_implementations, registry
    from upath import UPath

    protocol = text.split("://")[0]
    known = sorted({*known_implementations, *registry})
    if protocol.split("::")[0] not in known:
        raise UserError("is no kind of place", key="folder", value=text, suggestion=nearest(protocol, known),
                        allowed="a path, or a place that fsspec knows, as s3://bucket/folder")  # fmt: skip
    try:
        found = UPath(text)
        found.fs  # noqa: B018 - makes the connection's code known
    except ImportError as error:
        raise UserError(f"needs another package: {error}", key="folder", value=text) from error
    except ValueError as error:
        raise UserError(f"is no place: {error}", key="folder", value=text) from error
    return found


def from_anywhere(folder: Place) -> Place:
    """The same folder for a process that works in another directory."""
    return folder.absolute() if isinstance(folder, Path) else folder


def is_full(error: BaseException) -> bool:
    """Whether this is the system's word that a disk, a quota or a size limit is exhausted."""
    return isinstance(error, OSError) and error.errno in FULL


def no_room(file: Place) -> UserError:
    """The one message for a full disk."""
    kept = "what is finished is kept; make room, and the same command goes on with it"
    return UserError("cannot be written: the disk is full", file=str(file), suggestion=kept)


# Writing


def write_aside(file: Place, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, even if the power fails; UserError on a full disk.

    Elsewhere a file appears when it is complete; if it does not, the checksums that are written last are missing.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(file, Path):
            _write_and_rename(file, content)
        else:
            file.write_bytes(content)
    except OSError as error:
        if is_full(error):
            raise no_room(file) from error
        raise


def _write_and_rename(file: Path, content: bytes) -> None:
    partial = file.with_name(f"{file.name}.{uuid.uuid4().hex}.partial")
    try:
        with partial.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


# One process at a time


@contextmanager
def held(folder: Place, lock: str) -> Iterator[None]:
    """Hold a folder for writing by a file `lock` in it; UserError if another process holds it.

    Here the system's lock, which ends with the process, however that ends. Elsewhere a mark that is renewed every few
    seconds: one that does not change while it is watched is of a process that is no more.
    """
    if isinstance(folder, Path):
        with (folder / lock).open("a+b") as stream:
            if not locked(stream):
                raise _is_held(folder, "another process")
            yield
        return
    mark, stop = folder / lock, threading.Event()
    _wait_for_silence(mark, folder)
    ours = {"host": socket.gethostname(), "process": os.getpid(), "token": uuid.uuid4().hex}
    mark.write_bytes(pretty({**ours, "beat": 0}))
    if (read_json(mark) or {}).get("token") != ours["token"]:
        raise _is_held(folder, "another process")
    renewing = threading.Thread(target=_renew, args=[mark, ours, stop], daemon=True)
    renewing.start()
    try:
        yield
    finally:
        stop.set()
        renewing.join()
        if (read_json(mark) or {}).get("token") == ours["token"]:
            mark.unlink()


def _wait_for_silence(mark: Place, folder: Place) -> None:
    """Return when nobody renews the mark; UserError as soon as somebody does."""
    before = read_json(mark)
    if before is None:
        return
    for _ in range(5):
        threading.Event().wait(BEAT / 2)
        now_there = read_json(mark)
        if now_there is None:
            return
        if now_there != before:
            raise _is_held(folder, f"process {now_there.get('process')} on {now_there.get('host')}")


def _renew(mark: Place, ours: Mapping[str, Any], stop: threading.Event) -> None:
    beat = 0
    while not stop.wait(BEAT):
        beat += 1
        try:
            mark.write_bytes(pretty({**ours, "beat": beat}))
        except OSError:  # a full disk or a lost connection is told by the blocks
            continue


def _is_held(folder: Place, by: str) -> UserError:
    return UserError(f"{by} is writing there", file=str(folder), suggestion="choose another folder with --out")


def locked(lock: IO[bytes]) -> bool:
    """Take the lock unless another process has it; the system gives it back when this one ends, however it ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def remove_empty(folder: Place) -> None:
    """Remove a folder of empty folders."""
    children: list[Place] = list(folder.iterdir()) if folder.is_dir() else []
    for child in children:
        if child.is_dir() and not any(child.iterdir()):
            child.rmdir()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def intact(file: Place, digest: str) -> bytes | None:
    """The content of a file, or None if it is missing, torn or changed."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == digest else None


def toml_of(content: Mapping[str, Any]) -> str:
    """A TOML file with these values, a table `set` last."""
    lines = [f"{toml_key(key)} = {toml_value(value)}" for key, value in content.items() if key != "set"]
    if content.get("set"):
        lines += ["", "[set]", *(f"{toml_key(key)} = {toml_value(value)}" for key, value in content["set"].items())]
    return "\n".join(lines) + "\n"


def toml_value(value: Any) -> str:
    """A value in TOML: text, number, switch, list or inline table."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{toml_key(key)} = {toml_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Sequence):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return json.dumps(value)


def toml_key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else quoted(text)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def pretty(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def digest_of(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def read_json(file: Place) -> dict[str, Any] | None:
    """Content of a JSON file, None if there is none or it cannot be read as one."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):  # RecursionError: a thousand brackets
        return None
    return content if isinstance(content, dict) else None


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
