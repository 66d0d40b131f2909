# SPDX-License-Identifier: Apache-2.0
"""The engine VM's disk image: what builds it and what runs in it at first boot."""
