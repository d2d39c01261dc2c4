"""The posterior file, and which of its columns a question keeps."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import Parameter, Settings, UserError, load_experiment, resolve
from config.loading import load_base, settings_of
from config.posterior import LEAST_ROWS, load_posterior
from config.schema import Posterior

NAMES = ("attention.link", "files.opening_factor", "positions.threat")
ROWS = [(0.05 * row, 0.1 + 0.01 * row, 2.0 + 0.1 * row) for row in range(LEAST_ROWS + 2)]


def text_of(names: Sequence[str] = NAMES, rows: Sequence[tuple[float, ...]] = ROWS) -> str:
    lines = [",".join(names), *(",".join(repr(value) for value in row) for row in rows)]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def parameters() -> dict[str, Parameter]:
    return load_base().parameters


@pytest.fixture
def calibrated(root: Path) -> Path:
    """The shipped configuration with the posterior above."""
    (root / "posterior.csv").write_text(text_of(), encoding="utf-8")
    return root


def kept(found: Settings) -> tuple[str, ...]:
    return found.posterior.names if found.posterior else ()


# The file


def test_a_right_file_is_read_as_it_is_written(tmp_path: Path, parameters: Mapping[str, Parameter]) -> None:
    path = tmp_path / "posterior.csv"
    path.write_text(text_of(), encoding="utf-8")
    assert load_posterior(path, parameters) == Posterior(names=NAMES, rows=tuple(ROWS))
    path.write_bytes(b"\xef\xbb\xbf" + text_of().replace("\n", "\r\n").encode())
    assert load_posterior(path, parameters) == Posterior(names=NAMES, rows=tuple(ROWS)), "as a spreadsheet saves it"


def test_without_a_file_there_is_no_posterior(tmp_path: Path, root: Path, parameters: Mapping[str, Parameter]) -> None:
    assert load_posterior(tmp_path / "posterior.csv", parameters) is None
    (root / "posterior.csv").unlink(missing_ok=True)
    assert resolve("outlook", "none", root=root).posterior is None


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(0, 1), min_size=LEAST_ROWS, max_size=30))
def test_draws_come_back_to_the_last_bit(
    values: list[float], tmp_path: Path, parameters: Mapping[str, Parameter]
) -> None:
    path = tmp_path / "posterior.csv"
    path.write_text(text_of(("attention.link",), [(value,) for value in values]), encoding="utf-8")
    found = load_posterior(path, parameters)
    assert found is not None
    assert [row[0] for row in found.rows] == values


@pytest.mark.parametrize(
    ("old", "new", "key", "value", "near"),
    [
        ("attention.link", "attention.lnk", "attention.lnk", "", "attention.link"),
        ("attention.link", "files.opening_factor", "files.opening_factor", "", "files.opening_factor"),
        ("attention.link", "council.brake_margin", "council.brake_margin", "", "council.acceptance"),  # not uncertain
        ("attention.link", "levers.qmv_from", "levers.qmv_from", "", ""),
        ("attention.link", "", "", "", "the nearest is"),
        ("\n0.05,", "\n,", "line 3, attention.link", "", ""),
        ("\n0.05,", "\nmany,", "line 3, attention.link", "many", ""),
        ("\n0.05,", "\n1.05,", "line 3, attention.link", "1.05", ""),
        ("\n0.05,", "\n-0.05,", "line 3, attention.link", "-0.05", ""),
        ("\n0.05,", "\nnan,", "line 3, attention.link", "nan", ""),
        ("\n0.05,", "\ninf,", "line 3, attention.link", "inf", ""),
        ("\n0.05,", "\n", "line 3", "", ""),
        ("\n0.05,", "\n0.05,0.05,", "line 3", "", ""),
        ("\n0.05,", "\n\n\n1.05,", "line 5, attention.link", "1.05", ""),
        ("\n0.05,", "\n" + "0" * 200_000 + ",", "", "", ""),
    ],
)
def test_every_mistake_is_one_message(
    tmp_path: Path, parameters: Mapping[str, Parameter], old: str, new: str, key: str, value: str, near: str
) -> None:
    path = tmp_path / "posterior.csv"
    assert old in text_of()
    path.write_text(text_of().replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_posterior(path, parameters)
    error, text = caught.value, str(caught.value)
    assert error.file.endswith("posterior.csv")
    assert error.key == key, text
    assert value in error.value, text
    assert near in error.suggestion, text
    assert error.allowed, text
    assert "\n" not in text


@pytest.mark.parametrize("content", ["", "attention.link\n", text_of(rows=ROWS[: LEAST_ROWS - 1])])
def test_too_few_draws_are_refused(tmp_path: Path, parameters: Mapping[str, Parameter], content: str) -> None:
    path = tmp_path / "posterior.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=f"has too few draws; allowed: {LEAST_ROWS} or more"):
        load_posterior(path, parameters)


def test_what_is_no_text_is_refused(tmp_path: Path, parameters: Mapping[str, Parameter]) -> None:
    path = tmp_path / "posterior.csv"
    path.write_bytes(text_of().encode() + b"\xff\xfe")
    with pytest.raises(UserError, match="is not UTF-8"):
        load_posterior(path, parameters)


def test_a_wrong_posterior_stops_every_question_of_its_configuration(calibrated: Path) -> None:
    (calibrated / "posterior.csv").write_text(text_of().replace("attention.link", "attention.lnk"), encoding="utf-8")
    for ask in (lambda: resolve("outlook", "none", root=calibrated), lambda: load_experiment("smoke", root=calibrated)):
        with pytest.raises(UserError, match=r"posterior\.csv: attention\.lnk: is no uncertain parameter"):
            ask()


# What a question keeps of it


def test_a_question_that_changes_nothing_keeps_all(calibrated: Path) -> None:
    found = resolve("outlook", "none", root=calibrated)
    assert found.posterior == Posterior(names=NAMES, rows=tuple(ROWS))
    again = Settings.model_validate_json(found.model_dump_json(by_alias=True), strict=False)
    assert again.posterior == found.posterior


def test_the_posterior_is_part_of_what_settings_are(calibrated: Path) -> None:
    with_it, prior = (resolve("outlook", "none", root=calibrated, prior=prior) for prior in (False, True))
    assert prior == with_it.model_copy(update={"posterior": None})
    assert with_it.fingerprint() != prior.fingerprint()


@pytest.mark.parametrize("changed", [names for n in range(4) for names in combinations(NAMES, n)], ids=str)
def test_what_an_override_changes_is_left_out_and_the_rest_stays_in_rows(
    calibrated: Path, changed: tuple[str, ...]
) -> None:
    values: dict[str, Any] = {
        "attention.link": 0.5,
        "files.opening_factor": {"low": 0.1, "high": 0.2},
        "positions.threat": 2,
    }
    found = resolve("outlook", "none", {name: values[name] for name in changed}, root=calibrated)
    left = tuple(name for name in NAMES if name not in changed)
    assert kept(found) == left
    columns = [NAMES.index(name) for name in left]
    rows = found.posterior.rows if found.posterior else ()
    assert rows == (tuple(tuple(row[column] for column in columns) for row in ROWS) if left else ())


def test_to_fix_a_parameter_at_its_own_value_is_a_change_too(calibrated: Path) -> None:
    value = load_base(calibrated).parameters["attention.link"].value
    assert kept(resolve("outlook", "none", {"attention.link": value}, root=calibrated)) == NAMES[1:]


def write_scenario(root: Path) -> None:
    path = root / "scenarios" / "outlook.toml"
    path.write_text(path.read_text(encoding="utf-8") + '\n[set]\n"attention.link" = 0.5\n', encoding="utf-8")


def write_policy(root: Path) -> None:
    path = root / "policies" / "dialogue.toml"
    path.write_text(path.read_text(encoding="utf-8") + '\n"attention.link" = 0.5\n', encoding="utf-8")


@pytest.mark.parametrize("write", [write_scenario, write_policy])
def test_what_a_scenario_or_policy_changes_is_left_out(calibrated: Path, write: Callable[[Path], None]) -> None:
    write(calibrated)
    assert kept(resolve("outlook", "dialogue", root=calibrated)) == NAMES[1:]
    other = kept(resolve("detente", "none", root=calibrated))
    assert other == NAMES, "another scenario and policy have nothing to do with it"


def test_an_experiment_and_the_command_line_leave_out_what_they_change(calibrated: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    lines = ['question = "?"', 'scenarios = ["outlook"]', 'policies = ["none"]', "runs = 2", "seed = 1", "[set]"]
    path.write_text("\n".join([*lines, '"files.opening_factor" = 0.2']), encoding="utf-8")

    def names(*sets: str, prior: bool = False) -> tuple[str, ...]:
        question = load_experiment(str(path), sets, prior=prior, root=calibrated)
        return kept(settings_of(question, "outlook", "none", root=calibrated))

    assert names() == ("attention.link", "positions.threat")
    assert names("attention.link=0.5") == ("positions.threat",)
    assert names("council.brake_margin=0.1") == ("attention.link", "positions.threat")
    assert names(prior=True) == ()
    path.write_text("\n".join(["prior = true", *lines]), encoding="utf-8")
    assert names() == (), "a file may ask for the prior itself"
