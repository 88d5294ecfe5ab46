"""How the time of something grows with its input, told by processor time, so that a busy machine changes nothing."""

import time

# Work in proportion to the input gives 4, n log n a little more, the square 16.
SUPERLINEAR = 9.0


def growth(work, size, tries=5):
    """By what factor `work(n)` takes longer when n grows from 4 `size` to 16 `size`; the best of five of each. What
    takes less than a millisecond has not grown."""
    best = []
    for n in (size, 4 * size, 16 * size):
        spent = []
        for _ in range(tries):
            start = time.process_time()
            work(n)
            spent.append(time.process_time() - start)
        best.append(max(min(spent), 0.001))
    return max(best[1] / best[0], best[2] / best[1])
