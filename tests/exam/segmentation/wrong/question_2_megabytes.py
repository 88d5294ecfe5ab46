"""Megabytes, not mebibytes.

names: answer_2
mistake: answer-memory
"""

answer_2 = 83
