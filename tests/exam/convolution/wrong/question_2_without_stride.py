"""The output is taken to be as large as the input.

names: answer_2
mistake: stride-ignored
where: result, stride
"""

answer_2 = 56 * 56 * 32 * 8 * 9
