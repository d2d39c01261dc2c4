"""The sampler finds posteriors that are known, goes on where it stopped, and reads nothing kept for validation."""

import csv
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtr

from config import UserError
from config.calendar import CALIBRATED_TO, quarter_index
from config.loading import ROOT
from config.posterior import Calibration, load_posterior
from config.schema import STAGES, RecordRow
from experiments import calibrating
from experiments.analysis import importance
from experiments.calibrating import (
    TOLERANCE,
    TOPICS,
    Evidence,
    Sample,
    calibrate,
    evidence_of,
    evidence_on_record,
    informed,
    keep,
    log_likelihoods,
    plan_of,
    sample,
    sample_here,
    values_of,
    vetoes_on_record,
)

Floats = NDArray[np.float64]

NAMES = ("files.opening_factor", "files.concluding_factor", "positions.constant")


@cache
def shipped() -> Calibration:
    return plan_of()


@cache
def on_record() -> Evidence:
    return evidence_on_record(shipped())


def evidence(names: Sequence[str] = NAMES, seed: int = 4) -> Evidence:
    """Of the real parts, for samplers that are given likelihoods."""
    return replace(on_record(), names=names, seed=seed)


def small(**other: object) -> Calibration:
    """Two rounds of 100 histories of a year."""
    content = {
        **{"parameters": ("files.opening_factor", TOLERANCE), "scenario": "hindcast", "until": "2010Q4"},
        **{"vetoes_until": "2010Q4", "rounds": (100, 100), "draws": 50, "seed": 11},
    }
    return Calibration.model_validate({**content, **other})


@cache
def of_a_year() -> Evidence:
    return evidence_on_record(small())


# A posterior that is known


SEEN = np.array([1.2, -0.8])
"""What is seen: two sums of three parameters, with noise."""
SUMS = np.array([[1.0, 0.5, 0.0], [0.0, 0.7, -1.0]])
NOISE = np.array([0.4, 0.5])


def exact() -> tuple[Floats, Floats, float]:
    """Mean, covariance and log evidence of three standard normal parameters, given what is seen."""
    precise = np.eye(3) + SUMS.T @ np.diag(NOISE**-2) @ SUMS
    covariance = np.linalg.inv(precise)
    whole = stats.multivariate_normal(np.zeros(2), SUMS @ SUMS.T + np.diag(NOISE**2))
    return covariance @ SUMS.T @ (SEEN / NOISE**2), covariance, float(whole.logpdf(SEEN))


def gaussian(of: Evidence, luck: float = 0.0) -> calibrating.Evaluate:
    """Likelihoods of sums seen with noise, put down to two parts of the record; times luck of mean 1."""

    def evaluate(first: int, z: Floats) -> Floats:
        found = np.zeros((len(z), len(of.parts)))
        found[:, :2] = stats.norm.logpdf(SEEN, z @ SUMS.T, NOISE)
        chance = np.random.default_rng((of.seed, first))
        found[:, 5] = luck * chance.standard_normal(len(z)) - luck**2 / 2
        return found

    return evaluate


def log_evidence(found: Sample) -> float:
    """Mean over draws of likelihood times prior over the mixture that they came from."""
    likelihood = found.log_likelihood.sum(axis=1)
    densities = [one.log_density(found.z) for one in found.proposals]
    mixture = np.log(np.average(np.exp(densities), axis=0, weights=list(found.sizes)))
    return float(np.log(np.mean(np.exp(stats.norm.logpdf(found.z).sum(axis=1) + likelihood - mixture))))


@pytest.mark.parametrize("luck", [0.0, 1.0])
def test_a_known_posterior_and_its_evidence_are_found_also_through_noise(luck: float) -> None:
    """Over 40 samples the mean error of each number is within four times what its spread over samples allows."""
    mean, covariance, whole = exact()
    found = []
    for seed in range(40):
        of = evidence(seed=seed)
        drawn = sample(of, (400, 400, 800), gaussian(of, luck))
        weight = np.exp(drawn.log_weight())
        away = drawn.z - mean
        second = (away * weight[:, np.newaxis]).T @ away
        found.append([*(weight @ away), *(second - covariance).ravel(), np.exp(log_evidence(drawn) - whole) - 1])
    errors = np.array(found)
    spread = errors.std(axis=0, ddof=1)
    assert spread.max() < 0.25 if luck else spread.max() < 0.06
    assert (abs(errors.mean(axis=0)) < 4 * spread / np.sqrt(len(errors)) + 2 / 1600).all()


