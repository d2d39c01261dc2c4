"""docs/ODD.md 6.13: how far files may have come, how likely the record is, and the wills that it leaves."""

from tests.twin.council import council_depth
from tests.twin.files import cap, concluding_hazard, exists, least, middle, talks_hazard, wish
from tests.twin.portable import exp, log_of, normal, probability, total
from tests.twin.state import WITH_MANDATE, Agreement, Belief, Tie, World
from tests.twin.status import conclusion, held, held_until, rows_of

NONE, MANDATED, TALKS, CONCLUDED = range(4)
POINTS = 12


# Before the first quarter


def first_beliefs(world: World) -> dict[str, Belief]:
    """Of all files, all mass at the stage of the start; none where nothing is known."""
    if world.settings.status is None:
        return {}
    files = {
        agreement.slug: begun(stage_reached(agreement), wills(world), first_weights(world, agreement.slug))
        for agreement in world.agreements
    }
    rungs = {
        f"{partner}/{tie.slug}": begun(rung_reached(tie), [1.0], [1.0])
        for partner, ties in world.ties.items()
        for tie in ties
    }
    return files | rungs


def wills(world: World) -> list[float]:
    """w: the points of the distribution of will."""
    found = [exp(world.p("files.will_spread") * normal((j + 0.5) / POINTS)) for j in range(POINTS)]
    return [*found, world.p("files.stayer_will")]


def stayer_share(world: World, slug: str) -> float:
    """Chance that a file hardly moves."""
    row = world.settings.table.of(slug)
    return world.p("files.stayer_share") if row.stayer is None else float(row.stayer)


def first_weights(world: World, slug: str) -> list[float]:
    """Weights of the points."""
    stayer = stayer_share(world, slug)
    return [*[(1.0 - stayer) / POINTS] * POINTS, stayer]


def stage_reached(agreement: Agreement) -> int:
    """Stage of an instrument or of the file on it."""
    if agreement.in_force or agreement.stage in ("signed", "provisional"):
        return CONCLUDED
    return {"": NONE, "mandated": MANDATED, "negotiating": TALKS}[agreement.stage]


def rung_reached(tie: Tie) -> int:
    """Stage of a rung."""
    if tie.stage in ("signed", "in_force"):
        return CONCLUDED
    return TALKS if tie.stage == "negotiating" else NONE


def begun(stage: int, points: list[float], weights: list[float]) -> Belief:
    """The belief that a file is at a stage."""
    return Belief(points, at_stage(stage, weights), stage)


def at_stage(stage: int, weights: list[float]) -> list[list[float]]:
    """Masses that are all at one stage."""
    return [weights if place == stage else [0.0] * len(weights) for place in range(CONCLUDED + 1)]


# In every quarter


def weigh_files(world: World) -> None:
    """What the record of this quarter says of every held file, by what stands before any is concluded in phase 6."""
    for agreement in world.agreements:
        if held(world, agreement.slug) and not concluded(world.beliefs[agreement.slug]):
            _weigh_file(world, agreement, world.beliefs[agreement.slug])


def concluded(belief: Belief) -> bool:
    """Whether a file is known to be concluded."""
    return not any(mass > 0.0 for stage in belief.masses[:CONCLUDED] for mass in stage)


def _weigh_file(world: World, agreement: Agreement, belief: Belief) -> None:
    with_mandate = agreement.facts.rule in WITH_MANDATE
    slot = agreement.bargain.free > 0
    may_open = exists(world, agreement) and not agreement.bargain.missing and (with_mandate or slot)
    opens = probability(agreement.bargain.push) if may_open else 0.0
    signs = signable(world, agreement)
    none, mandated, talks, _ = belief.masses
    moved = []
    for j, point in enumerate(belief.points):
        p_talks = probability(talks_hazard(world, agreement, point)) if slot else 0.0
        p_done = probability(concluding_hazard(world, agreement, point)) if signs else 0.0
        new = none[j] * opens
        taken = mandated[j] * p_talks
        started = taken + (0.0 if with_mandate else new)
        done = (talks[j] + started) * p_done
        waiting = mandated[j] - taken + (new if with_mandate else 0.0)
        moved.append([none[j] - new, waiting, talks[j] + started - done, done])
    keep(world, agreement.slug, belief, by_stage(moved), last_stage=conclusion(agreement))


