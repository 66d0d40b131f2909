# SPDX-License-Identifier: Apache-2.0
"""Disk images and where they lie; knows neither checks nor deployments."""
