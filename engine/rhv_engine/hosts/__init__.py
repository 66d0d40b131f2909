# SPDX-License-Identifier: Apache-2.0
"""The hosts: one supervisor each, and the state it heard over port 54321."""
