"""The first restriction is taken for the second.

names: answer_3
mistake: none
where: result
"""

answer_3 = "A"
