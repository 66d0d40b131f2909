// SPDX-License-Identifier: Apache-2.0
// An archive comes through a channel of its own, as a download: it may be larger than what a page should hold.

/** The address of a channel that the browser saves to a file. `transport`: Cockpit's, which knows this session's token. */
export function bundleUrl(transport: Cockpit.Transport, job: string): string {
    return downloadUrl(transport, ["bundle", job], `rhv-${job}.tar.gz`, "application/gzip");
}

/** The same of an archive of this host's logs. */
export function logArchiveUrl(transport: Cockpit.Transport, id: string, filename: string): string {
    return downloadUrl(transport, ["logs", id], filename, "application/x-xz");
}

function downloadUrl(transport: Cockpit.Transport, what: readonly [string, string], filename: string, type: string): string {
    const { pathname } = new URL(transport.uri(`channel/${transport.csrf_token}`));
    const options = {
        payload: "stream",
        binary: "raw",
        spawn: ["/usr/libexec/cockpit-rhv/helper", ...what],
        superuser: "require",
        // Nobody reads it there; the bridge would keep it in its memory.
        err: "ignore",
        ...(transport.host !== undefined && { host: transport.host }),
        external: {
            "content-disposition": `attachment; filename="${filename}"`,
            "content-type": type,
        },
    };
    return `${pathname}?${btoa(JSON.stringify(options))}`;
}
