"""When a submission came: the exchange's form, and nothing else, is a time."""

import random
import string
from datetime import datetime

import pytest
from nbgrader.utils import parse_utc

from autograder.classroom.arrival import moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-12 09:00:00.123456 UTC",
        "2026-10-12 09:00:00 UTC",
        "2026-10-12 09:00:00",
        "2026-10-12 09:00:00.5",
        "2026-07-01 09:00:00.000000 CET",
        "2026-10-12 09:00:00.000000 XYZ",
        "2026-10-12 09:00:00.000000 EST",
        "2026-10-12T09:00:00+02:00",
        "2026-10-12 09:00:00-0430",
    ],
)
def test_what_the_exchange_writes_is_read_as_nbgrader_reads_it(text):
    assert moment(text) == parse_utc(text)


def test_times_of_the_exchange_itself():
    from nbgrader.exchange.abc import Exchange

    exchange = Exchange.__new__(Exchange)
    exchange.set_timestamp()
    assert moment(exchange.timestamp) == datetime.strptime(exchange.timestamp, "%Y-%m-%d %H:%M:%S.%f UTC")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "yesterday",
        "9" * 30 + "m",
        "2026-02-30 09:00:00 UTC",
        "2026-13-40 99:00:00 UTC",
        "2026-10-12 09:00:00 " + "9" * 60,
        "2026-10-12 09:00:00 /etc/passwd",
        "٢٠٢٦-10-12 09:00:00 UTC",
        "\x00",
    ],
)
def test_anything_else_is_no_time(text):
    assert moment(text) is None


@pytest.mark.parametrize("text", ["2026-10-12 09:00:00 Asia", "2026-10-12 09:00:00+99:99", "1000-01-01 00:00:00+2359"])
def test_an_odd_zone_ends_nothing(text):
    assert isinstance(moment(text), datetime)


def test_no_text_of_these_letters_raises():
    dice = random.Random(7)
    for _ in range(20_000):
        text = "".join(dice.choices(string.digits + "-: TZUCm.+", k=dice.randint(1, 40)))
        assert moment(text) is None or isinstance(moment(text), datetime)
        near = list("2026-10-12 09:00:00.1 UTC")
        near[dice.randrange(len(near))] = dice.choice(string.printable)
        moment("".join(near))
