"""Parameters by family, as the rules see them: one frozen record per file in `config/parameters/`.

A value is one number for all runs, or, where it is uncertain, an array with one entry per run, (R,).
Units, ranges and sources stand in the TOML files. Dates are quarter indices (`config.calendar`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Value = float | NDArray[np.float64]


@dataclass(frozen=True)
class Pressures:
    """How outside pressures move between calm, tension and crisis."""

    level_calm: Value
    level_tense: Value
    level_crisis: Value
    up_from_calm: Value
    up_from_tense: Value
    down_from_tense: Value
    down_from_crisis: Value
    pace: Value
    noise: Value
    russia_to_north_korea: Value
    us_to_china: Value
    provocation: Value


@dataclass(frozen=True)
class Threat:
    """How far a state is exposed to a pressure and how feeling follows what is seen."""

    alarm_rate: Value
    calm_rate: Value
    russia_floor: Value
    russia_near: Value
    russia_far: Value
    russia_border: Value
    stake_floor: Value
    stake_trade: Value
    stake_trade_full: Value
    stake_territory: Value
    stake_g7: Value
    north_korea_share: Value
    north_korea_weight: Value
    us_floor: Value
    us_troops: Value
    us_troops_full: Value
    us_shortfall: Value
    us_pledge: Value
    us_outside_nato: Value


@dataclass(frozen=True)
class Attention:
    """Who attends to the partnership."""

    link: Value
    own: Value
    strategy: Value
    guideline: Value
    russia_link: Value
    elsewhere: Value
    champion: Value
    factor_eu: Value
    factor_japan: Value
    japan_scale: Value
    pull_us: Value
    pull_us_loss: Value
    pull_quad: Value
    pull_nato: Value
    pull_nato_russia: Value
    pull_uk: Value
    pull_states: Value
    pull_eu: Value
    pull_eu_russia: Value
    pull_eu_us: Value
    pull_eu_depth: Value


@dataclass(frozen=True)
class Governments:
    """Elections, stances and terms."""

    election: Value
    spread: Value
    spoiler: Value
    guideline_chance: Value
    guideline_quarters: Value
    guideline_reserve: Value
    ambition_spread: Value
    ambition: Value
    parliament_ambition: Value
    passerelle_friend: Value
    passerelle_open: Value
    passerelle_sceptic: Value
    passerelle_chance: Value


@dataclass(frozen=True)
class Positions:
    """How deep a partnership states and Japan want."""

    constant: Value
    affinity: Value
    threat: Value
    reciprocity: Value
    retrenchment: Value
    stance: Value
    trust: Value
    trust_centre: Value
    dependence: Value
    move: Value
    listen: Value
    speakers: Value
    confidence: Value
    confidence_guideline: Value
    help_for_ukraine: Value
    affinity_trade_full: Value
    affinity_trade_centre: Value
    affinity_votes_centre: Value
    affinity_votes_scale: Value
    dependence_full: Value
    japan_constant: Value
    japan_threat: Value
    japan_abandonment: Value
    japan_russia: Value
    japan_entrapment: Value
    japan_trust: Value
    japan_stance: Value


@dataclass(frozen=True)
class Domains:
    """Demand for co-operation and what it costs with China, by field only."""

    political_eu: Value
    civil_eu: Value
    maritime_eu: Value
    information_eu: Value
    industry_eu: Value
    operations_eu: Value
    political_japan: Value
    civil_japan: Value
    maritime_japan: Value
    information_japan: Value
    industry_japan: Value
    operations_japan: Value
    political_cost: Value
    civil_cost: Value
    maritime_cost: Value
    information_cost: Value
    industry_cost: Value
    operations_cost: Value


@dataclass(frozen=True)
class Files:
    """How files are opened, negotiated, concluded, deepened and withdrawn."""

    opening: Value
    opening_factor: Value
    concluding: Value
    concluding_factor: Value
    pace_floor: Value
    pace_eu: Value
    pace_japan: Value
    talks_quarters: Value
    soft_missing: Value
    forecast: Value
    forecast_width: Value
    crowding: Value
    margin: Value
    stayer_share: Value
    stayer_will: Value
    will_spread: Value
    least_factor: Value
    summit: Value
    off_summit: Value
    patience: Value
    slots_high_representative: Value
    slots_commission: Value
    weight_union: Value
    dialogue: Value
    dialogue_record: Value
    lapse: Value


@dataclass(frozen=True)
class Council:
    """How far member states go with a file."""

    acceptance: Value
    acceptance_japan: Value
    file_noise: Value
    tolerance: Value
    declared: Value
    neutral_discount: Value
    safe_unanimity: Value
    brake_margin: Value


@dataclass(frozen=True)
class Business:
    """Other foreign-policy business before the same Council."""

    russia: Value
    china: Value
    enlargement: Value
    demand_low: Value
    demand_high: Value
    tolerance: Value
    stance_weight: Value
    dependence_weight: Value
    threat_weight: Value
    noise: Value
    lift: Value
    acceptance_gap: Value
    neutral_gap: Value


@dataclass(frozen=True)
class Japan:
    """Japan's politics: seats, ladders, public."""

    force: Value
    transfers: Value
    secrecy: Value
    missions: Value
    amendment: Value
    factor: Value
    brake: Value
    threat_slope: Value
    threat_middle: Value
    wish: Value
    lower_mean: Value
    lower_persistence: Value
    seat_spread: Value
    upper_mean: Value
    snap: Value
    partner_joins: Value
    partner_leaves: Value
    partner_seats: Value
    amenders: Value
    support: Value
    support_threat: Value
    support_pace: Value
    support_noise: Value
    referendum_noise: Value
    unpopular_seats: Value