def test_later_rounds_draw_where_the_posterior_is() -> None:
    of = evidence()
    found = sample(of, (1000, 1000, 1000), gaussian(of))
    mean, covariance, _ = exact()
    np.testing.assert_allclose(found.proposals[-1].mean, mean, atol=0.15)
    root = found.proposals[-1].root
    np.testing.assert_allclose(root @ root.T, importance.WIDER**2 * covariance, atol=0.15)
    first = Sample(of, found.z[:1000], found.log_likelihood[:1000], found.proposals[:1], (1000,))
    assert importance.effective(found.log_weight()) > 5 * importance.effective(first.log_weight())
    assert importance.tail_index(found.log_weight()) < 0.5
    assert len({row.tobytes() for row in found.z}) == 3000, "each round has luck of its own"


def test_equally_likely_draws_have_the_moments_of_weighted_ones() -> None:
    of = evidence()
    found = sample(of, (2000, 2000), gaussian(of))
    posterior = found.posterior(1000)
    assert posterior.names == NAMES and len(posterior.rows) == 1000
    weight, values = np.exp(found.log_weight()), values_of(of.settings, NAMES, found.z)
    for column, name in enumerate(NAMES):
        drawn = np.array([row[column] for row in posterior.rows])
        middle = weight @ values[name]
        spread = float(np.sqrt(weight @ (values[name] - middle) ** 2))
        assert drawn.mean() == pytest.approx(middle, abs=0.1 * spread)
        assert drawn.std() == pytest.approx(spread, rel=0.1)
    assert found.posterior(1000) == posterior


def test_prior_against_posterior() -> None:
    """Nothing is learnt without evidence; of a normal posterior mean, spread and quantiles are known."""
    of = evidence()
    nothing = informed(sample(of, (20_000,), lambda first, z: np.zeros((len(z), len(of.parts)))))
    for one in nothing:
        assert one.contraction == pytest.approx(0, abs=0.02) and one.shift == pytest.approx(0, abs=0.03)
        assert one.posterior == pytest.approx(one.prior, rel=0.08)
    mean, covariance, _ = exact()
    for place, one in enumerate(informed(sample(of, (4000, 4000, 8000), gaussian(of)))):
        sd = float(np.sqrt(covariance[place, place]))
        assert one.name == NAMES[place]
        assert one.contraction == pytest.approx(1 - sd, abs=0.02) and one.shift == pytest.approx(mean[place], abs=0.04)
        ends = mean[place] + sd * stats.norm.ppf([0.5, 0.05, 0.95])
        at = values_of(of.settings, [one.name], ends[:, np.newaxis])[one.name]
        np.testing.assert_allclose(one.posterior, at, rtol=0.08)


def test_a_record_that_no_history_could_have_is_a_mistake_with_one_message() -> None:
    of = evidence()

    def never(first: int, z: Floats) -> Floats:
        return np.full((len(z), len(of.parts)), -np.inf)

    with pytest.raises(UserError, match="could not have happened in any of 100 histories") as caught:
        sample(of, (100, 100), never)
    assert "\n" not in str(caught.value) and caught.value.suggestion


def test_values_are_those_of_the_prior_at_its_quantiles() -> None:
    settings = on_record().settings
    z = np.array([[-9.0], [-1.0], [0.0], [2.0], [40.0]])
    tolerance = values_of(settings, [TOLERANCE], z)[TOLERANCE]
    draw = settings.parameters[TOLERANCE].draw
    assert draw is not None and draw.uniform is not None
    low, high = draw.uniform
    np.testing.assert_allclose(tolerance, low + (high - low) * ndtr(z[:, 0]), atol=1e-9)
    factor = values_of(settings, [NAMES[0]], z)[NAMES[0]]
    assert (np.diff(factor) >= 0).all() and np.isfinite(factor).all()


# Parts and domains


