#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: make the directory for the engine's disk."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: rhv_storage
short_description: Prepare the storage of an engine VM
description:
  - Creates the directory the engine's disk will lie in, open for QEMU's user to pass through.
  - A directory that exists keeps its owner and mode.
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
- name: Create the directory
  rhv_storage:
    job: "{{ rhv_job }}"
    answers: "{{ rhv_answers }}"
"""

RETURN = r"""
# Only the fields every module returns.
"""

from ansible.module_utils.basic import AnsibleModule
from cockpit_rhv.deploy.playbook import ARGUMENTS, carry_out
from cockpit_rhv.deploy.storage import prepare_storage


def work(params, _progress):
    """Create the directory unless it exists."""
    return {"changed": prepare_storage(params["answers"])}


def main():
    """Entry point."""
    carry_out(AnsibleModule(argument_spec=ARGUMENTS), work)


if __name__ == "__main__":
    main()
