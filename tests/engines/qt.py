"""Walks an exported SCXML document with Qt's engine (PySide6); prints one JSON line per step."""

import json
import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice, qInstallMessageHandler
from PySide6.QtScxml import QScxmlStateMachine

document = Path(sys.argv[1]).read_bytes()
suite = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
application = QCoreApplication([])
# Qt prints every <log> and signals it too.
qInstallMessageHandler(lambda *_: None)


def settle() -> None:
    # An event is taken in one turn of the loop; what it logged is delivered in the next.
    for _ in range(3):
        application.processEvents()


for walk, symbols in enumerate(suite):
    buffer = QBuffer()
    buffer.setData(QByteArray(document))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    course = QScxmlStateMachine.fromData(buffer, "course.scxml")
    errors = [error.toString() for error in course.parseErrors()]
    if errors:
        raise SystemExit("\n".join(errors))
    said: list[list[str]] = []
    course.log.connect(lambda label, value, said=said: said.append([label, value]))
    course.start()
    settle()
    for step, symbol in enumerate(symbols):
        said.clear()
        course.submitEvent(symbol)
        settle()
        active = course.activeStateNames(True)
        done = not course.isRunning()
        print(json.dumps({"walk": walk, "step": step, "configuration": active, "done": done, "said": said}))
