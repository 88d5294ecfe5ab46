"""Pooling is taken for invariant.

names: answer_3
mistake: none
where: result
"""

answer_3 = "A"
