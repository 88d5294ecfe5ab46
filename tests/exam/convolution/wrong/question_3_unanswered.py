"""Left as it was.

names: answer_3
mistake: none
"""

answer_3 = None
