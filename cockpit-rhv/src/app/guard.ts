// SPDX-License-Identifier: Apache-2.0
// When the page's own script does not come, nothing else could say so.
import { _ } from "../i18n";
import { reloadPage } from "../common/reload";

/** After this long without anything to see something is wrong, even when nobody says what. */
const LIMIT_MS = 20_000;

/** Says in plain elements that the page did not load, instead of showing nothing; React takes their place should it come after all. */
export function guard(): void {
    const check = () => {
        const root = document.getElementById("app");
        if (!root || root.childElementCount > 0)
            return;
        const main = document.createElement("main");
        main.className = "rhv-page";
        main.dataset.state = "error";
        main.dataset.page = "guard";
        const title = document.createElement("h1");
        title.className = "pf-v6-c-title pf-m-2xl";
        title.textContent = _("The page could not be loaded from the host");
        const advice = document.createElement("p");
        advice.textContent = _("Load it again. If that does not help, log out of Cockpit and in again.");
        const button = document.createElement("button");
        button.className = "pf-v6-c-button pf-m-primary rhv-guard";
        button.textContent = _("Load the page again");
        button.addEventListener("click", reloadPage);
        main.append(title, advice, button);
        root.append(main);
    };
    // A script that does not come tells nobody but whoever captures it; one that cannot be linked is an error of the window.
    window.addEventListener("error", check, true);
    setTimeout(check, LIMIT_MS);
}
