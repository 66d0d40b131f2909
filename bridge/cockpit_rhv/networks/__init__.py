# SPDX-License-Identifier: Apache-2.0
"""The host's networks: what there is, who looks after it, and changes that take themselves back."""
