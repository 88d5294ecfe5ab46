"""With padding, and one level too few.

names: answer_1
mistake: answer-size
where: result
"""

answer_1 = 516
