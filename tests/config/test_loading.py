"""Layers come in their order, and what is resolved is the same whoever asks, wherever, in whatever order."""

import math
import pickle
import random
import subprocess
import sys

import pytest

import config
from config import (
    NEVER,
    START,
    UserError,
    available,
    check_file,
    label,
    load_experiment,
    load_record,
    quarter_index,
    resolve,
    settings_of,
)
from config.loading import ROOT, Library, find_cycle, load_base, parse_sets
from config.schema import MEMBER_STATES, Draw, Experiment, Span

OUTLOOK = ("outlook", "none")


def test_every_shipped_file_is_right():
    kinds = {check_file(path) for path in sorted(ROOT.rglob("*.*")) if path.suffix in (".toml", ".csv")}
    assert kinds >= {"scenario", "policy", "experiment", "parameters", "start table", "instruments", "record"}
    assert kinds >= {"member states", "periods", "Japan", "partners", "pressures", "Union"}


def test_every_scenario_resolves_under_every_policy():
    library = Library(load_base(), ROOT, ROOT)
    for scenario in available("scenarios"):
        for policy in available("policies"):
            settings = library.settings(scenario, policy, [], None)
            assert (settings.scenario.name, settings.policy.name) == (scenario, policy)
            assert settings.start == settings.scenario.start <= settings.until
            assert settings.table.quarter == settings.start


def test_what_the_project_promises_is_shipped():
    assert {"outlook", "hindcast", "taiwan_crisis", "russian_victory", "us_withdrawal", "detente"} <= set(
        available("scenarios")
    )
    assert {"none", "dialogue", "interoperability", "indo_pacific_strategy", "framework", "qmv"} <= set(
        available("policies")
    )
    assert {"remedies", "smoke"} <= set(available("experiments"))
    settings = resolve(*OUTLOOK)
    assert (len(settings.instruments), len(settings.rungs)) == (23, 5)
    assert set(MEMBER_STATES) <= {state.iso3 for state in settings.members}


# Layers


def test_a_number_fixes_a_parameter_and_a_range_makes_it_uniform():
    assert load_base().parameters["attention.link"].draw is not None
    fixed = resolve(*OUTLOOK, {"attention.link": 0.8}).parameters["attention.link"]
    assert (fixed.value, fixed.draw) == (0.8, None)
    free = resolve(*OUTLOOK, {"attention.link": {"low": 0.3, "high": 0.4}}).parameters["attention.link"]
    assert free.draw == Draw(uniform=(0.3, 0.4))
    assert 0.3 <= free.value <= 0.4


def test_quarters_in_overrides_are_quarter_indices():
    for text, index in (("2031Q2", quarter_index("2031Q2")), ("never", NEVER), ("start", START)):
        assert resolve(*OUTLOOK, {"levers.qmv_from": text}).parameters["levers.qmv_from"].value == index


def test_instruments_and_actors_can_be_overridden():
    settings = resolve(
        *OUTLOOK,
        {
            "instruments.epf_sea.ambition": 0.6,
            "instruments.epf_sea.from": "never",
            "instruments.raa.quarters": 7,
            "actors.DEU.population": 80_000_000,
        },
    )
    epf = next(one for one in settings.instruments if one.slug == "epf_sea")
    raa = next(one for one in settings.rungs if one.slug == "raa")
    germany = next(one for one in settings.members if one.iso3 == "DEU")
    assert (epf.ambition, epf.opens, raa.quarters, germany.population) == (0.6, NEVER, 7, 80_000_000)
    assert germany.has("member", settings.start)
    others = [one for one in resolve(*OUTLOOK).instruments if one.slug != "epf_sea"]
    assert [one for one in settings.instruments if one.slug != "epf_sea"] == others


def test_each_layer_lies_over_the_one_before(root):
    key = "attention.link"

    def link(scenario=None, policy=None, experiment=None, on_line=()):
        for folder, name, value in (("scenarios", "outlook", scenario), ("policies", "none", policy)):
            path = root / folder / f"{name}.toml"
            text = path.read_text(encoding="utf-8").split("[set]")[0]
            path.write_text(text + (f'\n[set]\n"{key}" = {value}\n' if value else ""), encoding="utf-8")
        lines = ['question = "?"', 'scenarios = ["outlook"]', 'policies = ["none"]', "runs = 1", "seed = 1"]
        lines += ["[set]", f'"{key}" = {experiment}'] if experiment else []
        path = root / "mine.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        asked = load_experiment(str(path), on_line, root=root)
        return settings_of(asked, "outlook", "none", root=root).parameters[key].value

    base = load_base(root).parameters[key].value
    assert link() == base
    assert link(scenario=0.1) == 0.1
    assert link(scenario=0.1, policy=0.2) == 0.2
    assert link(scenario=0.1, policy=0.2, experiment=0.3) == 0.3
    assert link(scenario=0.1, policy=0.2, experiment=0.3, on_line=[f"{key}=0.9"]) == 0.9


