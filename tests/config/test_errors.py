"""Every mistake of a user ends in one message that names file, key, value, what is allowed and what is near."""

import pickle
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import UserError, check_file, load_experiment, load_record, nearest, resolve
from config.errors import nearest_name
from config.loading import ROOT, Layer, load_base, load_instruments, load_members, parse_sets, with_layer

EXPERIMENT = """question  = "Which?"
scenarios = ["outlook"]
policies  = ["none", "dialogue"]
runs      = 4
seed      = 1
until     = "2030Q4"
record    = ["trajectories"]
[set]
"attention.link" = 0.5
"""


def refused(ask, *words, file=None, key=None, value=None, near=None):
    """The UserError that `ask()` ends in, after checking what it names."""
    with pytest.raises(UserError) as caught:
        ask()
    error = caught.value
    text = str(error)
    for word in words:
        assert word in text, text
    for part, found in ((file, error.file), (key, error.key), (value, error.value), (near, error.suggestion)):
        if part is not None:
            assert part in found, text
            assert found in text, text
    assert error.allowed, text
    assert "\n" not in text
    return error


# The search for the nearest name


def test_the_nearest_name():
    assert nearest("dialog", ["dialogue", "none"]) == "did you mean 'dialogue'?"
    assert nearest("DIALOGUE", ["dialogue", "none"]) == "did you mean 'dialogue'?"
    assert nearest("link", ["attention.link", "attention.pull"]) == "did you mean 'attention.link'?"
    assert nearest("xyz", ["dialogue"]) == "the nearest is 'dialogue'"
    assert nearest("xyz", []) == ""


@given(st.text(max_size=30), st.lists(st.text(max_size=10), min_size=1, max_size=6))
def test_a_name_is_nearest_to_itself_and_something_is_always_near(word, words):
    assert nearest_name(word, words) in words
    assert nearest_name(words[0], words).casefold().rsplit(".", 1)[-1] == words[0].casefold().rsplit(".", 1)[-1]


def test_an_error_crosses_processes():
    error = refused(lambda: resolve("outlok", "none"))
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.file, copy.key, copy.value) == (str(error), error.file, error.key, error.value)
    assert str(UserError("no disk")) == "no disk"


# Experiments


@pytest.fixture
def asked(tmp_path):
    """asked(old, new): load an experiment file in which `new` stands for `old`."""

    def load(old="", new="", **arguments):
        path = tmp_path / "mine.toml"
        assert old in EXPERIMENT
        path.write_text(EXPERIMENT.replace(old, new, 1) if old else EXPERIMENT, encoding="utf-8")
        return load_experiment(str(path), **arguments)

    return load


def test_the_experiment_that_is_spoilt_below_is_right(asked):
    assert asked().runs == 4


