// SPDX-License-Identifier: Apache-2.0
// The part of ../base1/cockpit.js that this page calls, as found on Cockpit 287, 337 and 372.

declare namespace Cockpit {
    interface CloseMessage {
        problem?: string | null;
        message?: string | null;
    }

    interface Channel {
        readonly valid: boolean;
        send(data: string): void;
        close(problem?: string): void;
        addEventListener(type: "message", listener: (event: unknown, data: string) => void): void;
        addEventListener(type: "ready", listener: (event: unknown, message: object) => void): void;
        addEventListener(type: "close", listener: (event: unknown, message: CloseMessage) => void): void;
    }

    interface StreamOptions {
        payload: "stream";
        spawn: string[];
        superuser: "try" | "require";
        err: "ignore" | "message" | "out";
    }

    interface BinaryChannel {
        send(data: Uint8Array): void;
        close(problem?: string): void;
        addEventListener(type: "message", listener: (event: unknown, data: Uint8Array) => void): void;
        addEventListener(type: "close", listener: (event: unknown, message: CloseMessage) => void): void;
    }

    interface DBusProxy {
        readonly valid: boolean;
        addEventListener(type: "changed", listener: (event: unknown, data: object) => void): void;
        removeEventListener(type: "changed", listener: (event: unknown, data: object) => void): void;
        wait(callback: () => void): void;
    }

    interface SuperuserProxy extends DBusProxy {
        readonly Current?: string;
    }

    interface DBusClient {
        proxy(iface: "cockpit.Superuser", path: "/superuser"): SuperuserProxy;
        close(): void;
    }

    interface Location {
        readonly path: string[];
        readonly options: Record<string, string | string[]>;
        go(path: string[] | string, options?: Readonly<Record<string, string>>): void;
        replace(path: string[] | string, options?: Readonly<Record<string, string>>): void;
    }

    interface Transport {
        readonly host?: string;
        readonly csrf_token: string;
        uri(suffix: string): string;
        /** Calls back when messages can be sent, in the order in which it was asked, by channels too. */
        wait(callback: () => void): void;
    }

    interface Api {
        readonly language: string;
        readonly language_direction?: string;
        readonly hidden: boolean;
        readonly location: Location;
        readonly transport: Transport;
        gettext(text: string): string;
        ngettext(one: string, many: string, count: number): string;
        channel(options: StreamOptions & { binary: true }): BinaryChannel;
        channel(options: StreamOptions): Channel;
        dbus(name: null, options: { bus: "internal" }): DBusClient;
        addEventListener(type: "locationchanged" | "visibilitychange", listener: () => void): void;
        removeEventListener(type: "locationchanged" | "visibilitychange", listener: () => void): void;
    }
}

declare const cockpit: Cockpit.Api;

/** The package's version, put in by build.mjs. */
declare const __VERSION__: string;