def test_every_file_rung_ladder_and_topic_is_a_part_once() -> None:
    parts = on_record().parts
    assert len(parts) == len(set(parts)) == 23 + 7 * 5 + 4 + 3
    assert {"csdp_fpa", "FRA/raa", "JPN/force", "vetoes/china"} < set(parts)


@pytest.mark.parametrize(
    ("part", "domain"),
    [
        ("csdp_fpa", "operations"),
        ("security_of_information", "information"),
        ("FRA/raa", "bilateral"),
        ("ITA/co_development", "bilateral"),
        ("JPN/force", "Japan"),
        ("vetoes/enlargement", "Council"),
    ],
)
def test_parts_belong_to_fields(part: str, domain: str) -> None:
    of = on_record()
    assert part in of.parts and of.domain(part) == domain


def test_the_model_gives_a_likelihood_for_every_part() -> None:
    from simulation.model import PartnershipModel

    of = of_a_year()
    model = PartnershipModel(of.settings, range(2), of.seed)
    model.run()
    assert set(model.beliefs.log_likelihood()) == {part for part in of.parts if not part.startswith("vetoes/")}
    assert {topic for topic, _ in model.beliefs.expected_vetoes} == set(TOPICS)


def test_the_whole_is_the_sum_of_parts_and_vetoes_are_averaged_over_like_tolerance() -> None:
    of = evidence((NAMES[0], TOLERANCE))
    z, found = np.random.default_rng(1).normal(size=(50, 2)), np.random.default_rng(2).normal(size=(50, len(of.parts)))
    counted = np.array([part.startswith("vetoes/") for part in of.parts])
    files, smooth = found[:, ~counted].sum(axis=1), importance.averaged(z[:, 1], found[:, counted].sum(axis=1))
    np.testing.assert_allclose(of.total(z, found), files + smooth)
    np.testing.assert_allclose(of.total(z, found, "Council"), files)
    bilateral = np.array([of.domain(part) == "bilateral" for part in of.parts])
    np.testing.assert_allclose(of.total(z, found, "bilateral"), files - found[:, bilateral].sum(axis=1) + smooth)
    np.testing.assert_allclose(replace(of, names=NAMES[:2]).total(z, found), files, err_msg="nothing depends on them")


def test_what_is_impossible_in_a_domain_left_out_does_not_count() -> None:
    of = evidence()
    found = np.zeros((3, len(of.parts)))
    found[1, of.parts.index("FRA/raa")] = -np.inf
    assert of.total(np.zeros((3, 3)), found).tolist() == [0.0, -np.inf, 0.0]
    assert of.total(np.zeros((3, 3)), found, "bilateral").tolist() == [0.0, 0.0, 0.0]


# Vetoes


def test_vetoes_are_counted_by_day_and_topic_as_far_as_the_plan_looks() -> None:
    assert vetoes_on_record(shipped()) == {"russia": 0, "china": 2, "enlargement": 2}
    earlier = shipped().model_copy(update={"vetoes_until": quarter_index("2020Q3")})
    assert vetoes_on_record(earlier) == {"russia": 0, "china": 1, "enlargement": 1}


def test_vetoes_are_expected_in_the_quarters_in_which_they_are_counted() -> None:
    """Poisson with the mean that the model expects, in the quarters between the two."""
    from simulation.model import PartnershipModel

    first, last = quarter_index("2010Q2"), quarter_index("2010Q3")
    counts = {"russia": 1, "china": 0, "enlargement": 3}
    of = replace(of_a_year(), vetoes=counts, vetoes_from=first, vetoes_until=last)
    z = np.random.default_rng(3).normal(size=(3, 2))
    found = log_likelihoods(of, 7, z)
    model = PartnershipModel(of.settings, range(7, 10), of.seed, (), values_of(of.settings, of.names, z))
    model.run()
    for topic in TOPICS:
        mean = sum(model.beliefs.expected_vetoes[topic, quarter] for quarter in range(first, last + 1))
        column = found[:, of.parts.index(f"vetoes/{topic}")]
        np.testing.assert_allclose(column, stats.poisson.logpmf(counts[topic], mean), rtol=1e-9)