@dataclass(frozen=True)
class Ratification:
    """From signature to entry into force."""

    scale: Value
    shape: Value
    frailty: Value
    stance: Value
    chambers: Value
    closing: Value
    conclusion_r2: Value
    conclusion_r8: Value
    conclusion_r9: Value
    provisional: Value
    provisional_share: Value
    diet: Value
    diet_minority: Value
    parliament: Value


@dataclass(frozen=True)
class Money:
    """The European Peace Facility."""

    ukraine_request: Value
    lethal_share: Value
    south_east_asia: Value
    south_east_asia_full: Value
    carry_over: Value


@dataclass(frozen=True)
class Delivery:
    """How agreements are carried out, fade and build interoperability."""

    rate: Value
    civil_rate: Value
    factor: Value
    spare_floor: Value
    spare_peace: Value
    means_floor: Value
    spending_full: Value
    framework_none: Value
    framework_half: Value
    interoperability_floor: Value
    fade: Value
    exercise: Value
    missions: Value
    bilateral: Value
    nato: Value
    interoperability_fade: Value


@dataclass(frozen=True)
class Tracks:
    """Ties of single states, the United Kingdom and rival frameworks."""

    opening: Value
    concluding: Value
    rate: Value
    fade: Value
    pace: Value
    noise: Value
    quad: Value
    quad_china: Value
    quad_us: Value
    nato_depth: Value
    nato_russia: Value
    nato_us: Value
    australia: Value
    australia_threat: Value
    receptive: Value


@dataclass(frozen=True)
class Feedback:
    """Trust, retaliation and budgets."""

    trust: Value
    trust_delivery: Value
    trust_gap: Value
    trust_pace: Value
    retaliation: Value
    retaliation_weight: Value
    retaliation_decay: Value
    spending_pace: Value
    spending_russia: Value
    spending_us: Value
    spending_japan: Value
    spending_floor: Value
    spending_cap: Value


@dataclass(frozen=True)
class Levers:
    """Remedies and counterfactuals: when they start, how strong they are, what they cost."""

    dialogue_from: int
    interoperability_from: int
    indo_pacific_strategy_from: int
    framework_from: int
    qmv_from: int
    reinterpretation_from: int
    amendment_from: int
    lift_fragmentation_from: int
    lift_constitution_from: int
    lift_framework_from: int
    lift_attention_from: int
    dialogue_strength: Value
    dialogue_slots: Value
    dialogue_attention: Value
    interoperability_strength: Value
    interoperability_france: Value
    interoperability_uk: Value
    interoperability_germany: Value
    interoperability_italy: Value
    interoperability_netherlands: Value
    interoperability_spain: Value
    interoperability_sweden: Value
    interoperability_ships: Value
    interoperability_visible: Value
    indo_pacific_strength: Value
    indo_pacific_attention: Value
    indo_pacific_listening: Value
    indo_pacific_means: Value
    indo_pacific_money: Value
    indo_pacific_diversion: Value
    framework_strength: Value
    framework_track: Value
    framework_slots: Value
    qmv_strength: Value
    qmv_slots: Value
    reinterpretation_strength: Value
    amendment_strength: Value
    force_support: Value
    force_visible: Value
    lifted_attention: Value


@dataclass(frozen=True)
class Parameters:
    """All families, by file name."""

    pressures: Pressures
    threat: Threat
    attention: Attention
    governments: Governments
    positions: Positions
    domains: Domains
    files: Files
    council: Council
    business: Business
    japan: Japan
    ratification: Ratification
    money: Money
    delivery: Delivery
    tracks: Tracks
    feedback: Feedback
    levers: Levers
