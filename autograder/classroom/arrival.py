"""When a submission came, as nbgrader's exchange says it.

A student can write the file that says so. Its text goes through no general parser: the form is the exchange's, and
whatever has another is no time.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

# The exchange writes "2026-10-12 09:00:00.123456 UTC", `nbgrader zip_collect` the same without a zone.
FORM = re.compile(
    r"(?P<day>[12]\d{3}-\d\d-\d\d)[ T](?P<clock>\d\d:\d\d:\d\d)(?P<parts>\.\d{1,6})?"
    r"(?: ?(?P<zone>[A-Za-z]{1,5}|[+-]\d\d:?\d\d))?",
    re.ASCII,
)


def moment(text: str | None) -> datetime | None:
    """The time in UTC, without a zone, as nbgrader keeps it; None where the text is not the exchange's."""
    found = FORM.fullmatch(text or "")
    if found is None:
        return None
    try:
        local = datetime.strptime(f"{found['day']} {found['clock']}{found['parts'] or '.0'}", "%Y-%m-%d %H:%M:%S.%f")
    except ValueError:  # the 30th of February
        return None
    return local.replace(tzinfo=_zone(found["zone"] or "UTC")).astimezone(UTC).replace(tzinfo=None)


def _zone(name: str) -> tzinfo:
    """The zone of this name or offset. Like nbgrader, take UTC where a name says nothing here."""
    if name[0] in "+-":
        ahead = timedelta(hours=int(name[1:3]) % 24, minutes=int(name[-2:]) % 60)
        return timezone(-ahead if name[0] == "-" else ahead)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # none of that name; OSError for a folder of zones
        ahead_of_local = dict(zip(time.tzname, (time.timezone, time.altzone)))
        return timezone(timedelta(seconds=-ahead_of_local.get(name, 0)))
