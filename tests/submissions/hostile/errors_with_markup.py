"""What an error says is shown to people.

status: graded
score: 3
says: alert
"""

def conv2d_naive(x, weight, bias=None):
    raise ValueError("<script>alert(1)</script>\x1b[2J\x00\ud800 \u202e")
