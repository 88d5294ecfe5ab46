"""Left as it was.

names: answer_3
mistake: none
where: result
visible: caught
"""

answer_3 = None
