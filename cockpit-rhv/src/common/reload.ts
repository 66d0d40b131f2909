// SPDX-License-Identifier: Apache-2.0
/**
 * Loads Cockpit's whole page again, not only our frame: its bridge lists the files of a package once, and looks for those
 * of a new version when the shell starts.
 */
export function reloadPage(): void {
    (window.top ?? window).location.reload();
}
