"""How the time of something grows with its input, told by processor time, so that a busy machine changes nothing."""

import time

# Work in proportion to the input gives 4, n log n a little more, the square 16.
SUPERLINEAR = 9.0


def growth(work, size, tries=5):
    """By what factor `work(n)` takes longer when n grows from `size` to 4 `size`, or on to 16 `size`; the best of five
    of each, in turns, so that a time in which the machine is slow is one for all of them. What takes less than a
    millisecond has not grown."""
    sizes = size, 4 * size, 16 * size
    spent = {n: [] for n in sizes}
    for _ in range(tries):
        for n in sizes:
            start = time.process_time()
            work(n)
            spent[n].append(time.process_time() - start)
    best = [max(min(spent[n]), 0.001) for n in sizes]
    return max(best[1] / best[0], best[2] / best[1])