def test_the_record_of_vetoes_counts_from_where_it_is_complete() -> None:
    assert on_record().vetoes_from == quarter_index("2011Q3")
    assert on_record().vetoes_until == quarter_index("2021Q4")
    assert evidence_of(on_record().settings, shipped(), {}).vetoes_from < on_record().settings.start


# Interrupted, resumed, spread


def use(monkeypatch: pytest.MonkeyPatch, width: int, cheap: bool = True) -> list[int]:
    """Blocks of this width, on evidence that is there; `cheap` likelihoods write down the first draw of each block."""
    begun: list[int] = []

    def likelihoods(of: Evidence, first: int, z: Floats) -> Floats:
        begun.append(first)
        numbers = np.arange(first, first + len(z))
        found = np.sin(numbers[:, np.newaxis] * np.arange(1, len(of.parts) + 1)) - z.sum(axis=1, keepdims=True) ** 2
        return np.asarray(found, dtype=np.float64)

    monkeypatch.setattr(calibrating, "WIDTH", width)
    monkeypatch.setattr(calibrating, "evidence_on_record", lambda plan, root: of_a_year())
    if cheap:
        monkeypatch.setattr(calibrating, "log_likelihoods", likelihoods)
    return begun


def same(one: Sample, other: Sample) -> bool:
    """To the last bit."""
    return all(
        a.tobytes() == b.tobytes()
        for a, b in (
            (one.z, other.z),
            (one.log_likelihood, other.log_likelihood),
            (one.log_weight(), other.log_weight()),
        )
    )


def blocks(folder: Path) -> list[Path]:
    return sorted((folder / "draws").iterdir())


def test_the_same_sample_for_any_number_of_workers_and_width(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sample_here(of_a_year(), (100, 100))
    assert not np.isnan(whole.log_likelihood).any() and len({row.tobytes() for row in whole.log_likelihood}) == 200
    use(monkeypatch, 64, cheap=False)
    assert same(sample_here(of_a_year(), (100, 100)), whole)
    spread = calibrate(small(rounds=(100,)), tmp_path, workers=2)
    assert [file.stem for file in blocks(tmp_path)] == ["00000000", "00000064"]
    assert spread.z.tobytes() == whole.z[:100].tobytes()
    assert spread.log_likelihood.tobytes() == whole.log_likelihood[:100].tobytes()


def test_a_block_that_is_gone_or_torn_is_computed_again_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = use(monkeypatch, 40)
    whole = calibrate(small(), tmp_path, workers=1)
    assert begun == [0, 40, 80, 100, 140, 180]
    content = [file.read_bytes() for file in blocks(tmp_path)]
    gone, torn, empty, other = (blocks(tmp_path)[place] for place in (1, 2, 4, 3))
    gone.unlink()
    torn.write_bytes(torn.read_bytes()[:300])
    empty.write_bytes(b"")
    shutil.copy(blocks(tmp_path)[0], other)
    begun.clear()
    assert same(calibrate(small(), tmp_path, workers=1), whole)
    assert begun == [40, 80, 100, 140]
    assert [file.read_bytes() for file in blocks(tmp_path)] == content
    begun.clear()
    assert same(calibrate(small(), tmp_path, workers=1), whole)
    assert begun == []


def test_nothing_need_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = use(monkeypatch, 40)
    here = sample_here(of_a_year(), (100, 100))
    assert begun == [0, 40, 80, 100, 140, 180]
    assert same(calibrate(small(), tmp_path, workers=1), here)


def test_an_interrupted_calibration_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, 40)
    whole = calibrate(small(), tmp_path / "whole", workers=1)
    for done in (40, 100, 180):
        folder = tmp_path / f"stopped at {done}"

        def stop(progress: Any, done: int = done) -> None:
            if progress.done >= done:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            calibrate(small(), folder, workers=1, progress=stop)
        told: list[Any] = []
        assert same(calibrate(small(), folder, workers=1, progress=told.append), whole)
        assert told[-1].done == told[-1].total == 200 and told[-1].resumed == done


def test_a_folder_of_another_width_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, 40)
    whole = calibrate(small(), tmp_path, workers=1)
    use(monkeypatch, 64)
    assert same(calibrate(small(), tmp_path, workers=1), whole)


# What is refused


