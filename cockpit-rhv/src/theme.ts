// SPDX-License-Identifier: Apache-2.0
// Follows the style chosen in Cockpit's shell: light, dark, or what the browser prefers.

const DARK = "pf-v6-theme-dark";

export function followTheme(): void {
    const preference = window.matchMedia("(prefers-color-scheme: dark)");
    const apply = (style: string | null) => {
        const dark = style === "dark" || (style !== "light" && preference.matches);
        document.documentElement.classList.toggle(DARK, dark);
    };
    const stored = () => localStorage.getItem("shell:style");

    // Another tab's shell writes the storage; our own shell also sends the event to its frames.
    window.addEventListener("storage", event => {
        if (event.key === "shell:style")
            apply(event.newValue);
    });
    window.addEventListener("cockpit-style", event => {
        const style = event instanceof CustomEvent ? (event.detail as { style?: unknown } | null)?.style : null;
        apply(typeof style === "string" ? style : stored());
    });
    preference.addEventListener("change", () => apply(stored()));
    apply(stored());
}
