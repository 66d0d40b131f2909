# SPDX-License-Identifier: Apache-2.0
"""The page's front door: JSON-RPC on stdin and stdout of the `stream` channel the page opened."""