@pytest.mark.parametrize(
    ("old", "new", "key", "value", "near"),
    [
        ("runs      = 4", "rums = 4", "rums", "4", "'runs'"),
        ("runs      = 4", "", "runs", "", ""),
        ("runs      = 4", "runs = 0", "runs", "0", "1"),
        ("runs      = 4", "runs = -3", "runs", "-3", "1"),
        ("runs      = 4", "runs = 1.5", "runs", "1.5", "2"),
        ("runs      = 4", "runs = true", "runs", "true", "1"),
        ("runs      = 4", 'runs = "4"', "runs", '"4"', "4, without quotes"),
        ("runs      = 4", "runs = [4]", "runs", "[4]", ""),
        ("seed      = 1", "seed = -1", "seed", "-1", "0"),
        ("seed      = 1", "seed = nan", "seed", "nan", ""),
        ("seed      = 1", "seed = 99999999999999999999999", "seed", "9999", ""),
        ('["outlook"]', "[]", "scenarios", "[]", ""),
        ('["none", "dialogue"]', "[]", "policies", "[]", ""),
        ('["trajectories"]', "[]", "record", "[]", ""),
        ('["outlook"]', '"outlook"', "scenarios", '"outlook"', '["outlook"]'),
        ('["outlook"]', "[1]", "scenarios[0]", "1", '"1"'),
        ('["outlook"]', '["outlok"]', "scenarios", '"outlok"', "'outlook'"),
        ('["outlook"]', '["outlook", "outlook"]', "scenarios", "outlook", ""),
        ('"dialogue"]', '"dialog"]', "policies", '"dialog"', "'dialogue'"),
        ('"dialogue"]', '"dialogue+qmw"]', "policies", '"qmw"', "'qmv'"),
        ('"dialogue"]', '"dialogue+"]', "policies", '""', ""),
        ('"dialogue"]', '"none"]', "policies", "none", ""),
        ('"dialogue"]', '"dialogue+dialogue"]', "policies", "dialogue+dialogue", '"dialogue"'),
        ('"dialogue"]', '"dialogue+qmv", "qmv+dialogue"]', "policies", "dialogue", ""),
        ('"dialogue"]', '"../policies/dialogue"]', "policies", "../policies/dialogue", "'dialogue'"),
        ('"dialogue"]', '"mine2.toml"]', "policies", "mine2.toml", "'mine.toml'"),
        ('["outlook"]', '["../../etc/passwd"]', "scenarios", "../../etc/passwd", ""),
        ('["outlook"]', '["/etc/hostname"]', "scenarios", "/etc/hostname", ""),
        ('"2030Q4"', '"2030Q5"', "until", '"2030Q5"', "2030Q4"),
        ('"2030Q4"', '"2030-Q4"', "until", '"2030-Q4"', "2030Q4"),
        ('"2030Q4"', '"never"', "until", '"never"', ""),
        ('"2030Q4"', "2030", "until", "2030", "2030Q1"),
        ('"2030Q4"', '"2020Q4"', "until", '"2020Q4"', "2026Q3"),
        ('"trajectories"]', '"trajectory"]', "record[0]", '"trajectory"', "'trajectories'"),
        ('"trajectories"]', '"trajectories", "summary"]', "record", "summary", ""),
        ('"trajectories"]', '"limits", "limits"]', "record", "limits", ""),
        ('"Which?"', '" "', "question", '" "', ""),
        ('"Which?"', '"Which?"\nname = "x"', "name", '"x"', ""),
        ('"Which?"', '"Which?"\nfolder = "/"', "folder", '"/"', ""),
        ('"attention.link"', '"attention.lnk"', '"attention.lnk"', "0.5", "'attention.link'"),
        ('"attention.link"', '"link"', "link", "0.5", "'attention.link'"),
        ('"attention.link"', "attention.link", "set.attention", "link = 0.5", ""),
        ("= 0.5", "= 1.5", '"attention.link"', "1.5", "1"),
        ("= 0.5", "= inf", '"attention.link"', "inf", ""),
        ("= 0.5", '= "half"', '"attention.link"', '"half"', ""),
        ("= 0.5", '= "0.5"', '"attention.link"', '"0.5"', "0.5, without quotes"),
        ("= 0.5", "= true", '"attention.link"', "true", "1"),
        ("= 0.5", "= 2027-01-01", '"attention.link"', "2027-01-01", ""),
        ("= 0.5", "= { low = 0.6, high = 0.2 }", '"attention.link"', "low = 0.6", "low = 0.2, high = 0.6"),
        ("= 0.5", "= { low = 0.2, high = 2 }", '"attention.link".high', "2", "1"),
        ("= 0.5", "= { low = 0.2 }", '"attention.link"', "0.2", ""),
        ("= 0.5", "= { lo = 0.2, high = 0.3 }", '"attention.link"', "0.2", "'low'"),
        ("= 0.5", '= { low = "0.2", high = 0.3 }', '"attention.link".low', '"0.2"', "0.2"),
        ("= 0.5", "= 0.5\n\"levers.qmv_from\" = 2030", "levers.qmv_from", "2030", ""),
        ("= 0.5", '= 0.5\n"levers.qmv_from" = "nevr"', "levers.qmv_from", '"nevr"', "never"),
        ("= 0.5", '= 0.5\n"levers.qmv_from" = { low = 1, high = 2 }', "levers.qmv_from", "low", ""),
        ("= 0.5", '= 0.5\n"levers.interoperability_uk" = 0.5', "interoperability_uk", "0.5", ""),
        ("= 0.5", '= 0.5\n"instruments.epf_see.ambition" = 1', "epf_see", "1", "'epf_sea'"),
        ("= 0.5", '= 0.5\n"instruments.epf_sea.ambiton" = 1', "epf_sea.ambiton", "1", "'ambition'"),
        ("= 0.5", '= 0.5\n"instruments.epf_sea.ambition" = 1.2', "epf_sea.ambition", "1.2", "1"),
        ("= 0.5", '= 0.5\n"instruments.epf_sea.from" = "soon"', "epf_sea.from", '"soon"', "2031Q2"),
        ("= 0.5", '= 0.5\n"instruments.epf_sea.least" = { low = 0.1, high = 0.2 }', "epf_sea.least", "low", ""),
        ("= 0.5", '= 0.5\n"actors.GER.population" = 1', "actors.GER", "1", ""),
        ("= 0.5", '= 0.5\n"actors.Germany.population" = 1', "actors.Germany", "1", "'DEU'"),
        ("= 0.5", '= 0.5\n"actors.DEU.populaton" = 1', "actors.DEU.populaton", "1", "'population'"),
        ("= 0.5", '= 0.5\n"actors.DEU.population" = -1', "actors.DEU.population", "-1", ""),
        ("= 0.5", '= 0.5\n"actors.DEU.name" = "x"', "actors.DEU.name", '"x"', ""),
    ],
)  # fmt: skip
def test_a_wrong_experiment(asked, old, new, key, value, near):
    refused(lambda: asked(old, new), file="mine.toml", key=key, value=value, near=near)