def everything(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        ({"seed": 12}, "plan"),
        ({"rounds": (100, 101)}, "plan"),
        ({"parameters": (TOLERANCE,)}, "plan"),
    ],
)
def test_a_folder_of_another_plan_is_refused_and_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object], differing: str
) -> None:
    use(monkeypatch, 100)
    calibrate(small(), tmp_path, workers=1)
    before = everything(tmp_path)
    with pytest.raises(UserError, match=f"differs in {differing} ") as caught:
        calibrate(small(**change), tmp_path, workers=1)
    assert caught.value.suggestion and "\n" not in str(caught.value)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("differing", ["rules", "settings", "vetoes"])
def test_a_folder_of_other_rules_or_another_record_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, differing: str
) -> None:
    use(monkeypatch, 100)
    calibrate(small(), tmp_path, workers=1)
    before, old = everything(tmp_path), of_a_year()
    settings = old.settings.model_copy(update={"until": old.settings.until - 1})
    others = {"settings": replace(old, settings=settings), "vetoes": replace(old, vetoes={**old.vetoes, "china": 9})}
    if differing == "rules":
        monkeypatch.setattr(calibrating, "fingerprint_of_rules", lambda: "others")
    else:
        monkeypatch.setattr(calibrating, "evidence_on_record", lambda plan, root: others[differing])
    with pytest.raises(UserError, match=f"differs in {differing} "):
        calibrate(small(), tmp_path, workers=1)
    assert everything(tmp_path) == before


def something(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")


def a_file(folder: Path) -> None:
    folder.write_text("mine")


@pytest.mark.parametrize(("make", "problem"), [(something, "holds no calibration"), (a_file, "not a folder")])
def test_what_is_no_folder_of_a_calibration_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], problem: str
) -> None:
    use(monkeypatch, 100)
    make(tmp_path / "out")
    before = everything(tmp_path)
    with pytest.raises(UserError, match=problem):
        calibrate(small(), tmp_path / "out", workers=1)
    assert everything(tmp_path) == before


def test_a_folder_left_before_anything_was_done_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, 100)
    (tmp_path / "calibration.json.partial").write_text("{")
    assert len(calibrate(small(), tmp_path, workers=1).z) == 200


@pytest.mark.parametrize("save", [False, True])
def test_what_is_kept_can_be_read_as_a_posterior(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, save: bool) -> None:
    use(monkeypatch, 100)
    monkeypatch.setattr(calibrating, "ROOT", tmp_path / "config")
    plan, out = small(), tmp_path / "out"
    found = calibrate(plan, out, workers=1)
    told = keep(found, plan, out, save)
    assert load_posterior(out / "posterior.csv", of_a_year().settings.parameters) == found.posterior(plan.draws)
    assert all(name in told for name in plan.parameters) and "200 histories" in told
    assert (tmp_path / "config" / "posterior.csv").exists() == save


# Nothing kept for validation is read


Row = dict[str, str]
Change = Callable[[Row], Row | None]
LATER = range(CALIBRATED_TO + 1, quarter_index("2040Q4"))


def changed(root: Path, file: str, change: Change, *more: Row) -> None:
    """Rows of a table as `change` gives them, without those for which it gives None, and more of them."""
    path = root / file
    with path.open(encoding="utf-8", newline="") as stream:
        before = list(csv.DictReader(stream))
    after = [row for row in map(change, before) if row is not None] + list(more)
    assert after != before
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.DictWriter(stream, list(before[0]), lineterminator="\n")
        out.writeheader()
        out.writerows(after)


def last_quarter(row: Row) -> int:
    return RecordRow.model_validate(row).last


def reached_by_then(row: Row) -> bool:
    """Kept aside although it happened before: its file is open, whatever the row says."""
    return row["use"] == "validate" and row["stage"] in STAGES and last_quarter(row) <= CALIBRATED_TO


def another_event(row: Row) -> Row:
    if row["use"] != "validate":
        return row
    by_then = last_quarter(row) <= CALIBRATED_TO
    stage = "in_force" if reached_by_then(row) else "context"
    return row | {"date": "2020-01-01" if by_then else "2026-06-29", "stage": stage, "note": "another"}


def another_pressure(row: Row) -> Row:
    later = quarter_index(row["quarter"]) in LATER
    return row | {"value": str(float(row["value"]) + 2.0)} if later else row


