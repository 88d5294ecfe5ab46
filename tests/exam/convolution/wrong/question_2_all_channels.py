"""Every output is taken to see all input channels.

names: answer_2
mistake: groups-ignored
where: result, groups, channels
"""

answer_2 = 28 * 28 * 32 * 16 * 9
