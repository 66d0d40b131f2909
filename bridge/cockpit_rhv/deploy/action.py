# SPDX-License-Identifier: Apache-2.0
"""Base of our Ansible actions. An action runs inside Ansible's own worker: a module would cost 0.3 s to be packed and
started, for work that is on this host anyway."""

from __future__ import annotations

import json
from typing import Any

# mypy takes our folder ansible/ for the package.
from ansible.plugins.action import ActionBase  # type: ignore[attr-defined,unused-ignore]

from .playbook import carry_out


class PhaseAction(ActionBase):  # type: ignore[misc]
    """A subclass gives :meth:`work` and lies in ``ansible/plugins/action/<name>.py``."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Called by Ansible."""
        super().run(tmp, task_vars)
        # Ansible tags its strings and mappings with where they came from; plain ones are wanted here.
        return carry_out(json.loads(json.dumps(self._task.args)), self.work)

    @staticmethod
    def work(params: Any, progress: Any) -> Any:
        """See :data:`cockpit_rhv.deploy.playbook.Work`."""
        raise NotImplementedError
