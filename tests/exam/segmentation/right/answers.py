"""Answers as floats, letters in lower case.

names: answer_1, answer_2, answer_3
"""

answer_1 = 612.0
answer_2 = 140
answer_3 = "c"
