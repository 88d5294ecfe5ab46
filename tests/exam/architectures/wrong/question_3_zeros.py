"""The shortcut is forgotten.

names: answer_3
mistake: none
where: result
"""

answer_3 = "A"
