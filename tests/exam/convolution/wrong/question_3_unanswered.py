"""Left as it was.

names: answer_3
mistake: none
visible: caught
"""

answer_3 = None
