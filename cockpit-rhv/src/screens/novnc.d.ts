// SPDX-License-Identifier: Apache-2.0
// The part of noVNC that is used; it brings no types of its own. https://github.com/novnc/noVNC/blob/master/docs/API.md

declare module "@novnc/novnc" {
    export interface RawChannel {
        binaryType: string;
        readonly protocol: string;
        readonly readyState: string;
        onopen: (() => void) | null;
        onmessage: ((event: { data: ArrayBufferLike }) => void) | null;
        onerror: ((event: unknown) => void) | null;
        onclose: ((event: { code: number; reason: string; wasClean: boolean }) => void) | null;
        send(data: ArrayBuffer | ArrayBufferView<ArrayBuffer>): void;
        close(): void;
    }

    export default class RFB extends EventTarget {
        constructor(target: HTMLElement, channel: RawChannel, options?: { shared?: boolean });
        scaleViewport: boolean;
        clipViewport: boolean;
        background: string;
        showDotCursor: boolean;
        disconnect(): void;
        focus(): void;
        blur(): void;
        clipboardPasteFrom(text: string): void;
        sendKey(keysym: number, code: string | null, down?: boolean): void;
    }
}

declare module "*.css" {
    const text: string;
    export default text;
}