@pytest.mark.parametrize(
    ("arguments", "file", "key", "value", "near"),
    [
        ({"runs": 0}, "--runs", "runs", "0", "1"),
        ({"seed": -1}, "--seed", "seed", "-1", "0"),
        ({"until": "2020Q1"}, "--until", "until", '"2020Q1"', "2026Q3"),
        ({"until": "soon"}, "--until", "until", '"soon"', "2031Q2"),
        ({"sets": ["attention.link"]}, "--set", "", "attention.link", ""),
        ({"sets": ["=1"]}, "--set", "", "=1", ""),
        ({"sets": ["attention.link="]}, "--set", "", "attention.link=", ""),
        ({"sets": ["attention.link=[1"]}, "--set", "attention.link", "[1", ""),
        ({"sets": ["attention.link=[1]"]}, "--set", "attention.link", "[1]", ""),
        ({"sets": ["attention.link=1\nb=2"]}, "--set", "attention.link", "", ""),
        ({"sets": ["attention.link=0.1", "attention.link=0.2"]}, "--set", "attention.link", "", ""),
        ({"sets": ["attention.link=7"]}, "--set", "attention.link", "7", "1"),
        ({"sets": ["attention.lnk=1"]}, "--set", "attention.lnk", "1", "'attention.link'"),
        ({"sets": ["atention.link=1"]}, "--set", "atention.link", "1", "'attention.link'"),
        ({"sets": ["levers.qmv_from=2031Q7"]}, "--set", "levers.qmv_from", '"2031Q7"', "2031Q4"),
        ({"sets": ["attention.link={low=0.5,high=0.1}"]}, "--set", "attention.link", "low = 0.5", "low = 0.1"),
    ],
)
def test_a_wrong_command_line(asked, arguments, file, key, value, near):
    with pytest.raises(UserError) as caught:
        asked(**arguments)
    error = caught.value
    assert (error.file, key in error.key, value in error.value, near in error.suggestion) == (file, True, True, True), (
        error
    )
    assert error.allowed


