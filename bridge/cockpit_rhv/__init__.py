# SPDX-License-Identifier: Apache-2.0
"""cockpit-rhv: the library below every front door (page, agent, shell)."""

__version__ = "0.1.0"
