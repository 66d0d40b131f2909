# SPDX-License-Identifier: Apache-2.0
"""Facts of one host, read from /proc, /sys and a few tools; a ``root`` parameter lets tests read a recorded tree."""
