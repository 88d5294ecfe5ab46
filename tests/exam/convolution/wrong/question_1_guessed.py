"""A guess.

names: answer_1
mistake: none
where: result
"""

answer_1 = 32