def test_policies_combine_whatever_their_order():
    one, other = resolve("outlook", "dialogue+qmv"), resolve("outlook", "qmv+dialogue")
    assert one.policy.name == "dialogue+qmv"
    assert one.parameters == other.parameters
    alone = resolve("outlook", "dialogue").parameters
    assert one.parameters["levers.dialogue_from"] == alone["levers.dialogue_from"]


def test_two_policies_may_agree(change, root):
    change("policies/qmv.toml", "[set]", '[set]\n"attention.link" = 0.5')
    change("policies/dialogue.toml", "[set]", '[set]\n"attention.link" = 0.5')
    assert resolve("outlook", "dialogue+qmv", root=root).parameters["attention.link"].value == 0.5


def test_setting_what_is_already_so_changes_no_number():
    base = resolve(*OUTLOOK)
    same = {f"instruments.{one.slug}.ambition": one.ambition for one in base.instruments}
    same |= {f"actors.{one.iso3}.population": one.population for one in base.members}
    same |= {key: one.value for key, one in base.parameters.items() if one.draw is None and one.unit != "quarter"}
    assert resolve(*OUTLOOK, same).fingerprint() == base.fingerprint()


# Members


def test_membership_is_dated():
    members = {one.iso3: one for one in resolve(*OUTLOOK).members}
    assert members["GBR"].has("member", quarter_index("2019Q4"))
    assert not members["GBR"].has("member", quarter_index("2020Q2"))
    assert members["HRV"].at("member", quarter_index("2013Q2")) is None
    assert members["HRV"].at("member", quarter_index("2013Q3")) == 1.0
    assert members["DNK"].has("opt_out", quarter_index("2022Q2")) and not members["DNK"].has(
        "opt_out", quarter_index("2022Q3")
    )


def test_the_order_of_rows_does_not_matter(root):
    random.seed(3)
    for name in ("member_states.csv", "periods.csv"):
        path = root / "actors" / name
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        random.shuffle(rows)
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    mixed = resolve(*OUTLOOK, root=root)
    assert [one.iso3 for one in mixed.members] == sorted(one.iso3 for one in mixed.members)
    quarters = range(quarter_index("2010Q1"), quarter_index("2040Q4"))
    for one, other in zip(mixed.members, resolve(*OUTLOOK).members, strict=True):
        assert one.model_copy(update={"periods": ()}) == other.model_copy(update={"periods": ()})
        assert all(
            one.at(kind, q) == other.at(kind, q) for kind in ("member", "strategy", "stance_mean") for q in quarters
        )


def test_an_added_state_and_an_added_instrument_are_taken_in(root):
    path = root / "actors" / "member_states.csv"
    header, first, *rest = path.read_text(encoding="utf-8").splitlines()
    path.write_text(
        "\n".join([header, first, *rest, first.replace("AUT,Austria", "ZZZ,Nowhere")]) + "\n", encoding="utf-8"
    )
    path = root / "instruments.toml"
    text = path.read_text(encoding="utf-8")
    block = text[text.index("[eu.cyber_dialogue]") : text.index("[eu.hybrid_fimi]")]
    path.write_text(text.replace(block, block + block.replace("cyber_dialogue", "my_own")), encoding="utf-8")
    settings = resolve(*OUTLOOK, root=root)
    assert settings.members[-1].iso3 == "ZZZ" and not settings.members[-1].has("member", settings.start)
    assert settings.table.of("my_own").stage == "dormant"


# Caps and rules


def test_caps_end_in_one():
    framework = next(one for one in resolve(*OUTLOOK).instruments if one.slug == "operational_framework")
    assert [framework.cap("force", step) for step in range(5)] == [0.3, 0.7, 0.9, 1.0, 1.0]
    assert framework.cap("secrecy", 0) == 1.0


def test_voting_rules_are_dated():
    union = resolve(*OUTLOOK).union
    assert union.rule_at(quarter_index("2012Q1")).name == "Nice"
    assert union.rule_at(quarter_index("2014Q4")).name == "Lisbon"
    assert union.rule_at(START) == union.council_rules[0]


