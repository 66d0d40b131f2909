# SPDX-License-Identifier: Apache-2.0
"""The Manager's own certificate authority and the certificates it issues."""
