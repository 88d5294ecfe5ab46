"""The answers, as numbers and a letter.

names: answer_1, answer_2, answer_3
"""

answer_1 = 16
answer_2 = 28 * 28 * 32 * 8 * 9
answer_3 = "B"
