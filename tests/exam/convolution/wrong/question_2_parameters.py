"""The parameters are counted.

names: answer_2
mistake: none
where: result
"""

answer_2 = 32 * 8 * 9
