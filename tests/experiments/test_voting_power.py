"""The page of `partnership show council`."""

import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from config.loading import load_base
from experiments import cli, voting_power
from experiments.voting_power import page


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    def command(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["partnership", "show", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0)

    return command


def test_the_council_of_2024(show: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert show("council", "--date", "2024-01-01") == 0
    out, err = capsys.readouterr()
    for said in ("2024Q1", "27 members", "449,836,271", "15 of 27 members", "65%", "17,765,675", "Lisbon"):
        assert said in out
    assert err == ""
    rows = [line.split() for line in out.splitlines() if line.startswith("  ") and line[2:5].isupper()]
    assert len(rows) == 27
    assert rows[0][0] == "DEU"
    assert sum(float(row[-3]) for row in rows) == pytest.approx(100, abs=0.01)
    assert sum(float(row[-1]) for row in rows) == pytest.approx(100, abs=0.01)


@pytest.mark.parametrize(
    ("day", "rule", "said"),
    [
        ("2014-09-30", "R4", ["260 of 352 votes", "15 of 28", "62%", "Nice", "votes"]),
        ("2014-11-01", "R4", ["16 of 28", "Lisbon"]),
        ("2024-01-01", "R2", ["19 of 27", "1 of 2^27", "1/27", "Art. 31(1) TEU"]),
        ("2024-01-01", "R7", ["all 27 members", "1/27", "1/2^26"]),
        ("2024-01-01", "R9", ["26 members", "1/26"]),
        ("2012-01-01", "R1", ["DNK does not vote"]),
        ("2024-01-01", "R8", ["safe_unanimity"]),
    ],
)
def test_rules_and_days(day: str, rule: str, said: list[str]) -> None:
    text = page(day, rule)
    for word in said:
        assert word in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--date", "2024-13-01"], ["2024-13-01", "2024-12-01"]),
        (["--date", "2023-02-29"], ["2023-02-29", "2023-02-28"]),
        (["--date", "31.12.2024"], ["31.12.2024", "2024-12-31"]),
        (["--date", "2024Q2"], ["2024Q2", "2024-04-01"]),
        (["--date", "2024"], ["2024-01-01"]),
        (["--date", "9999-01-01"], ["2999-01-01"]),
        (["--date", "1958-01-01"], ["1958-01-01", "2010-01-01"]),
        (["--date", "soon"], ["soon", "for example"]),
        (["--date", "2017-09-30", "--rule", "R9"], ["PESCO", "2017-10-01"]),
        (["--rule", "R44"], ["R44", "R4"]),
        (["--rule", "R0"], ["R0", "services"]),
        (["2024-01-01"], ["--date 2024-01-01"]),
    ],
)
def test_a_mistake_is_told_with_the_nearest_right_answer(
    show: Callable[..., int], capsys: pytest.CaptureFixture[str], words: list[str], said: list[str]
) -> None:
    assert show("council", *words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    for word in said:
        assert word in err


@pytest.mark.parametrize("words", [["actor"], ["actor", "FRA", "--date", "2024-01-01"], ["counsil"]])
def test_other_kinds_need_a_name_and_no_date(
    show: Callable[..., int], capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert show(*words) == 2
    assert "show council" in capsys.readouterr().err or words == ["counsil"]


def test_every_coalition_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--every`, on the first fourteen states; for all 27 it takes half a minute."""
    few = replace(load_base(), members=load_base().members[:14])
    monkeypatch.setattr(voting_power, "load_base", lambda: few)
    for rule in ("R2", "R4", "R7"):
        assert "asked about all 8,192 coalitions, passes exactly these" in page("2024-01-01", rule, every=True)
