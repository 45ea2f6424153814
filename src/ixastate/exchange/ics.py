"""The doses that are due as an iCalendar file (RFC 5545), which a phone can import.

Ixazomib is an entry at its clock time; the other drugs, for which the text sets no hour, are entries of the day.
The same course gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar as ICalendar
from icalendar import Event as Entry

from ixastate.course.course import Course
from ixastate.course.schedule import Dose
from ixastate.errors import InputError


def icalendar(course: Course, doses: Sequence[Dose]) -> bytes:
    """An iCalendar of these doses; `InputError` when the course knows no dates."""
    dates = course.calendar
    if dates is None or course.latest is None:
        raise InputError(
            "the course has not started, so there is nothing to put into a calendar",
            where=f"patient {course.patient or '(no name)'}",
            remedy="begin the log with a course_started that nothing blocks",
        )
    if dates.nominal:
        raise InputError(
            "the log gives no dates, so there is nothing to put into a calendar",
            where=f"patient {course.patient or '(no name)'}",
            remedy="date course_started with `at`",
        )
    whole = ICalendar()
    whole.add("prodid", "-//ixastate//treatment course//EN")
    whole.add("version", "2.0")
    for dose in doses:
        entry = Entry()
        entry.add("uid", f"{course.patient or 'patient'}-{dose.drug}-day-{dose.day}@ixastate")
        entry.add("dtstamp", course.latest)
        entry.add("summary", f"{dose.drug} {dose.mg:g} mg")
        if dose.drug == "ixazomib":
            # A fixed offset has no name that a calendar knows; UTC names the same moment.
            entry.add("dtstart", dose.at if isinstance(dates.zone, ZoneInfo) else dose.at.astimezone(UTC))
            entry.add("duration", timedelta(minutes=15))
        else:
            entry.add("dtstart", dose.at.date())
        how = "; ".join(dose.how)
        entry.add(
            "description",
            f"{how}. By the course as known on {course.latest:%Y-%m-%d}. Rules: {' '.join(dose.rules)}. "
            "A research and teaching tool, not medical advice.",
        )
        whole.add_component(entry)
    # The table of a zone must reach as far as the doses; by default it ends in 2038.
    last = max((dose.at.date() for dose in doses), default=dates.first_day)
    whole.add_missing_timezones(last_date=date(last.year + 2, 1, 1))
    return bytes(whole.to_ical())
