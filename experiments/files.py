"""Files of a results folder: written whole or not at all, locked, checked; a little JSON and TOML."""

import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any


def write_aside(file: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, even if the power fails."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.partial")
    with partial.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(file)


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


def remove_empty(folder: Path) -> None:
    """Remove a folder of empty folders."""
    for child in folder.iterdir() if folder.is_dir() else ():
        if child.is_dir() and not any(child.iterdir()):
            child.rmdir()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def intact(file: Path, digest: str) -> bytes | None:
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


def read_json(file: Path) -> dict[str, Any] | None:
    """Content of a JSON file, None if there is none or it cannot be read as one."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
