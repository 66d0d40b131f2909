# SPDX-License-Identifier: Apache-2.0
"""What takes long with guests that are there, as detached jobs: they outlive page and helper. Combines machines and
jobs."""
