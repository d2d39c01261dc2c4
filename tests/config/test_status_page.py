"""The example of docs/status.md is a status that can be run."""

import re
from pathlib import Path

from config import resolve
from config.status import load_status, with_status

PAGE = Path(__file__).resolve().parents[2] / "docs" / "status.md"


def test_the_example_is_a_status_of_the_outlook(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    file = tmp_path / "status.toml"
    file.write_text(example, encoding="utf-8")
    settings = with_status(resolve("outlook", "none"), load_status(file), "status.toml")
    assert settings.status is not None
    assert [one.file for one in settings.status.stages] == ["security_of_information"] * 2 + ["FRA/raa"]
    assert settings.japan.elections[-1].share == 0.58
