"""The number in words.

names: answer_1
mistake: none
visible: caught
"""

answer_1 = "sixteen"
