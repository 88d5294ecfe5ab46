"""`ceil_mode` is left out.

names: answer_1
mistake: ceil-ignored
where: result
"""

answer_1 = 8 * 21 * 20
