// SPDX-License-Identifier: Apache-2.0
// A job's bundle comes through a channel of its own, as a download: it may be larger than what a page should hold.

/** The address of a channel that the browser saves to a file. `transport`: Cockpit's, which knows this session's token. */
export function bundleUrl(transport: Cockpit.Transport, job: string): string {
    const { pathname } = new URL(transport.uri(`channel/${transport.csrf_token}`));
    const options = {
        payload: "stream",
        binary: "raw",
        spawn: ["/usr/libexec/cockpit-rhv/helper", "bundle", job],
        superuser: "require",
        // Nobody reads it there; the bridge would keep it in its memory.
        err: "ignore",
        ...(transport.host !== undefined && { host: transport.host }),
        external: {
            "content-disposition": `attachment; filename="rhv-${job}.tar.gz"`,
            "content-type": "application/gzip",
        },
    };
    return `${pathname}?${btoa(JSON.stringify(options))}`;
}
