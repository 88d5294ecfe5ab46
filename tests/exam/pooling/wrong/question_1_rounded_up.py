"""Every window that is begun is counted.

names: answer_1
mistake: ceil-rounds-up
where: result
"""

answer_1 = 8 * 22 * 21