@pytest.mark.parametrize("name", ["remedys", "../experiments/smoke", "mine.toml", ".", "", "/etc", "smoke.toml"])
def test_an_unknown_experiment(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(lambda: load_experiment(name), "is no experiment", value=name)


@pytest.mark.parametrize("name", ["outlok", "../scenarios/outlook", "", ".", "outlook ", "OUTLOOK", "none"])
def test_an_unknown_scenario(name):
    refused(lambda: resolve(name, "none"), "is no scenario", key="scenario", value=name, near="'")


@pytest.mark.parametrize("name", ["dialog", "../policies/none", "", "none,dialogue", "dialogue + qmv"])
def test_an_unknown_policy(name):
    refused(lambda: resolve("outlook", name), "is no policy", key="policy", near="'")


def test_two_files_of_one_name_cannot_be_told_apart(tmp_path):
    (tmp_path / "dialogue.toml").write_text('title="t"\nquestion="q"\n', encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(EXPERIMENT.replace('"none"', '"dialogue.toml"'), encoding="utf-8")
    refused(lambda: load_experiment(str(path)), "same name", key="policies", value="dialogue")


# Policies and scenarios


def test_policies_in_conflict_are_both_named(change, root):
    change("policies/qmv.toml", "[set]", '[set]\n"attention.link" = 0.5')
    change("policies/dialogue.toml", "[set]", '[set]\n"attention.link" = 0.6')
    refused(
        lambda: resolve("outlook", "dialogue+qmv", root=root),
        "'qmv'", "'dialogue'", "0.5", "0.6", file="qmv.toml", key="attention.link", near="leave",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "key", "near"),
    [
        ('start    = "2026Q3"', 'start = "2026Q4"', "start", "2026Q3"),
        ('start    = "2026Q3"', 'start = "start"', "start", ""),
        ('until    = "2040Q4"', 'until = "2026Q2"', "until", "2026Q3"),
        ('until    = "2040Q4"', "", "until", ""),
        ('pressure = "china"', 'pressure = "chin"', "regimes[0].pressure", "'china'"),
        ('regime   = "crisis"', 'regime = "crysis"', "regimes[0].regime", "'crisis'"),
        ('regime   = "crisis"', 'regim = "crisis"', "regimes[0].regim", "'regime'"),
        ('from     = "2028Q1"', 'from = "2031Q1"', "regimes[0].until", ""),
        ('from     = "2028Q1"', 'begins = "2028Q1"', "regimes[0].begins", ""),
        ('until    = "2030Q1"', 'until = "2030Q1"\n[[regimes]]\npressure = "china"\nregime = "calm"\nfrom = "2029Q1"',
         "regimes", ""),
    ],
)  # fmt: skip
def test_a_wrong_scenario(change, root, old, new, key, near):
    change("scenarios/taiwan_crisis.toml", old, new)
    refused(lambda: resolve("taiwan_crisis", "none", root=root), file="taiwan_crisis.toml", key=key, near=near)
    refused(
        lambda: check_file(root / "scenarios" / "taiwan_crisis.toml", root=root), file="taiwan_crisis.toml", key=key
    )


def test_a_wrong_policy(change, root):
    path = change("policies/qmv.toml", "levers.qmv_from", "levers.qmw_from")
    refused(
        lambda: resolve("outlook", "qmv", root=root), file="qmv.toml", key="levers.qmw_from", near="levers.qmv_from"
    )
    refused(lambda: check_file(path, root=root), file="qmv.toml", key="levers.qmw_from", near="levers.qmv_from")


# Parameters


@pytest.mark.parametrize(
    ("new", "key", "value", "near"),
    [
        ("valu = 0.3", "link.valu", "0.3", "'value'"),
        ("", "link.value", "", ""),
        ("value = true", "link.value", "true", "1"),
        ('value = "0.3"', "link.value", '"0.3"', "0.3"),
        ("value = nan", "link.value", "nan", ""),
        ("value = -inf", "link.value", "-inf", ""),
        ("value = 1.5", "link.value", "1.5", "1"),
        ("value = [0.3]", "link.value", "[0.3]", ""),
        ("value = 1" + "0" * 400, "link.value", "1000", ""),
    ],
)
def test_a_wrong_value(root, new, key, value, near):
    path = root / "parameters" / "attention.toml"
    text = '[link]\n{}\nunit = "share"\nrange = [0, 1]\nsource = "assumed"\n'
    path.write_text(text.format(new), encoding="utf-8")
    refused(lambda: load_base(root), file="attention.toml", key=key, value=value, near=near)


PLAIN = 'value = 0.3\nunit = "share"\nrange = [0, 1]\nsource = "a"\n'


@pytest.mark.parametrize(
    ("lines", "key", "near"),
    [
        ('value = 0.3\nunit = "share"\nsource = "assumed"', "link.range", ""),
        ('value = 0.3\nunit = "share"\nrange = [0, 1]', "link.source", ""),
        ('value = 0.3\nrange = [0, 1]\nsource = "assumed"', "link.unit", ""),
        ('value = 0.3\nunit = "share"\nrange = [0, 1]\nsource = ""', "link.source", ""),
        ('value = 0.3\nunit = "share"\nrange = [1, 0]\nsource = "a"', "link.range", "[0, 1]"),
        ('value = 0.3\nunit = "share"\nrange = [0]\nsource = "a"', "link.range[1]", ""),
        ('value = 0.3\nunit = "share"\nrange = [0, 1, 2]\nsource = "a"', "link.range", ""),
        ('value = 0.3\nunit = "share"\nrange = 1\nsource = "a"', "link.range", "[1]"),
        ('value = 0.3\nunit = "quarter"\nsource = "a"', "link.value", ""),
        ('value = "never"\nunit = "quarter"\nrange = [0, 1]\nsource = "a"', "link.range", ""),
        ('value = "2027Q9"\nunit = "quarter"\nsource = "a"', "link.value", "2027Q4"),
        ('value = 0.3\nunit = "switch"\nsource = "a"', "link.value", ""),
        (PLAIN + 'draw = {}', "link.draw", ""),
        (PLAIN + 'draw = { unifrm = [0, 1] }', "link.draw.unifrm", "'uniform'"),
        (PLAIN + 'draw = { uniform = [0.5, 0.1] }', "link.draw.uniform", "[0.1"),
        (PLAIN + 'draw = { uniform = [0.5, 3] }', "link.draw.uniform", "1"),
        (PLAIN + 'draw = { normal = [0.5, -1] }', "link.draw.normal", ""),
        (PLAIN + 'draw = { normal = [5, 1] }', "link.draw.normal", "1"),
        (PLAIN.replace("0.3", "0.0") + 'draw = { lognormal_sd = 1 }', "lognormal_sd", ""),
        (PLAIN + 'draw = { lognormal_sd = -1 }', "lognormal_sd", "0"),
        (PLAIN + 'draw = { lognormal_sd = 1, normal = [0, 1] }', "draw", ""),
    ],
)  # fmt: skip
def test_a_wrong_parameter(root, lines, key, near):
    path = root / "parameters" / "attention.toml"
    path.write_text(f"[link]\n{lines}\n", encoding="utf-8")
    refused(lambda: load_base(root), file="attention.toml", key=key, near=near)


def test_a_parameter_is_a_table(root):
    (root / "parameters" / "attention.toml").write_text("link = 0.3\n", encoding="utf-8")
    refused(lambda: load_base(root), file="attention.toml", key="link", value="0.3")


# Instruments


@pytest.mark.parametrize(
    ("old", "new", "key", "value", "near"),
    [
        ("ambition = 0.05", "ambtion = 0.05", "ambtion", "0.05", "'ambition'"),
        ("ambition = 0.05", "ambition = 1.5", "ambition", "1.5", "1"),
        ('domain = "political"', 'domain = "politicl"', "domain", '"politicl"', "'political'"),
        ('rule = "R1"', 'rule = "R11"', "rule", '"R11"', "'R1'"),
        ("defence = false", "defence = 0", "defence", "0", "false"),
        ("quarters = 4", "quarters = 0", "quarters", "0", ""),
        ("caps = {}", "caps = { forc = [0.5] }", "caps.forc", "", "'force'"),
        ("caps = {}", "caps = { force = [0.5, 2] }", "caps.force[1]", "2", "1"),
        ("caps = {}", "caps = { force = 0.5 }", "caps.force", "0.5", "[0.5]"),
        ('led_by = "high_representative"', 'led_by = "high_rep"', "led_by", '"high_rep"', "'high_representative'"),
        ('needs = ["joint_declaration"]', 'needs = ["joint_decl"]', "needs", '"joint_decl"', "'joint_declaration'"),
        ("diet = false", 'diet = false\nslug = "x"', "slug", "", ""),
        ("diet = false", 'diet = false\nfrom = "2020"', "from", '"2020"', "2020Q1"),
        ("[eu.joint_declaration]", "[ue.joint_declaration]", "ue", "", "'eu'"),
    ],
)
def test_a_wrong_instrument(change, old, new, key, value, near):
    path = change("instruments.toml", old, new)
    refused(lambda: load_instruments(path), file="instruments.toml", key=key, value=value, near=near)


def test_prerequisites_in_a_circle_are_named(change):
    path = change("instruments.toml", "needs = []", 'needs = ["spa_framework"]')
    refused(
        lambda: load_instruments(path),
        "circle", file="instruments.toml", key="eu.joint_declaration.needs",
        value="joint_declaration -> spa_framework -> joint_declaration", near="spa_framework",
    )  # fmt: skip


# Actors


@pytest.mark.parametrize(
    ("old", "new", "key", "value", "near"),
    [
        ("population,", "populaton,", "population", "", "'populaton'"),
        ("iso3,name", "iso3,colour,name", "colour", "", ""),
        ("iso3,name", "iso3,name,name", "name", "", ""),
        ("DEU,Germany", "DDR,Germany", "iso3", '"DEU"', "'DDR'"),
        ("DEU,Germany", "AUT,Germany", "iso3", '"AUT"', "AUT"),
        ("DEU,Germany", "de,Germany", "iso3", '"de"', ""),
        ("AUT,Austria,9177982", "AUT,Austria,many", "population", '"many"', ""),
        ("AUT,Austria,9177982", "AUT,Austria,", "population", '""', ""),
        ("AUT,Austria,9177982", "AUT,Austria,-1", "population", "-1", ""),
        ("AUT,Austria,9177982", "AUT,Austria,9177982.5", "population", "9177982.5", "9177982"),
        ("AUT,Austria,9177982,516.03", "AUT,Austria,9177982,nan", "gdp_usd_bn", "nan", ""),
        ("AUT,Austria,9177982", "AUT,Austria,9177982,1", "line 2 (AUT)", "", ""),
        ("AUT,Austria,9177982", "AUT,9177982", "line 2 (AUT)", "", ""),
        (",open,", ",opn,", "passerelle", '"opn"', "'open'"),
    ],
)
def test_a_wrong_table_of_states(change, root, old, new, key, value, near):
    path = change("actors/member_states.csv", old, new)
    ask = (lambda: load_members(path, root / "actors" / "periods.csv"), lambda: check_file(path, root=root))
    for one in ask:
        refused(one, file="member_states.csv", key=key, value=value, near=near)


def test_a_missing_state(root):
    path = root / "actors" / "member_states.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith("FRA")), encoding="utf-8")
    refused(lambda: load_base(root), "missing", file="member_states.csv", key="iso3", value='"FRA"', near="FRA")


def test_an_empty_table(root):
    path = root / "actors" / "member_states.csv"
    path.write_text("", encoding="utf-8")
    refused(lambda: load_base(root), "missing", file="member_states.csv", key="iso3")


@pytest.mark.parametrize(
    ("old", "new", "key", "near"),
    [
        ("AUT,member", "AUS,member", "iso3", "'AUT'"),
        ("AUT,member", "AUT,membr", "kind", "'member'"),
        ("AUT,pesco,2017Q4", "AUT,pesco,2017", "from", "2017Q1"),
        ("AUT,pesco,2017Q4,", "AUT,pesco,2017Q4,2017Q4", "until", ""),
        ("AUT,pesco,2017Q4", "AUT,member,2017Q4", "from", "start"),
        ("AUT,member,,,1", "AUT,member,,,yes", "value", ""),
        ("AUT,member,,,1", "AUT,member,,1", "line 2", ""),
    ],
)
def test_a_wrong_period(change, root, old, new, key, near):
    change("actors/periods.csv", old, new)
    refused(lambda: load_base(root), file="periods.csv", key=key, near=near)


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "near"),
    [
        ("actors/japan.toml", "china = 1.0", "china = 1.5", "exposures.china", "1"),
        ("actors/japan.toml", "china = 1.0", "chnia = 1.0", "exposures.chnia", "'china'"),
        (
            "actors/japan.toml",
            'act = "cabinet_decision"',
            'act = "cabinet"',
            "ladders.force[0].act",
            "'cabinet_decision'",
        ),
        ("actors/japan.toml", "partner = false", 'partner = "no"', "elections[0].partner", "false"),
        (
            "actors/partners.toml",
            'title = "NATO partnership"',
            'tittle = "NATO partnership"',
            "frameworks.nato.tittle",
            "'title'",
        ),
        ("actors/pressures.toml", '"tense"', '"tens"', "pressures.russia.regimes[1]", "'tense'"),
        ("actors/pressures.toml", "[pressures.china]", "[pressures.chian]", "pressures.chian", "'china'"),
        ("series/regimes.csv", "2010Q1,china,calm", "2010Q1,chnia,calm", "column pressure", "'china'"),
        ("series/regimes.csv", "2010Q1,china,calm", "2010Q5,china,calm", "column quarter", ""),
        ("series/regimes.csv", "2010Q1,china,calm", "2010Q2,china,calm", "(2010Q2), china, from calm", ""),
        ("series/regimes.csv", "2010Q2,china,calm", "2009Q4,china,calm", "2009Q4, russia, from calm", ""),
        ("series/regimes.csv", "2010Q1,russia,calm,0.997043", "2010Q1,russia,calm,1.97", "russia, from calm", "1"),
        ("series/regimes.csv", "2010Q1,russia,calm,0.997043", "2010Q1,russia,calm,0.97", "russia, from calm", ""),
        ("actors/union.toml", "members_share = 0.5", "members_share = 50", "council_rules[0].members_share", "1"),
        ("actors/union.toml", 'from = "2013Q3"', 'from = "2009Q3"', "council_rules", ""),
    ],
)
def test_wrong_actors(change, root, file, old, new, key, near):
    path = change(file, old, new)
    refused(lambda: load_base(root), file=path.name, key=key, near=near)
    refused(lambda: check_file(path, root=root), file=path.name, key=key, near=near)


