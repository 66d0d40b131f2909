# SPDX-License-Identifier: Apache-2.0
"""Builds ``rhv-engine.qcow2`` from Debian packages, the engine's package and the files of this folder."""
