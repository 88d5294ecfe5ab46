"""One level too many.

names: answer_1
mistake: answer-size
where: result
"""

answer_1 = 516
