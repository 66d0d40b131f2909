#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Called by the kernel packages with the version just removed.
set -eu
rm -f "/boot/initrd.img-$1"