def signable(world: World, agreement: Agreement) -> bool:
    """Whether a draft would pass now, in talks or not."""
    council = council_depth(world, agreement, noisy=True).level
    draft = min(middle(world, agreement), cap(world, agreement), wish(world, agreement))
    return min(draft, council) >= least(world, agreement)


def by_stage(points: list[list[float]]) -> list[list[float]]:
    """Masses by stage and point, from those by point and stage."""
    return [[masses[stage] for masses in points] for stage in range(CONCLUDED + 1)]


def weigh_rung(world: World, file: str, opens: float, signs: float) -> None:
    """What the record of this quarter says of a held rung: talks do not end in the quarter in which they begin."""
    belief = world.beliefs[file]
    if concluded(belief):
        return
    none, _, talks, _ = [stage[0] for stage in belief.masses]
    new = none * opens
    done = talks * signs
    keep(world, file, belief, [[none - new], [0.0], [talks + new - done], [done]], last_stage="signed")


def keep(world: World, file: str, belief: Belief, moved: list[list[float]], last_stage: str) -> None:
    """Keep the stages that are possible at the end of this quarter, and note how likely they were."""
    first, last = possible(world, file, belief, last_stage)
    likelihood = total(total(moved[stage]) for stage in range(first, last + 1))
    belief.log_likelihood = belief.log_likelihood + log_of(likelihood)
    if likelihood > 0.0:
        kept = [first <= stage <= last for stage in range(CONCLUDED + 1)]
        belief.masses = [
            [mass / likelihood if here else 0.0 for mass in masses] for masses, here in zip(moved, kept, strict=True)
        ]
    else:
        belief.masses = at_stage(last, weights(belief))


def possible(world: World, file: str, belief: Belief, last_stage: str) -> tuple[int, int]:
    """The first and the last stage that a held file may have reached by the end of this quarter."""
    ranks = {"mandated": MANDATED, "negotiating": TALKS, last_stage: CONCLUDED}
    rows = [row for row in rows_of(world, file) if row.stage in ranks and row.quarter > belief.lapsed]
    reached = [ranks[row.stage] for row in rows if row.quarter <= world.quarter]
    following = [ranks[row.stage] for row in rows if row.quarter > world.quarter]
    first = reached[-1] if reached else belief.first
    return first, max(first, following[0] - 1) if following else first


def weights(belief: Belief) -> list[float]:
    """Weight of each point, over all stages."""
    return [total(masses[j] for masses in belief.masses) for j in range(len(belief.points))]


def forget(world: World, slug: str) -> None:
    """Begin anew with an instrument that lapses while held; what was learnt of its will stays."""
    if held(world, slug):
        belief = world.beliefs[slug]
        belief.masses = at_stage(NONE, weights(belief))
        belief.first = NONE
        belief.lapsed = world.quarter


# When the record ends


def release(world: World) -> None:
    """Give every file that is no longer held the will that is known of it, in its first quarter."""
    for agreement in world.agreements:
        last = held_until(world, agreement.slug)
        if world.settings.start <= last and world.quarter == last + 1:
            agreement.will = will_as_known(world, agreement.slug)


def will_as_known(world: World, slug: str) -> float:
    """The point of the distribution of will at which the cumulated weight reaches chance."""
    belief, u = world.beliefs[slug], world.once(f"{slug}/will as known")
    place, so_far = 0, 0.0
    for weight in weights(belief):
        so_far = so_far + weight
        if so_far < u:
            place = place + 1
    return belief.points[min(place, len(belief.points) - 1)]
