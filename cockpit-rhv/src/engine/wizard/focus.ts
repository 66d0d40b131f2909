// SPDX-License-Identifier: Apache-2.0

/** Puts the cursor where the first problem is, once the marked form is drawn. */
export function focusProblem(path: string): void {
    requestAnimationFrame(() => {
        const field = document.querySelector<HTMLElement>(`[data-field="${CSS.escape(path)}"]`);
        // Two different passwords are mended in the second input.
        const repeat = document.querySelector<HTMLElement>(`[data-field="${CSS.escape(path)}.repeat"][aria-invalid="true"]`);
        (repeat ?? field)?.focus();
    });
}

/** Brings a heading that may have the focus into sight, once it is drawn. */
export function focusHeading(id: string): void {
    requestAnimationFrame(() => {
        const heading = document.getElementById(id);
        // What is below it is to be read: it stands at the top.
        heading?.scrollIntoView({ block: "start" });
        heading?.focus({ preventScroll: true });
    });
}
