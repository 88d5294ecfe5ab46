"""A guess.

names: answer_1
mistake: none
"""

answer_1 = 32
