"""What is graded is no function, and lies about itself.

status: graded|crashed
score: 3
"""

class Meta(type):
    def __instancecheck__(cls, other):
        return True

    def __getattribute__(cls, name):
        raise RuntimeError(name)


class Liar(metaclass=Meta):
    def __getattribute__(self, name):
        raise BaseException(name)

    def __call__(self, *args, **kwargs):
        return self

    def __bool__(self):
        raise KeyboardInterrupt


conv2d_naive = Liar()
