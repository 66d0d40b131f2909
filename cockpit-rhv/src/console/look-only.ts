// SPDX-License-Identifier: Apache-2.0
import { _ } from "../i18n";

/** Why there is no console where libvirt may only be read. */
export const LOOK_ONLY = () => _("A console needs the right to change guests, and libvirt lets this page look only: the password that VDSM keeps on this host is missing or was refused.");
