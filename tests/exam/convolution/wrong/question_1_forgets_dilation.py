"""The third kernel is taken to be undilated.

names: answer_1
mistake: dilation-ignored
"""

answer_1 = 20