def test_a_circle_of_needs_is_found():
    assert find_cycle({"a": ["b"], "b": ["c"], "c": []}) == []
    assert find_cycle({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b", "c", "b"]
    assert find_cycle({"a": ["a"]}) == ["a", "a"]
    assert find_cycle({str(n): [str(n + 1)] for n in range(5000)} | {"5000": []}) == []


# The settings as a whole


def test_settings_cannot_be_changed():
    settings = resolve(*OUTLOOK)
    with pytest.raises(ValueError, match="frozen"):
        settings.until = 0
    with pytest.raises(ValueError, match="frozen"):
        settings.members[0].population = 0


def test_settings_survive_pickling():
    settings = resolve(*OUTLOOK, {"attention.link": {"low": 0.1, "high": 0.2}})
    copy = pickle.loads(pickle.dumps(settings))
    assert copy == settings and copy.fingerprint() == settings.fingerprint()


def test_the_fingerprint_is_of_the_content():
    print_of = [
        resolve(*OUTLOOK).fingerprint(),
        resolve("outlook", "dialogue").fingerprint(),
        resolve("detente", "none").fingerprint(),
        resolve(*OUTLOOK, {"attention.link": 0.8}).fingerprint(),
        resolve(*OUTLOOK, until="2039Q4").fingerprint(),
    ]
    assert len(set(print_of)) == 5
    assert all(len(text) == 64 for text in print_of)


def test_the_fingerprint_is_the_same_in_another_process():
    code = "from config import resolve; print(resolve('outlook', 'none').fingerprint())"
    other = subprocess.run([sys.executable, "-c", code], cwd=ROOT.parent, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == resolve(*OUTLOOK).fingerprint()


# Experiments


def test_a_shipped_experiment_and_what_the_command_line_puts_in_its_place():
    plain = load_experiment("smoke")
    changed = load_experiment("smoke", ["attention.link=0.5"], runs=3, seed=9, until="2029Q4")
    assert (changed.runs, changed.seed, changed.until) == (3, 9, quarter_index("2029Q4"))
    assert changed.set == {**plain.set, "attention.link": 0.5}
    settings = settings_of(changed, changed.scenarios[0], changed.policies[0])
    assert settings.until == quarter_index("2029Q4") and settings.parameters["attention.link"].value == 0.5


def test_an_experiment_reads_back_from_what_it_writes():
    asked = load_experiment("remedies", ["attention.link={ low = 0.3, high = 0.5 }", "levers.qmv_from=2030Q1"])
    content = {key: tuple(value) if isinstance(value, list) else value for key, value in asked.as_file().items()}
    assert Experiment.model_validate({**content, "name": asked.name, "folder": asked.folder}) == asked


def test_a_users_own_files(tmp_path, monkeypatch):
    """An experiment anywhere, its scenario and policy beside it, called by their names without ending."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "calm.toml").write_text(
        'title="t"\nquestion="q"\nstart="2026Q3"\nuntil="2030Q4"\n', encoding="utf-8"
    )
    (tmp_path / "lever.toml").write_text('title="t"\nquestion="q"\n[set]\n"attention.link"=0.7\n', encoding="utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'question="q"\nscenarios=["sub/calm.toml", "outlook"]\n'
        'policies=["none", "dialogue+lever.toml"]\nruns=2\nseed=1\n',
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    asked = load_experiment("mine.toml")
    monkeypatch.chdir("/")
    settings = settings_of(asked, "sub/calm.toml", "dialogue+lever.toml")
    assert (settings.scenario.name, settings.policy.name) == ("calm", "dialogue+lever")
    assert [label(name) for name in asked.policies] == ["none", "dialogue+lever"]
    assert settings.until == quarter_index("2030Q4")
    assert settings.parameters["attention.link"].value == 0.7
    assert check_file(mine) == "experiment"
    assert check_file(tmp_path / "sub" / "calm.toml") == "scenario"
    assert check_file(tmp_path / "lever.toml") == "policy"


def test_values_on_the_command_line_are_toml():
    assert parse_sets(["a.b=1", "c.d = 0.5", 'e.f="never"', "g.h=2031Q2", "i.j={low=1, high=2}", "k.l=true"]) == {
        "a.b": 1, "c.d": 0.5, "e.f": "never", "g.h": "2031Q2", "i.j": Span(low=1, high=2), "k.l": True,
    }  # fmt: skip


def test_the_record_is_read_with_its_dates():
    rows = load_record()
    signed = next(row for row in rows if (row.instrument, row.stage) == ("spa_framework", "signed"))
    assert signed.first == signed.last == quarter_index("2018Q3")


def test_windows_line_ends_and_byte_order_marks_are_read(root):
    for path in (root / "actors" / "member_states.csv", root / "policies" / "qmv.toml"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert resolve("outlook", "qmv", root=root).fingerprint() == resolve("outlook", "qmv").fingerprint()


def test_every_number_is_finite_and_in_its_range():
    for name, one in load_base().parameters.items():
        assert math.isfinite(one.value), name
        assert one.unit == "quarter" or (one.range is not None and one.range[0] <= one.value <= one.range[1]), name


def test_everything_exported_is_there():
    assert all(hasattr(config, name) for name in config.__all__)
    with pytest.raises(UserError):
        available("questions")
