#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: finish a deployment."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: rhv_finish
short_description: Finish the deployment of an engine
description:
  - Lets VM and network start with the host and detaches and deletes the config drive.
  - Lets the Manager forget the job's key and token, deletes them here, and writes C(engine.json).
options:
  job:
    description: The job this belongs to, with C(id) and C(progress).
    type: dict
    required: true
  answers:
    description: The complete answers document.
    type: dict
    required: true
author:
  - The cockpit-rhv developers (@cockpit-rhv)
"""

EXAMPLES = r"""
- name: Finish the deployment
  rhv_finish:
    job: "{{ rhv_job }}"
    answers: "{{ rhv_answers }}"
"""

RETURN = r"""
rhv_log:
  description: Warnings for the job's log.
  returned: success
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from cockpit_rhv.deploy.finish import finish
from cockpit_rhv.deploy.playbook import ARGUMENTS, carry_out
from cockpit_rhv.deploy.state import Deployment


def work(params, _progress):
    """Finish, from wherever an earlier attempt stopped."""
    changed, notes = finish(Deployment.open(params["job"]["id"]), params["answers"])
    return {"changed": changed, "rhv_log": [dict(note.to_json(), severity="warning") for note in notes]}


def main():
    """Entry point."""
    carry_out(AnsibleModule(argument_spec=ARGUMENTS), work)


if __name__ == "__main__":
    main()
