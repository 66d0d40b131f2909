# SPDX-License-Identifier: Apache-2.0
"""QEMU guests with Debian's kernel: hosts and storage for what a container cannot mount, bond or log in to."""
