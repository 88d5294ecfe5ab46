"""The number in words.

names: answer_1
mistake: none
where: result
visible: caught
"""

answer_1 = "sixteen"
