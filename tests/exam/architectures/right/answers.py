"""Answers as a float, an int, and a letter in lower case.

names: answer_1, answer_2, answer_3
"""

answer_1 = 971.0
answer_2 = 5268480
answer_3 = "b"
