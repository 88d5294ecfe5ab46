"""Every division is rounded up.

names: answer_1
mistake: ceil-for-floor
"""

answer_1 = 17
