"""Bans by name, in a module for each assignment that has some."""

from autograder.objects.bans import convolution, segmentation

LISTS = {**convolution.LISTS, **segmentation.LISTS}
