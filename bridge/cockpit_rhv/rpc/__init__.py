# SPDX-License-Identifier: Apache-2.0
"""JSON-RPC 2.0 and its two framings, lines and STOMP; shared by helper, agent and Manager."""
