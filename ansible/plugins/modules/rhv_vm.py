#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: define and start the engine VM."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: rhv_vm
short_description: Define and start an engine VM
description:
  - Builds the config drive, defines the VM with libvirt, starts its network where needed, and starts it.
  - A VM that runs already is left alone; one of that name that is not this deployment's is never touched.
options:
  job:
    description: The job this belongs to, with C(id) and C(progress).
    type: dict
    required: true
  answers:
    description: The complete answers document.
    type: dict
    required: true
  admin_password_hash:
    description: scrypt hash of the Manager's administrator password.
    type: str
    required: true
  root_password_hash:
    description: crypt(3) hash of root's password in the engine VM; empty for none.
    type: str
    default: ""
author:
  - The cockpit-rhv developers (@cockpit-rhv)
"""

EXAMPLES = r"""
- name: Define and start the engine VM
  rhv_vm:
    job: "{{ rhv_job }}"
    answers: "{{ rhv_answers }}"
    admin_password_hash: "{{ rhv_admin_password_hash }}"
    root_password_hash: "{{ rhv_root_password_hash }}"
"""

RETURN = r"""
# Only the fields every module returns.
"""

from ansible.module_utils.basic import AnsibleModule
from cockpit_rhv.deploy.playbook import ARGUMENTS, carry_out
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.deploy.vm import start_engine

SPEC = dict(
    ARGUMENTS,
    admin_password_hash={"type": "str", "required": True, "no_log": True},
    root_password_hash={"type": "str", "default": "", "no_log": True},
)


def work(params, _progress):
    """Bring the VM to run."""
    deployment = Deployment.open(params["job"]["id"])
    hashes = params["admin_password_hash"], params["root_password_hash"] or None
    return {"changed": start_engine(deployment, params["answers"], *hashes)}


def main():
    """Entry point."""
    carry_out(AnsibleModule(argument_spec=SPEC), work)


if __name__ == "__main__":
    main()
