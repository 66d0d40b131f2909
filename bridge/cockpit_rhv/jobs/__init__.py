# SPDX-License-Identifier: Apache-2.0
"""Jobs: playbooks run detached, in folders anybody may follow, cancel and resume."""
