"""The stride is taken in the first 1×1 convolution.

names: answer_1
mistake: answer-stride-first
where: result
"""

answer_1 = 483
