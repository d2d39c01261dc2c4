"""Does what a how-to page says, in the working directory: writes and changes files, runs commands.

A fenced block follows a line that says what to do with it: "Write `file`:", "Append to `file`:" or, before a diff,
"Change `file`:". Blocks of `sh` and `python` are run as they stand.

    python -m tests.docs.follow docs/howto/add_a_rule.md
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

BLOCK = re.compile(r"^([^\n]*)\n\n```(\w+)\n(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
TOLD = re.compile(r"(Write|Append to|Change) `([^`]+)`.*:$")


class Step(NamedTuple):
    """A block: its language, what stands in it, and what its line says to do with which file."""

    language: str
    content: str
    deed: str
    file: str


def steps(page: str) -> Iterator[Step]:
    """The blocks of a page, in order."""
    for line, language, content in BLOCK.findall(page):
        told = TOLD.search(line)
        yield Step(language, content, told[1] if told else "", told[2] if told else "")


def follow(page: str) -> None:
    """Every step of a page; SystemExit or an exception at the first that fails."""
    for step in steps(page):
        if step.deed:
            change(step)
        elif step.language == "sh":
            for line in step.content.splitlines():
                run(shlex.split(line, comments=True))
        elif step.language == "python":
            exec(step.content, {})


def change(step: Step) -> None:
    """Write a file, append to it, or change it as a diff says."""
    file = Path(step.file)
    if step.deed == "Write":
        file.write_text(step.content, encoding="utf-8")
        return
    text = file.read_text(encoding="utf-8")
    changed = patched(text, step.content) if step.deed == "Change" else text.rstrip("\n") + "\n" + step.content
    file.write_text(changed, encoding="utf-8")


def patched(text: str, diff: str) -> str:
    """A text changed as a diff says, which fits in one place."""
    lines = diff.splitlines(keepends=True)
    old, new = ("".join(line[1:] for line in lines if line[0] != sign) for sign in "+-")
    assert text.count(old) == 1, f"stands {text.count(old)} times:\n{old}"
    return text.replace(old, new)


def run(words: list[str]) -> None:
    """A command: `partnership` in this process, others of Python in one of their own."""
    print("$", *words, flush=True)
    if words and words[0] != "partnership":
        subprocess.run([sys.executable, "-m", words[0], *words[1:]], check=True)
    elif words:
        partnership(words)


def partnership(words: list[str]) -> None:
    """A command of ours, imported when the page has changed what it changes. Nothing is drawn: that takes longest."""
    import experiments.figures
    from experiments import cli

    experiments.figures.draw = lambda found, folder: []
    sys.argv = words
    try:
        cli.main()
    except SystemExit as end:
        assert not end.code, f"{shlex.join(words)} ends with {end.code}"


if __name__ == "__main__":
    follow(Path(sys.argv[1]).read_text(encoding="utf-8"))