def another_shock(row: Row) -> Row:
    if quarter_index(row["quarter"]) in LATER:
        return row | {"factor": "50", "regime": "calm", "direction": "down"}
    ends_later = row["until"] == "" or quarter_index(row["until"]) > CALIBRATED_TO + 1
    return row | {"until": "2025Q3"} if ends_later else row


def another_regime(row: Row) -> Row:
    moves = {"calm": (0.5, 0.5, 0), "tense": (0.3, 0.4, 0.3), "crisis": (0, 0.5, 0.5)}[row["from"]]
    later = quarter_index(row["quarter"]) in LATER
    return row | dict(zip(("calm", "tense", "crisis"), map(str, moves), strict=True)) if later else row


VETO = {"quarter": "2022Q1", "date": "2022-02-01", "actor": "HUN", "topic": "russia", "cfsp": "1", "source": "made up"}


def told_otherwise(root: Path) -> None:
    """All that is kept for validation, and all of the pressures after 2024Q3, changed."""
    changed(root, "record.csv", another_event)
    changed(root, "series/pressures.csv", another_pressure)
    changed(root, "series/shocks.csv", another_shock)
    changed(root, "series/regimes.csv", another_regime)
    changed(root, "series/vetoes.csv", dict, VETO)


def left_out(root: Path) -> None:
    """The same, deleted, but for rows that make a file open."""
    changed(root, "record.csv", lambda row: row if row["use"] != "validate" or reached_by_then(row) else None)
    for series in ("pressures", "shocks", "regimes"):
        changed(root, f"series/{series}.csv", lambda row: None if quarter_index(row["quarter"]) in LATER else row)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The shipped configuration, copied."""
    return Path(shutil.copytree(ROOT, tmp_path / "config", ignore=shutil.ignore_patterns("*.py", "__pycache__")))


def likelihoods(of: Evidence) -> Floats:
    return log_likelihoods(of, 0, np.random.default_rng(8).normal(size=(3, len(of.names))))


@pytest.mark.parametrize("spoil", [told_otherwise, left_out])
def test_nothing_that_is_kept_for_validation_changes_what_calibration_sees(
    root: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(root)
    found = evidence_on_record(shipped(), root)
    assert found.settings.fingerprint() == on_record().settings.fingerprint()
    assert found == on_record()
    if spoil is told_otherwise:
        assert likelihoods(found).tobytes() == likelihoods(on_record()).tobytes()


def test_of_files_kept_aside_calibration_knows_only_that_they_are(root: Path) -> None:
    """Without their rows these files count as files in which nothing happened after what is told."""
    changed(root, "record.csv", lambda row: None if row["use"] == "validate" else row)
    found, status = evidence_on_record(shipped(), root), on_record().settings.status
    assert status is not None and status.open == ("FRA/raa", "SWE/equipment_transfer", "spa_framework")
    closed = status.model_copy(update={"open": ("SWE/equipment_transfer",)})
    assert found == replace(on_record(), settings=on_record().settings.model_copy(update={"status": closed}))


def a_later_mandate(root: Path) -> None:
    changed(root, "record.csv", lambda row: row | {"date": row["date"].replace("2010-04-26", "2013-04-26")})


def one_veto_less(root: Path) -> None:
    changed(root, "series/vetoes.csv", lambda row: None if row["date"] == "2017-06-14" else row)


def more_pressure(root: Path) -> None:
    more = {"2020Q1": "5.0"}
    changed(root, "series/pressures.csv", lambda row: row | {"value": more.get(row["quarter"], row["value"])})


@pytest.mark.parametrize("change", [a_later_mandate, one_veto_less, more_pressure])
def test_what_is_for_calibration_does_change_it(root: Path, change: Callable[[Path], None]) -> None:
    change(root)
    found = evidence_on_record(shipped(), root)
    same_settings = found.settings.fingerprint() == on_record().settings.fingerprint()
    assert same_settings == (change is one_veto_less)
    assert (found.vetoes != on_record().vetoes) == (change is one_veto_less)
    if change is a_later_mandate:
        place = found.parts.index("csdp_fpa")
        assert (likelihoods(found)[:, place] != likelihoods(on_record())[:, place]).all()
