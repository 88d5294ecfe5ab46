"""Every division is rounded up.

names: answer_1
mistake: ceil-for-floor
where: result, stride
"""

answer_1 = 17
