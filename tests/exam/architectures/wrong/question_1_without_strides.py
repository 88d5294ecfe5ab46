"""The strides are left out.

names: answer_1
mistake: answer-strides-ignored
where: result
"""

answer_1 = 41
