# SPDX-License-Identifier: Apache-2.0
"""An error of libvirt's, made by a test."""

from __future__ import annotations

import libvirt


def libvirt_error(
    text: str, code: int = libvirt.VIR_ERR_OPERATION_FAILED, domain: int = libvirt.VIR_FROM_STORAGE
) -> libvirt.libvirtError:
    """The bindings put the last real error of this thread in place of ``text``, whichever test it came from."""
    error = libvirt.libvirtError(text)
    error.args = (text,)
    error.err = (code, domain, text, libvirt.VIR_ERR_ERROR, None, None, None, -1, -1)
    return error
