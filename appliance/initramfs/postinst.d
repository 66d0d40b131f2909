#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Called by the kernel packages with the version just installed.
set -eu
exec /usr/sbin/rhv-mkinitramfs "$1"
