#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: wait for the Manager and prove its identity."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: rhv_engine_ready
short_description: Wait for the Manager of an engine VM and prove its identity
description:
  - Waits until the engine VM has said its CA's fingerprint on the first-contact port.
  - Fetches the CA, compares it, trusts only it from then on, and waits for the Manager's health.
  - Makes the agent's key while it waits.
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
- name: Wait for the Manager
  rhv_engine_ready:
    job: "{{ rhv_job }}"
    answers: "{{ rhv_answers }}"
"""

RETURN = r"""
# Only the fields every module returns.
"""

from ansible.module_utils.basic import AnsibleModule
from cockpit_rhv.deploy import enroll, places
from cockpit_rhv.deploy.engine_wait import EngineWait
from cockpit_rhv.deploy.playbook import ARGUMENTS, carry_out
from cockpit_rhv.deploy.state import Deployment


def work(params, progress):
    """Wait; the record then has address and fingerprint."""
    deployment = Deployment.open(params["job"]["id"])
    enroll.ensure_key(places.pki_dir())
    return {"changed": EngineWait(deployment, params["answers"], progress).run()}


def main():
    """Entry point."""
    carry_out(AnsibleModule(argument_spec=ARGUMENTS), work)


if __name__ == "__main__":
    main()
