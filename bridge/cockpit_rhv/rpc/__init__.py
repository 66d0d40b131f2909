# SPDX-License-Identifier: Apache-2.0
"""JSON-RPC 2.0: dispatcher, framing by lines, topics, validation. Knows no front door."""
