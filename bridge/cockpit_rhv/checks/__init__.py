# SPDX-License-Identifier: Apache-2.0
"""The one registry of health and preflight checks; dashboard, deployment, command line and agent all ask it."""

from __future__ import annotations

from .context import Context
from .model import CheckReport, CheckResult, Evidence, Outcome
from .registry import Check, run_checks

__all__ = ["Check", "CheckReport", "CheckResult", "Context", "Evidence", "Outcome", "run_checks"]
