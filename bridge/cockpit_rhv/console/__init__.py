# SPDX-License-Identifier: Apache-2.0
"""Front door for one console of one guest: the page's bytes on stdin and stdout, the guest's on the other side."""
