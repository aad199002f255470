"""How much data: the rule of pre-training, what a mix of datasets gives, counts for the other stages."""

from catalog.budget.amounts import amount
from catalog.budget.mix import Pick, read_mix
from catalog.budget.rule import PRACTICE, Need, epochs_say, need, read_need
from catalog.budget.stages import STAGES, Stage, stage_named
from catalog.budget.supply import Supply, supply_of, whole_of

__all__ = [
    "PRACTICE", "STAGES", "Need", "Pick", "Stage", "Supply", "amount", "epochs_say", "need", "read_mix", "read_need",
    "stage_named", "supply_of", "whole_of",
]  # fmt: skip
