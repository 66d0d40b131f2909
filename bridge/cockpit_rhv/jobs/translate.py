# SPDX-License-Identifier: Apache-2.0
"""What ansible-runner reports, in the words of a job.

Of a task's result only ``rhv_error``, ``rhv_log`` and, when it failed without an ``rhv_error``, its ``msg`` are
ever looked at: arguments and other results stay in the runner's artifacts, which only root reads.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import Message, msg

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .recorder import Recorder

logger = logging.getLogger(__name__)
DETAIL_LIMIT = 4096
LOG_LIMIT = 200
_OUTCOMES = {"runner_on_failed": "failed", "runner_on_unreachable": "failed", "runner_on_skipped": "skipped"}


class Translator:
    """Feeds a :class:`Recorder`. ``failure`` is the last failure that was not ignored, or None."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.failure: RhvError | None = None

    def handle(self, event: Mapping[str, Any]) -> bool:
        """Take one event of ansible-runner; True when it should be kept among the artifacts (failures)."""
        kind = event.get("event")
        data = event.get("event_data") or {}
        if kind == "playbook_on_play_start":
            self._recorder.phase_started(str(data.get("play", "")))
        elif kind in ("playbook_on_task_start", "playbook_on_handler_task_start"):
            self._recorder.task_started(task_message(data))
        elif kind in ("runner_on_ok", "runner_on_failed", "runner_on_unreachable", "runner_on_skipped"):
            self._task_ended(str(kind), data)
        return kind in ("runner_on_failed", "runner_on_unreachable")

    def _task_ended(self, kind: str, data: Mapping[str, Any]) -> None:
        result = data.get("res")
        result = result if isinstance(result, dict) else {}
        name = task_message(data)
        for message, severity in _log_messages(result):
            self._recorder.log(message, severity)
        outcome = _OUTCOMES.get(kind) or ("changed" if result.get("changed") is True else "ok")
        ignored = outcome == "failed" and bool(data.get("ignore_errors"))
        if outcome == "failed" and not ignored:
            self.failure = _failure(result, name)
        duration = data.get("duration")
        duration_s = float(duration) if isinstance(duration, (int, float)) else None
        self._recorder.task_ended(name, outcome, duration_s, ignored=ignored)


def task_message(data: Mapping[str, Any]) -> Message:
    """A task's name as text for a person; it is its own gettext key."""
    name = str(data.get("task") or data.get("name") or "")
    return Message("task", name.replace("{", "{{").replace("}", "}}"))


def _failure(result: Mapping[str, Any], task: Message) -> RhvError:
    # In a loop the failed items carry what went wrong, the task itself only that one of them did.
    items = [item for item in result.get("results") or [] if isinstance(item, dict) and item.get("failed")]
    for source in [*reversed(items), result]:
        if "rhv_error" in source:
            try:
                return RhvError.from_json(source["rhv_error"])
            except (KeyError, TypeError, AttributeError) as error:
                logger.error("task %r failed with a malformed rhv_error: %r", task.text, error)
    texts = [str(source["msg"]) for source in [*items, result] if source.get("msg")]
    return RhvError(
        "job.task_failed",
        msg("job.task_failed", 'The step "{task}" failed.', task=str(task)),
        msg("job.task_failed.hint", "The log and the raw output of the job tell more; then resume the job."),
        texts[0][:DETAIL_LIMIT] if texts else None,
    )


def _log_messages(result: Mapping[str, Any]) -> list[tuple[Message, str]]:
    entries = result.get("rhv_log") or []
    messages = []
    for entry in entries[:LOG_LIMIT] if isinstance(entries, list) else []:
        try:
            message = Message.from_json(entry)
            severity = entry.get("severity", "info")
        except (KeyError, TypeError, AttributeError) as error:
            logger.error("a task left an rhv_log entry that is no message: %r", error)
            continue
        messages.append((message, severity if severity in ("info", "warning", "error") else "info"))
    return messages
