"""The parameters are counted.

names: answer_2
mistake: none
"""

answer_2 = 32 * 8 * 9
