"""Which editions of the rules there are: a name for each, and its file in `rules/`.

It imports nothing, so that the command line can list them at once.
"""

from __future__ import annotations

DEFAULT_EDITION = "dosing-text"
EDITIONS: dict[str, str] = {
    "dosing-text": "dosing_text.toml",
    "us-label": "us_label.toml",
    "what-if-confirm": "what_if_confirm.toml",
    "what-if-exhaust-b": "what_if_exhaust_b.toml",
    "what-if-persist": "what_if_persist.toml",
    "what-if-stack-b": "what_if_stack_b.toml",
}
