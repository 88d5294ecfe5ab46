"""What a handed-in file holds, and the cells that run: read and mended alike by the grader and by `convcourse check`.

The grader reads strangers' bytes with it. So nothing is parsed before its size is known, all work grows with the size
alone, and nothing is imported here but Python's own modules.
"""
