# SPDX-License-Identifier: Apache-2.0
"""The REST API below ``/ovirt-engine/api``: one tree of nodes, written as XML or JSON."""
