// SPDX-License-Identifier: Apache-2.0
// What the page and the bundle of viewers say to each other; types only, so that neither is built into the other.

/** The guest's side, once it is open. */
export interface Link {
    send: (data: Uint8Array) => void;
    /** Set by the viewer: what it does with the guest's bytes. */
    receive: ((data: Uint8Array) => void) | null;
}

/** A key as X calls it, and its place on the keyboard as browsers call it. */
export interface Key {
    keysym: number;
    code: string;
}

export interface Viewer {
    focus: () => void;
    /** Lets go of what the person holds down, so that nothing stays pressed in the guest. */
    leave: () => void;
    /** Presses them in this order, then lets go of all. A serial line has no keys: nothing happens. */
    press: (keys: readonly Key[]) => void;
    /** Types a text; returns how many characters no key of a US keyboard makes. */
    type: (text: string) => number;
    /** Makes the guest's picture as large as there is room, or shows it as it is. */
    fit: (fit: boolean) => void;
    close: () => void;
}

export interface ViewerEvents {
    /** The guest's picture is there. */
    ready: () => void;
    /** The viewer cannot go on; in English, for whoever looks into the details. */
    failed: (detail: string) => void;
}

export interface Place {
    element: HTMLElement;
    /** What a screen reader calls it, and the id of what it says about the keys. */
    label: string;
    describedBy: string;
    fit: boolean;
}

export interface Screens {
    showScreen: (place: Place, link: Link, events: ViewerEvents) => Viewer;
    showTerminal: (place: Place, link: Link, events: ViewerEvents) => Viewer;
}
