# SPDX-License-Identifier: Apache-2.0
"""The guests of this host's libvirt: who they are, live, and what can be done with them."""