@pytest.mark.parametrize(
    ("old", "new", "key", "near"),
    [
        ("[instruments.csdp_fpa]", "[instruments.csdp_fap]", "instruments.csdp_fap", "'csdp_fpa'"),
        ('stage = "mandated"', 'stage = "mandate"', "instruments.csdp_fpa.stage", "'mandated'"),
        ("[bilateral.DEU.acsa]", "[bilateral.POL.acsa]", "bilateral.POL", ""),
        ("[bilateral.DEU.acsa]", "[bilateral.DEU.asca]", "bilateral.DEU.asca", "'acsa'"),
        ("force = 1", "force = 4", "ladders.force", "3"),
        ("operational = 0.6", "operational = 1.6", "operational", "1"),
        ("agreed = 1.0", "agreed = 0.5", "operational", ""),
        ('quarter = "2026Q3"', 'quarter = "2026Q2"', "quarter", "2026Q3"),
        ("trust = 0.35", "", "trust", ""),
    ],
)
def test_a_wrong_start_table(change, root, old, new, key, near):
    change("start/2026Q3.toml", old, new)
    refused(lambda: resolve("outlook", "none", root=root), file="2026Q3.toml", key=key, near=near)


def test_a_wrong_record(change, root):
    change("record.csv", "in_force,1991-07-18", "in_forc,1991-07-18")
    refused(lambda: load_record(root), file="record.csv", key="stage", value='"in_forc"', near="'in_force'")
    change("record.csv", "in_forc,1991-07-18", "in_force,18 July 1991")
    refused(lambda: load_record(root), file="record.csv", key="date", value='"18 July 1991"')


