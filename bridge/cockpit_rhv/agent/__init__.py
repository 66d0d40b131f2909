# SPDX-License-Identifier: Apache-2.0
"""The host's agent: what vdsm is to a Manager, on port 54321. A front door; what it tells comes from the library."""
