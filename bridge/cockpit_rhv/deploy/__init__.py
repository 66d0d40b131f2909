# SPDX-License-Identifier: Apache-2.0
"""Deploying an engine: profiles, answers, phases. The playbooks' modules call it, and so do page and command line."""
