"""Phase 7, docs/ODD.md 6.8: from signature to entry into force."""

from tests.twin.files import enter_into_force, known
from tests.twin.portable import exp, log, normal, probability
from tests.twin.state import Agreement, File, Member, World
from tests.twin.status import stages_now

MIXED = ("R5", "R7")


def phase(world: World) -> None:
    """Every file that was signed, or applied provisionally, at the start of the phase."""
    for agreement in world.agreements:
        if agreement.file is not None and agreement.stage in ("signed", "provisional"):
            if agreement.file.age >= 1:
                _ratify(world, agreement, agreement.file)
            if agreement.file is not None:
                agreement.file.age = agreement.file.age + 1


def _ratify(world: World, agreement: Agreement, file: File) -> None:
    file.japan_ready = file.japan_ready or japan_ready(world, agreement)
    if agreement.facts.rule in MIXED:
        if not world.on("lift_fragmentation"):
            _ask_members(world, agreement, file)
        file.union_ready = file.union_ready or union_ready_mixed(world, agreement, file)
    else:
        file.union_ready = file.union_ready or union_ready_alone(world, agreement, file)
    stage = next_stage(world, agreement, file)
    if stage == "in_force":
        enter_into_force(world, agreement, file.drafted)
    elif stage == "provisional":
        file.stage = "provisional"
        world.note_on_the_way(agreement, "provisional")


def next_stage(world: World, agreement: Agreement, file: File) -> str:
    """The stage that a signed file reaches, or empty."""
    if known(world, agreement):
        listed = stages_now(world, agreement.slug)
        return next((stage for stage in ("in_force", "provisional") if stage in listed), "")
    if agreement.facts.rule not in MIXED or file.stage == "provisional":
        return "in_force" if file.japan_ready and file.union_ready else ""
    applied = world.u(f"{agreement.slug}/provisional") < probability(world.p("ratification.provisional"))
    return "provisional" if file.japan_ready and parliament_agrees(world, agreement, file) and applied else ""


def parliament_agrees(world: World, agreement: Agreement, file: File) -> bool:
    """Whether the European Parliament goes as far as the file does."""
    if agreement.facts.rule not in ("R5", "R8"):
        return True
    accepted = world.p("council.acceptance") * world.union.position_parliament
    return file.drafted * agreement.ambition <= world.p("ratification.parliament") * accepted


def japan_ready(world: World, agreement: Agreement) -> bool:
    """Whether the Diet approves in this quarter; at once where it is not asked."""
    if not agreement.facts.diet:
        return True
    governs = world.japan.lower_share > world.settings.japan.thresholds.majority
    factor = 1.0 if governs else world.p("ratification.diet_minority")
    return world.u(f"{agreement.slug}/diet") < probability(world.p("ratification.diet") * factor)


def union_ready_alone(world: World, agreement: Agreement, file: File) -> bool:
    """Whether the Union concludes on its own."""
    return _concludes(world, agreement, file, f"conclusion_{agreement.facts.rule.lower()}")


def union_ready_mixed(world: World, agreement: Agreement, file: File) -> bool:
    """Whether the Union concludes after its members; with lift_fragmentation without asking them."""
    if world.on("lift_fragmentation"):
        return _concludes(world, agreement, file, "conclusion_r8")
    all_ratified = all(has_ratified(world, agreement, member) for member in world.union_members())
    return all_ratified and _concludes(world, agreement, file, "closing")


def _concludes(world: World, agreement: Agreement, file: File, rate: str) -> bool:
    drawn = world.u(f"{agreement.slug}/conclusion") < probability(world.p(f"ratification.{rate}"))
    return parliament_agrees(world, agreement, file) and drawn


def has_ratified(world: World, agreement: Agreement, member: Member) -> bool:
    """Whether a member's summed hazard has reached what chance asks of it."""
    assert agreement.file is not None
    asked = -log(world.once(f"{agreement.slug}/ratification/{member.iso3}"))
    return agreement.file.hazard.get(member.iso3, 0.0) >= asked


def _ask_members(world: World, agreement: Agreement, file: File) -> None:
    frailty = exp(world.p("ratification.frailty") * normal(world.once(f"{agreement.slug}/ratification frailty")))
    added = summed(world, file.age, frailty) - summed(world, file.age - 1, frailty)
    for member in world.union_members():
        weight = exp(
            world.p("ratification.stance") * member.stance
            + world.p("ratification.chambers") * (member.facts.chambers - 1)
        )
        file.hazard[member.iso3] = file.hazard.get(member.iso3, 0.0) + weight * added


def summed(world: World, age: int, frailty: float) -> float:
    """Λ(n): the hazard of ratification summed over n quarters."""
    if age == 0:
        return 0.0
    return exp(world.p("ratification.shape") * log(age / (world.p("ratification.scale") * frailty)))
