# SPDX-License-Identifier: Apache-2.0
"""Records what the programs that health checks ask really print, into ``tests/unit/recorded_programs``."""
