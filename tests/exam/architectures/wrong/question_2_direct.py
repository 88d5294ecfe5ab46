"""A 5×5 convolution of all input channels.

names: answer_2
mistake: answer-reduction
where: result
"""

answer_2 = 14 * 14 * 25 * 480 * 48
