#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: check the host before anything is changed."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: rhv_preflight
short_description: Check a host before an engine is deployed on it
description:
  - Runs the same checks as the wizard's review step and changes nothing.
  - Fails when a check says error; what could not be read is reported as a warning.
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
- name: Check memory, disks, network and names
  rhv_preflight:
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
from cockpit_rhv.deploy.playbook import ARGUMENTS, carry_out
from cockpit_rhv.deploy.preflight import check_host, refuse_failed, warnings


def work(params, _progress):
    """Run all checks; an error among them fails the phase."""
    report = check_host(params["answers"], params["job"]["id"])
    refuse_failed(report)
    return {"rhv_log": warnings(report)}


def main():
    """Entry point."""
    carry_out(AnsibleModule(argument_spec=ARGUMENTS), work)


if __name__ == "__main__":
    main()
