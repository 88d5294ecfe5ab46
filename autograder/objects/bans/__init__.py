"""Bans by name, in a module for each assignment that has some."""

from autograder.objects.assignments import gathered
from autograder.objects.rule import Rule

LISTS: dict[str, Rule] = gathered(__name__, "LISTS")
