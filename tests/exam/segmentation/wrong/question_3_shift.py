"""All layers are convolutions, it seems.

names: answer_3
mistake: answer-shift
where: result
"""

answer_3 = "A"