# Files


@pytest.mark.parametrize("file", ["instruments.toml", "actors/member_states.csv", "parameters/attention.toml"])
def test_a_file_that_is_not_utf8(root, file):
    path = root / file
    path.write_bytes(path.read_bytes() + "\n# Zürich".encode("latin-1"))
    line = path.read_bytes().count(b"\n") + 1
    refused(lambda: load_base(root), "UTF-8", f"line {line}", file=path.name)


def test_a_file_that_is_not_toml(root):
    path = root / "policies" / "qmv.toml"
    path.write_text('title = "a"\nquestion = no\n', encoding="utf-8")
    refused(lambda: resolve("outlook", "qmv", root=root), "TOML", "line 2", file="qmv.toml")
    path.write_text("a = " + "[" * 100_000, encoding="utf-8")
    refused(lambda: resolve("outlook", "qmv", root=root), "TOML", file="qmv.toml")
    path.write_text("a = " + "1" * 10_000, encoding="utf-8")
    refused(lambda: resolve("outlook", "qmv", root=root), file="qmv.toml")


def test_a_file_that_cannot_be_read(root):
    (root / "instruments.toml").unlink()
    with pytest.raises(UserError, match=r"instruments\.toml: cannot be read"):
        load_base(root)
    (root / "instruments.toml").mkdir()
    with pytest.raises(UserError, match=r"instruments\.toml: cannot be read"):
        load_base(root)
    shutil.rmtree(root / "parameters")
    with pytest.raises(UserError):
        load_base(root)


