"""All layers are convolutions, it seems.

names: answer_3
mistake: answer-shift
"""

answer_3 = "A"
