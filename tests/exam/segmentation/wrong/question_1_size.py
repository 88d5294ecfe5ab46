"""With padding, and one level too few.

names: answer_1
mistake: answer-size
"""

answer_1 = 116
