"""The poolings are left out.

names: answer_2
mistake: answer-field
where: result
"""

answer_2 = 7
