# SPDX-License-Identifier: Apache-2.0
"""Configures the appliance from its config drive, in place of cloud-init, which would cost half a minute at each boot.

Standard library only, and little of it: under emulation each import is felt.
"""
