// SPDX-License-Identifier: Apache-2.0

/** Saves a small text; a blob needs no exception from Cockpit's content security policy. */
export function download(filename: string, content: string, type: string): void {
    const url = URL.createObjectURL(new Blob([content], { type }));
    const link = document.createElement("a");
    link.href = url;
    link.download = filename;
    document.body.append(link);
    link.click();
    link.remove();
    // The browser reads the blob after the click has been handled.
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
