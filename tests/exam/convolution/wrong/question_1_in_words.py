"""The number in words.

names: answer_1
mistake: none
"""

answer_1 = "sixteen"
