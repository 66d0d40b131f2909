// SPDX-License-Identifier: Apache-2.0

/** Calls back when the user turns administrative access on or off in Cockpit's shell; returns how to stop. */
export function watchSuperuser(changed: () => void): () => void {
    const bus = cockpit.dbus(null, { bus: "internal" });
    const proxy = bus.proxy("cockpit.Superuser", "/superuser");
    let last: string | null = null;
    const look = () => {
        const current = proxy.valid ? proxy.Current : undefined;
        // "init": the user is still being asked for a password.
        if (current === undefined || current === "init" || current === last)
            return;
        const first = last === null;
        last = current;
        if (!first)
            changed();
    };
    proxy.addEventListener("changed", look);
    proxy.wait(look);
    return () => {
        proxy.removeEventListener("changed", look);
        bus.close();
    };
}
