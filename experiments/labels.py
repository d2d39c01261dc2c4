"""How names in the tables read in a report or a figure."""

import textwrap


def policy_label(policy: str, width: int = 200) -> str:
    """A policy's name for readers: "dialogue + Indo-Pacific strategy", in lines of at most `width` letters."""
    name = policy.replace(".toml", "").replace("indo_pacific", "Indo-Pacific").replace("_", " ").replace("+", " + ")
    return wrapped("no policy" if name == "none" else name, width)


IMPEDIMENTS = {
    "lift_attention": "scarce attention",
    "lift_constitution": "Japan's constitutional limits",
    "lift_fragmentation": "CSDP fragmentation",
    "lift_framework": "no operational framework",
}


def impediment_label(policy: str, width: int = 200) -> str:
    """What a counterfactual takes away, for readers: "scarce attention"; the policy itself if it takes nothing away."""
    return wrapped(IMPEDIMENTS.get(policy, policy_label(policy)), width)


def measure_label(measure: str) -> str:
    """A measure's name for readers: "operational depth"."""
    return measure.replace("_", " ").replace("depth equal", "depth, equal weights")


def actor_label(actor: str) -> str:
    """An actor's name for readers: states by their code, the two sides, offices and prerequisites in words."""
    return {"EU": "Union", "JPN": "Japan", "": "nobody alone"}.get(actor) or instrument_label(actor)


ABBREVIATIONS = ("acsa", "csdp", "edf", "epf", "eu", "fimi", "fpa", "osa", "pesco", "raa", "safe", "sea", "spa")


def instrument_label(slug: str) -> str:
    """An instrument's name in few letters, close to what tables and commands call it: "CSDP FPA", "space security"."""
    return " ".join(word.upper() if word in ABBREVIATIONS else word for word in slug.split("_"))


PARAMETERS = {
    "files.opening_factor": "how readily files are opened",
    "files.concluding_factor": "how fast talks are concluded",
    "files.forecast": "hopeless files in the drawer",
    "files.least_factor": "least worth signing",
    "files.stayer_share": "files that hardly ever move",
    "council.acceptance": "depth that states accept",
    "council.acceptance_japan": "depth that Japan accepts",
    "attention.factor_eu": "the Union's attention for Japan",
    "attention.factor_japan": "Japan's attention for the Union",
    "positions.constant": "how deep states want to go",
    "tracks.opening": "single states: opening of talks",
    "tracks.concluding": "single states: pace of talks",
    "japan.factor": "how readily Japan takes steps",
    "business.tolerance": "tolerance in the Council",
    "attention.champion": "weight of states with a strategy",
    "attention.link": "how far the theatres are one",
    "council.tolerance": "what states let pass on Japan",
    "delivery.factor": "how fast agreements are carried out",
    "feedback.retaliation": "how readily China retaliates",
    "files.will_spread": "spread of the files' will to move",
    "levers.indo_pacific_strength": "strength of an Indo-Pacific strategy",
    "money.ukraine_request": "money asked for Ukraine",
    "positions.affinity": "pull of trade and votes with Japan",
    "positions.dependence": "fear of losing trade with China",
    "positions.japan_abandonment": "Japan's fear of abandonment",
    "positions.japan_constant": "how deep Japan wants to go",
    "positions.japan_entrapment": "Japan's fear of another's war",
    "positions.japan_russia": "Japan's answer to Russia",
    "positions.japan_threat": "Japan's answer to threats at home",
    "positions.listen": "how far states listen to each other",
    "positions.reciprocity": "return for Japan's help to Ukraine",
    "positions.retrenchment": "states' answer to US retrenchment",
    "positions.threat": "states' answer to Indo-Pacific threats",
    "positions.trust": "what trust does to states",
    "pressures.provocation": "how far depth provokes China",
}
LEVER, STRENGTH = "levers.", "_strength"


def is_strength(name: str) -> bool:
    """Whether a dotted name is that of the strength of a lever."""
    return name.startswith(LEVER) and name.endswith(STRENGTH)


def parameter_label(name: str) -> str:
    """A parameter's name for readers: in words where it has any, else close to its own, "money: ceiling"."""
    if name not in PARAMETERS and is_strength(name):
        return f"strength of {policy_label(name.removeprefix(LEVER).removesuffix(STRENGTH))}"
    return PARAMETERS.get(name, name.replace(".", ": ").replace("_", " "))


def sentence(text: str) -> str:
    """A text that begins with a capital."""
    return text[:1].upper() + text[1:]


def with_interval(mean: float, lower: float, upper: float) -> str:
    """A change with its interval: "+0.041 [+0.035, +0.047]"."""
    least, best, most = (round(end, 3) + 0.0 for end in (lower, mean, upper))
    return f"{best:+.3f} [{least:+.3f}, {most:+.3f}]"


def counted(runs: int, noun: str = "run") -> str:
    """A number with its noun: "1,000 runs", "1 run"."""
    return f"{runs:,} {noun}{'' if runs == 1 else 's'}"


def wrapped(text: str, width: int) -> str:
    """Text in lines of at most `width` letters; a longer word keeps its own line."""
    return "\n".join(textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)) or text
