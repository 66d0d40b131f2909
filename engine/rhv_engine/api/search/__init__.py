# SPDX-License-Identifier: Apache-2.0
"""oVirt's search language: ``name=web* and status=up sortby name page 2``."""
