"""Pictures of sensitivity: rows in order, small ones left out, nothing outside the sheet whatever the names."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.figures.sensitivity import effects, shares
from experiments.figures.style import SMALL, WIDTH

FACTORS = ["pace", "a parameter with a name of many more words than fit", "chance", "tiny"]
POLICIES = {"none": "no policy", "all": "dialogue + interoperability + Indo-Pacific strategy + framework"}
LABELS = {**{name: name for name in FACTORS}, **POLICIES}


def screened(policies: list[str]) -> pd.DataFrame:
    rows = [
        {"policy": policy, "factor": factor, "mu": mu, "mu_star": abs(mu), "lower": abs(mu) * 0.9,
         "upper": abs(mu) * 1.1, "sigma": 0.1}
        for policy in policies for factor, mu in zip(FACTORS, [0.1, -0.3, 0.2, 0.001], strict=True)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    return table.assign(mu=table["mu"].where(table["factor"] != "chance", 0.01))


def indices(policies: list[str], totals: list[float]) -> pd.DataFrame:
    rows = [
        {"policy": policy, "factor": factor, **{f"{kind}{end}": part * total + shift for kind, part in
         (("first", 0.5), ("total", 1.0)) for end, shift in (("", 0.0), ("_lower", -0.02), ("_upper", 0.02))}}
        for policy in policies for factor, total in zip(FACTORS, totals, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def parts(policies: list[str]) -> pd.DataFrame:
    rows = [(policy, *part) for policy in policies for part in
            (("one_by_one", 0.8, 0.7, 0.9), ("together", 0.2, -0.1, 0.3), ("chance", 0.5, 0.4, 0.6))]  # fmt: skip
    return pd.DataFrame(rows, columns=["policy", "part", "estimate", "lower", "upper"])


def drawn_inside(figure: Figure) -> Figure:
    """The figure, known to have all its words on the sheet and none too small."""
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    assert box.x0 >= -0.02 and box.x1 <= WIDTH + 0.02, box
    assert box.y0 >= -0.02 and box.y1 <= figure.get_figheight() + 0.02, box
    texts = [text for axes in figure.axes for text in [*axes.texts, *axes.get_yticklabels(), *axes.get_xticklabels()]]
    assert min(text.get_fontsize() for text in texts) >= SMALL
    return figure


def names_of(figure: Figure) -> list[str]:
    shown = [axes for axes in figure.axes if axes.axison]
    return [label.get_text().replace("\n", " ") for axes in shown for label in axes.get_yticklabels()]


@pytest.mark.parametrize("policies", [["none"], ["none", "all"]])
def test_factors_stand_by_size_with_the_way_they_go(policies: list[str]) -> None:
    figure = drawn_inside(effects(screened(policies), LABELS, 0.05, "change of depth", "Scenario s, 12 trajectories."))
    assert [name for name in names_of(figure) if name] == [f"{FACTORS[1]}  −", "chance  ±", "pace  +"]


@pytest.mark.parametrize("policies", [["none"], ["none", "all"]])
def test_shares_stand_by_total_and_the_sums_below(policies: list[str]) -> None:
    table = indices(policies, [0.1, 0.2, 0.6, 0.0])
    figure = drawn_inside(shares(table, parts(policies), LABELS, "What depth depends on", "Scenario s. " * 20))
    assert [name for name in names_of(figure) if name] == [
        "chance", FACTORS[1], "pace", "tiny", "all, each by itself", "only together",
    ]  # fmt: skip
    told = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert told == ["80\u00a0% (70 to 90\u00a0%)", "20\u00a0% (−10 to 30\u00a0%)"] * len(policies)


def test_an_outcome_that_does_not_vary_makes_an_empty_panel() -> None:
    nothing = parts(["none"]).assign(estimate=np.nan, lower=np.nan, upper=np.nan)
    figure = drawn_inside(shares(indices(["none"], [np.nan] * 4), nothing, LABELS, "Nothing", "Scenario s."))
    assert len([name for name in names_of(figure) if name]) == 6
