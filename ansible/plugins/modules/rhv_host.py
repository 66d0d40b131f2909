#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: register this host with the Manager."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: rhv_host
short_description: Register this host with the Manager it runs
description:
  - Enrols the agent's certificate, enables and starts the agent, adds the host.
  - Waits until the Manager reports the host up.
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
- name: Register the host
  rhv_host:
    job: "{{ rhv_job }}"
    answers: "{{ rhv_answers }}"
"""

RETURN = r"""
# Only the fields every module returns.
"""

from ansible.module_utils.basic import AnsibleModule
from cockpit_rhv.deploy.playbook import ARGUMENTS, carry_out
from cockpit_rhv.deploy.register import register_host
from cockpit_rhv.deploy.state import Deployment


def work(params, progress):
    """Register the host unless it is registered and up."""
    deployment = Deployment.open(params["job"]["id"])
    return {"changed": register_host(deployment, params["answers"], progress)}


def main():
    """Entry point."""
    carry_out(AnsibleModule(argument_spec=ARGUMENTS), work)


if __name__ == "__main__":
    main()
