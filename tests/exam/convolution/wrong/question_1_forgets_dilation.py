"""The third kernel is taken to be undilated.

names: answer_1
mistake: dilation-ignored
where: result, dilation
"""

answer_1 = 20
