"""A store of courses in ten lines: append with what is known, read, follow, and ask who is held.

Run it in an empty folder, with the extra `store` installed; it makes `courses.db` there.
"""

from ixastate.store import Store, follow, observe, rehydrate, verify, worklist

START = {"type": "course_started", "day": 1, "weekday": "monday", "clock_time": "08:00", "patient_informed": True}
KIDNEYS = {"bilirubin": {"times_uln": 0.8}, "creatinine_clearance": {"value": 90, "unit": "mL/min"}}

with Store("courses.db", create=True) as store:
    observe(store, "p1", {**START, **KIDNEYS})
    record = observe(store, "p1", {"type": "neutrophils_measured", "day": 15, "value": 0.4, "unit": "10*9/L"})
    print(f"event {record.number}: {'; '.join(record.asked_for)}")
    course, version = rehydrate(store, "p1")
    print(f"version {version}: {course.status.words}")
    follow(store)()
    print(f"held: {', '.join(str(held) for held in worklist(store).held)}")
    print(f"findings: {len(verify(store).findings)}")
