# SPDX-License-Identifier: Apache-2.0
"""The Manager: oVirt's REST API v4, single sign-on, certificates, and the hosts over port 54321."""

__version__ = "0.1.0"
