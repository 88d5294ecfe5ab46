"""The convolutions alone: a pooling adds to what is seen, too.

names: answer_2
mistake: answer-field
where: result
"""

answer_2 = 1 + 2 * 2 * (1 + 2 + 4 + 8 + 16)
