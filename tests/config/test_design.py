"""Tables of parameter sets: read as they stand, and everything that is wrong with one said in one message."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import UserError, check_file, load_experiment, resolve
from config.design import Points, kept_points, read_points, write_points
from config.loading import load_base, points_of
from config.schema import SAME_IN_ALL_RUNS

WHOLE = load_base()
BASE = WHOLE.parameters
NAMES = ("attention.link", "council.acceptance", "levers.interoperability_france")
VALUES = ((0.1, 0.9, 1.0), (0.30000000000000004, 1.1, 0.0), (1e-3, 1.0, 1.0))
QUESTION = """question = "What if?"
scenarios = ["outlook"]
policies = ["none", "framework"]
runs = 10
seed = 1
until = "2027Q4"
"""


def csv_of(names: Sequence[str] = NAMES, rows: Sequence[Sequence[Any]] = VALUES) -> str:
    return "\n".join([",".join(names), *(",".join(map(str, row)) for row in rows)]) + "\n"


def written(folder: Path, content: str | bytes | pa.Table, name: str = "sets.csv") -> Path:
    path = folder / name
    if isinstance(content, pa.Table):
        pq.write_table(content, path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder: Path, content: str | bytes | pa.Table, name: str = "sets.csv") -> Points:
    return read_points(written(folder, content, name), WHOLE)


def refused(folder: Path, content: str | bytes | pa.Table, name: str = "sets.csv") -> str:
    """The one message for what is wrong with a table."""
    with pytest.raises(UserError) as caught:
        read(folder, content, name)
    text = str(caught.value)
    assert text.startswith(str(folder / name)) and caught.value.allowed and "\n" not in text
    return text.removeprefix(f"{folder / name}: ")


def assert_same(found: Points, wanted: Points) -> None:
    assert found.names == wanted.names
    assert found.values.dtype == np.float64
    np.testing.assert_array_equal(found.values, wanted.values)


POINTS = Points(NAMES, np.array(VALUES))


# What is right


@pytest.mark.parametrize(
    "text",
    [
        csv_of(),
        "\ufeff" + csv_of(),
        csv_of().replace("\n", "\r\n"),
        csv_of().rstrip("\n"),
        csv_of() + "\n\n",
        csv_of().replace(",", ", "),
        csv_of().replace("0.1,", '"0.1",').replace("council.acceptance", '"council.acceptance"'),
    ],
    ids=["plain", "byte order mark", "Windows", "no last newline", "empty lines", "spaces", "quotes"],
)
def test_a_csv_file_is_read_as_it_stands(tmp_path: Path, text: str) -> None:
    assert_same(read(tmp_path, text), POINTS)


def test_what_pandas_writes_is_read(tmp_path: Path) -> None:
    frame = pd.DataFrame(dict(zip(NAMES, np.array(VALUES).T, strict=True)))
    frame["levers.interoperability_france"] = frame["levers.interoperability_france"].astype(int)
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    assert_same(read_points(tmp_path / "a.csv", WHOLE), POINTS)
    assert_same(read_points(tmp_path / "a.parquet", WHOLE), POINTS)


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint64(), pa.float32(), pa.decimal128(4, 1)], ids=str)
def test_parquet_may_hold_numbers_of_any_kind(tmp_path: Path, kind: pa.DataType) -> None:
    table = pa.table({"files.patience": pa.array([2.0, 5.0, 2.0]).cast(kind)})
    assert read(tmp_path, table, "a.parquet").values.tolist() == [[2.0], [5.0], [2.0]]


def test_every_parameter_in_which_runs_may_differ_may_be_a_column(tmp_path: Path) -> None:
    """Edges of the range belong to it; a value is what the same number is in an override."""
    names = [name for name, one in BASE.items() if one.unit != "quarter" and name not in SAME_IN_ALL_RUNS]
    rows = [[BASE[name].range[end] for name in names] for end in (0, 1)]  # type: ignore[index]
    points = read(tmp_path, csv_of(names, [*rows, [BASE[name].value for name in names]]))
    assert len(points) == 3 and len(names) == len(BASE) - 13
    for column, name in enumerate(names):
        for value in points.values[:, column].tolist():
            assert BASE[name].overridden(value).value == value


def test_lanes_are_given_what_their_points_say() -> None:
    found = POINTS.given(np.array([2, 2, 0]))
    assert list(found) == list(NAMES)
    assert found["council.acceptance"].tolist() == [1.0, 1.0, 0.9]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_is_kept_is_read_to_the_last_bit(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(sorted(BASE)), min_size=1, max_size=5, unique=True))
    row = st.lists(st.floats(allow_nan=False), min_size=len(chosen), max_size=len(chosen))
    points = Points(tuple(chosen), np.array(data.draw(st.lists(row, min_size=1, max_size=5))))
    again = kept_points(write_points(points))
    assert_same(again, points)
    assert again.digest == points.digest


@pytest.mark.parametrize(
    "raw",
    [b"", b"PAR1", csv_of().encode(), write_points(POINTS)[:-9], write_points(POINTS)[99:]],
    ids=["empty", "magic", "CSV", "cut short", "beginning lost"],
)
def test_what_was_not_kept_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        kept_points(raw)


def test_dates_actors_and_instruments_are_columns_too(tmp_path: Path) -> None:
    """What a model has as one value stands apart, each combination once; what is kept says the same."""
    text = (
        "levers.dialogue_from,attention.link,actors.HUN.stance_mean,instruments.csdp_fpa.rule,chance\n"
        "never,0.3,-1.2,R2,7\n2027Q1,0.4,0,R4,8\nnever,0.5,-1.2,R2,9\n"
    )
    points = read(tmp_path, text)
    assert points.names == ("attention.link",) and points.luck is not None and points.variants is not None
    assert points.luck.tolist() == [7, 8, 9] and points.variants.of.tolist() == [0, 1, 0]
    assert points.variants.row(1) == {
        "levers.dialogue_from": "2027Q1", "actors.HUN.stance_mean": 0.0, "instruments.csdp_fpa.rule": "R4",
    }  # fmt: skip
    kept = kept_points(write_points(points))
    assert kept.digest == points.digest and kept.columns().keys() == points.columns().keys()
    assert read(tmp_path, write_points(points), "a.parquet").digest == points.digest
    assert read(tmp_path, text.replace("0.5,", "0.6,")).digest != points.digest
    assert read(tmp_path, text.replace(",9\n", ",10\n")).digest != points.digest
    assert read(tmp_path, text.replace("R4", "R2")).digest != points.digest


@pytest.mark.parametrize(
    ("name", "cell", "said"),
    [
        ("levers.dialogue_from", "2027", "line 2, levers.dialogue_from = 2027: is not a quarter"),
        ("levers.dialogue_from", "", "line 2, levers.dialogue_from: is empty"),
        ("actors.HUN.neutral", "0.5", "line 2, actors.HUN.neutral = 0.5: is not a switch; allowed: 0 or 1"),
        ("actors.HUN.stance_mean", "low", 'line 2, actors.HUN.stance_mean = "low": is not a number'),
        ("instruments.csdp_fpa.rule", "R77", 'line 2, instruments.csdp_fpa.rule = "R77"'),
        ("chance", "-1", "line 2, chance = -1.0: is out of range"),
    ],
)
def test_what_a_model_has_one_of_is_checked_in_its_line(tmp_path: Path, name: str, cell: str, said: str) -> None:
    assert said in refused(tmp_path, csv_of([name, "attention.link"], [(cell, 0.5)]))


def test_the_digest_is_of_what_the_points_say(tmp_path: Path) -> None:
    """Not of the format nor of the order of columns; of names, values and the order of points."""
    same = [
        read(tmp_path, csv_of()),
        read(tmp_path, csv_of().replace("0.9", "9e-1")),
        read(tmp_path, csv_of().replace("0.0\n", "-0.0\n")),
        read(tmp_path, write_points(POINTS), "a.parquet"),
        Points(NAMES[::-1], np.array(VALUES)[:, ::-1]),
    ]
    assert {points.digest for points in same} == {POINTS.digest}
    others = [
        Points(NAMES, np.array(VALUES)[::-1]),
        Points(NAMES, np.nextafter(np.array(VALUES), 2)),
        Points(NAMES[::-1], np.array(VALUES)),
        Points(NAMES, np.array(VALUES)[:2]),
        Points((*NAMES[:2], "levers.interoperability_uk"), np.array(VALUES)),
    ]
    assert len({points.digest for points in (POINTS, *others)}) == len(others) + 1


# What is wrong


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no columns"),
        (csv_of(rows=()), "has no rows"),
        (csv_of().replace("link", "lnk"), 'column 1 = "attention.lnk": is no parameter; allowed: <family>.<parameter>'),
        (csv_of().replace("link", "lnk"), "with a family of actors, attention, business,"),
        (csv_of().replace("link", "lnk"), "(did you mean 'attention.link'?)"),
        (csv_of().replace(NAMES[1], "attention.link"), 'column 1 = "attention.link": stands twice'),
        (csv_of().replace(NAMES[1], "levers.qmv_from"), "line 2, levers.qmv_from = 0.9: is not a quarter"),
        (csv_of().replace(NAMES[1], "positions.speakers"), "line 2, positions.speakers = 0.9: is out of range"),
        (csv_of().replace(NAMES[1], "actors.DEU.population"), "line 2, actors.DEU.population = 0.9"),
        (csv_of().replace(NAMES[1], "actors.DEU.people"), "is no parameter"),
        (csv_of().replace(NAMES[1], "chance"), "line 2, chance = 0.9: is no whole number"),
        ("," + csv_of().replace("\n", "\n0,"), 'column 1 = "": is no name'),
        (csv_of().replace(",", ";"), "is separated by semicolons"),
        (csv_of().replace(",", "\t"), "is separated by tabs"),
        (csv_of().replace("0.9", ""), "line 2, council.acceptance: is empty; allowed: a number from"),
        (csv_of().replace("0.9", "  "), "line 2, council.acceptance: is empty"),
        (csv_of().replace("1.1", "much"), 'line 3, council.acceptance = "much": is not a number'),
        (csv_of().replace("1.1", '"1,1"'), 'line 3, council.acceptance = "1,1": is not a number'),
        (csv_of().replace("1.1", '"1\n1"'), 'line 4, council.acceptance = "1 1": is not a number'),
        (csv_of().replace("1.1", "nan"), "line 3, council.acceptance = nan: is not a finite number"),
        (csv_of().replace("1.1", "-inf"), "line 3, council.acceptance = -inf: is not a finite number"),
        (csv_of().replace("0.001", "1.5"),
         "line 4, attention.link = 1.5: is out of range; allowed: a number from 0 to 1 (the nearest is 1)"),
        (csv_of().replace("1.0\n", "0.5\n", 1),
         "line 2, levers.interoperability_france = 0.5: is not a switch; allowed: 0 or 1"),
        (csv_of().replace("1.0\n", "true\n", 1), 'line 2, levers.interoperability_france = "true": is not a number'),
        (csv_of().replace("0.9", "0,9"), "line 2: has 4 values; allowed: 3, one for each column (decimals have a"),
        (csv_of().replace("0.9,", ""), "line 2: has 2 values"),
        ("\n\n" + csv_of().replace("1.1", "x"), "has no columns"),
        (csv_of().replace("\n", "\n\n").replace("1.1", "x"), "line 5, council.acceptance"),
        (csv_of().replace("0.9", '"0.9'), "is not CSV"),
        (csv_of().encode("utf-16"), "is not UTF-8"),
        (b"PAR1" + bytes(range(256)), "is not UTF-8"),
    ],
)  # fmt: skip
def test_a_wrong_csv_file_says_where_and_what(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert said in refused(tmp_path, text)


def test_the_first_mistake_in_a_table_is_the_one_named(tmp_path: Path) -> None:
    text = csv_of(rows=[(0.5, 0.5, 1), (0.5, 99, 1), (7, 0.5, 1), (0.5, 0.5, "x")])
    assert refused(tmp_path, text).startswith('line 5, levers.interoperability_france = "x"'), "no number at all"
    assert refused(tmp_path, text.replace("x", "1")).startswith("line 3, council.acceptance = 99")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({}, "has no columns"),
        ({"attention.link": pa.array([], pa.float64())}, "has no rows"),
        ({"attention.link": pa.array([], pa.timestamp("s"))}, "has no rows"),
        ({"attention.lnk": [0.5]}, 'column 1 = "attention.lnk": is no parameter'),
        ({"__index_level_0__": [0.5]}, "is no name"),
        ({"attention.link": [0.5, None]}, "row 2, attention.link: is empty"),
        ({"attention.link": [0.5, float("nan")]}, "row 2, attention.link = nan: is not a finite number"),
        ({"attention.link": [0.5, 2.0]}, "row 2, attention.link = 2.0: is out of range"),
        ({"files.patience": [3, -1]}, "row 2, files.patience = -1.0: is out of range"),
        ({"attention.link": ["0.5"]}, 'row 1, attention.link = "0.5": is not a number; allowed: a number from 0 to 1 '
         "(did you mean 0.5, without quotes?)"),
        ({"levers.interoperability_uk": [True]}, "row 1, levers.interoperability_uk = true: is not a number"),
        ({"attention.link": [[0.5]]}, "row 1, attention.link = [0.5]: is not a number"),
    ],
    ids=lambda value: value if isinstance(value, str) else ", ".join(value),
)  # fmt: skip
def test_a_wrong_parquet_file_says_where_and_what(tmp_path: Path, columns: Mapping[str, Any], said: str) -> None:
    assert said in refused(tmp_path, pa.table(dict(columns)), "a.parquet")


def test_a_parquet_column_stands_once(tmp_path: Path) -> None:
    table = pa.table([pa.array([0.5]), pa.array([0.5])], names=["attention.link", "attention.link"])
    assert "stands twice" in refused(tmp_path, table, "a.parquet")


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    assert "is neither CSV nor Parquet; allowed: a file ending in .csv or .parquet" in refused(tmp_path, "", "a.xlsx")
    assert "cannot be read as Parquet" in refused(tmp_path, csv_of(), "a.parquet")
    assert "cannot be read as Parquet" in refused(tmp_path, write_points(POINTS)[:-9], "a.parquet")
    (tmp_path / "b.csv").mkdir()
    (tmp_path / "b.parquet").mkdir()
    for name in ("b.csv", "b.parquet"):
        with pytest.raises(UserError, match="cannot be read"):
            read_points(tmp_path / name, WHOLE)


def test_a_file_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    written(tmp_path, csv_of(), "sets.csv")
    with pytest.raises(UserError, match=r"set\.csv: no such file.*did you mean 'sets\.csv'"):
        read_points(tmp_path / "set.csv", WHOLE)
    with pytest.raises(UserError, match="no such file"):
        read_points(tmp_path / "nowhere" / "set.csv", WHOLE)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["a.csv", "a.parquet"]),
    where=st.floats(0, 1),
    length=st.integers(0, 12),
    junk=st.one_of(st.binary(max_size=4), st.sampled_from([b"nan", b'"', b";", b",", b"\n", b"\0", b"1e400", b"_"])),
)
def test_a_spoilt_table_gives_points_or_a_user_error(
    tmp_path: Path, kind: str, where: float, length: int, junk: bytes
) -> None:
    content = csv_of().encode() if kind == "a.csv" else write_points(POINTS)
    at = int(where * len(content))
    path = written(tmp_path, content[:at] + junk + content[at + length :], kind)
    try:
        found = read_points(path, WHOLE)
    except UserError as error:
        assert "\n" not in str(error)
    else:
        for name, column in zip(found.names, found.values.T, strict=True):
            low, high = BASE[name].range  # type: ignore[misc]
            assert ((column >= low) & (column <= high)).all()


# In an experiment


def experiment(folder: Path, design: str = 'design = { table = "sets.csv" }', text: str = csv_of()) -> Path:
    written(folder, text)
    return written(folder, QUESTION + design + "\n", "question.toml")


def test_an_experiment_reads_its_table_from_beside_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    path = experiment(tmp_path)
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = load_experiment("../question.toml")
    points = points_of(found)
    assert points is not None
    assert_same(points, POINTS)
    assert found.as_file()["design"] == {"table": "sets.csv"}
    assert points_of(load_experiment(str(path), runs=3, sets=["files.patience=4"])) is not None


def test_an_experiment_without_design_has_no_points_and_does_not_say_so(tmp_path: Path) -> None:
    found = load_experiment(str(experiment(tmp_path, "")))
    assert points_of(found) is None and "design" not in found.as_file()


@pytest.mark.parametrize(
    ("design", "said"),
    [
        ('design = "sets.csv"', 'design = "sets.csv": is not a table; allowed: { table = "sets.csv" }'),
        ("design = 5", "design = 5: is not a table"),
        ("design = {}", "design.table: is missing"),
        ("design = { table = 5 }", "design.table = 5: is not a text in quotes"),
        ('design = { table = "" }', 'design.table = "": is empty'),
        ("design = { latin_hypercube = 100 }", "design.latin_hypercube = 100: is an unknown key; allowed: kind"),
        ('design = { table = "set.csv" }', "set.csv: no such file"),
        ('design = { table = "question.toml" }', "question.toml: is neither CSV nor Parquet"),
        ('design = { table = "sets.csv" }\n[set]\n"attention.link" = 0.5',
         'set."attention.link" = 0.5: differs between the points of the design; allowed: one or the other'),
    ],
)  # fmt: skip
def test_a_wrong_design_stops_the_experiment(tmp_path: Path, design: str, said: str) -> None:
    path = experiment(tmp_path, design)
    for ask in (lambda: load_experiment(str(path)), lambda: check_file(path)):
        with pytest.raises(UserError) as caught:
            ask()
        assert said in str(caught.value)


def test_a_wrong_table_stops_the_experiment(tmp_path: Path) -> None:
    path = experiment(tmp_path, text=csv_of().replace("0.9", "99"))
    with pytest.raises(UserError, match=r"sets\.csv: line 2, council\.acceptance = 99\.0: is out of range"):
        load_experiment(str(path))


def test_what_differs_between_points_is_not_set_at_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--set: attention\.link = 0\.5: differs between the points of the design"):
        load_experiment(str(experiment(tmp_path)), sets=["attention.link=0.5"])


def test_check_counts_points_and_runs(tmp_path: Path) -> None:
    path = experiment(tmp_path)
    assert check_file(path) == "experiment of 3 parameter sets x 10 runs"
    assert check_file(tmp_path / "sets.csv") == "table of 3 parameter sets"
    assert check_file(written(tmp_path, write_points(POINTS), "a.parquet")) == "table of 3 parameter sets"


@pytest.mark.parametrize("name", SAME_IN_ALL_RUNS)
def test_what_is_one_number_for_all_runs_is_not_drawn(name: str) -> None:
    with pytest.raises(UserError, match=rf"{name} = .*: cannot differ between runs; allowed: one value"):
        resolve("outlook", "none", {name: {"low": 1, "high": 2}})
    assert resolve("outlook", "none", {name: {"low": 1, "high": 1}}).parameters[name].value == 1


def test_rows_may_be_many(tmp_path: Path) -> None:
    """A design of ten thousand points is read in a moment, by either format."""
    values = np.random.default_rng(1).uniform(0.1, 1, (10_000, 2))
    sink = io.StringIO()
    csv.writer(sink).writerows([("attention.link", "council.acceptance"), *values.tolist()])
    wanted = Points(("attention.link", "council.acceptance"), values)
    assert_same(read(tmp_path, sink.getvalue()), wanted)
    assert_same(read(tmp_path, write_points(wanted), "a.parquet"), wanted)
