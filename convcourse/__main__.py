"""`python -m convcourse check NOTEBOOK.ipynb`"""

import sys

from convcourse.check import main

sys.exit(main(sys.argv[1:]))
