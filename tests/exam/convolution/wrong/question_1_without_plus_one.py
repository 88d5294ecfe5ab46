"""The window at the start is not counted.

names: answer_1
mistake: plus-one-missing
where: result
"""

answer_1 = 13
