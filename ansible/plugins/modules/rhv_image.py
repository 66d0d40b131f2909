#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: copy and prove the appliance image."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: rhv_image
short_description: Make an engine VM's disk from the appliance image
description:
  - Copies the image, proves its SHA-256 against the file beside it in the same reading, and grows it.
  - A finished copy is recognised; one that was broken off is begun anew.
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
- name: Copy the appliance image
  rhv_image:
    job: "{{ rhv_job }}"
    answers: "{{ rhv_answers }}"
"""

RETURN = r"""
# Only the fields every module returns.
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from cockpit_rhv.deploy.disk import make_disk
from cockpit_rhv.deploy.playbook import ARGUMENTS, carry_out
from cockpit_rhv.deploy.state import Deployment


def work(params, progress):
    """Copy the image unless that has been done."""
    image = Path(params["answers"]["image"]["path"])
    deployment = Deployment.open(params["job"]["id"])
    return {"changed": make_disk(deployment, params["answers"], image, progress)}


def main():
    """Entry point."""
    carry_out(AnsibleModule(argument_spec=ARGUMENTS), work)


if __name__ == "__main__":
    main()