def test_a_file_of_no_known_kind(tmp_path):
    for name, text in (("a.toml", "colour = 1"), ("b.toml", ""), ("c.csv", "a,b\n1,2"), ("d.csv", ""), ("e.txt", "")):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        refused(lambda path=path: check_file(path), file=name)
    with pytest.raises(UserError, match="cannot be read"):
        check_file(tmp_path / "f.toml")


# Anything at all: whatever is done to a file, there is a good answer or a UserError, never another exception.

BASE = load_base()
FILES = sorted(
    str(path.relative_to(ROOT))
    for path in ROOT.rglob("*.*")
    if path.suffix in (".toml", ".csv") and path.parent.name != "parameters"
)


JUNK = [b"nan", b"-1", b"true", b'"', b"[", b"=", b",", b"\n", b"{}", b"1e400"]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    file=st.sampled_from([*FILES, "parameters/attention.toml", "parameters/levers.toml"]),
    where=st.floats(0, 1),
    length=st.integers(0, 12),
    junk=st.one_of(st.binary(max_size=4), st.sampled_from(JUNK)),
)
def test_a_spoilt_file_gives_an_answer_or_a_user_error(file, where, length, junk):
    content = (ROOT / file).read_bytes()
    at = int(where * len(content))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(file).parent / Path(file).name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content[:at] + junk + content[at + length :])
        try:
            assert check_file(path)
        except UserError as error:
            assert str(error)


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=40), st.sampled_from(["", "attention.link=", "levers.qmv_from=", "actors.DEU.g7=", "instruments."])
)
def test_any_text_on_the_command_line_gives_an_answer_or_a_user_error(text, start):
    try:
        with_layer(BASE, Layer("--set", "", parse_sets([start + text])))
    except UserError as error:
        assert str(error)
