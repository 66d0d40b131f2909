# SPDX-License-Identifier: Apache-2.0
"""Everything about this host in one archive without secrets, for whoever is asked for help."""
