# SPDX-License-Identifier: Apache-2.0
"""What happened on this host: its guests' lifecycle and its jobs, recorded and kept across reboots."""
