# SPDX-License-Identifier: Apache-2.0
"""Making guests: from nothing, an ISO or an image, or as a copy of another. It combines host, machines and jobs."""
