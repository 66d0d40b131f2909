// SPDX-License-Identifier: Apache-2.0
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { startLanguage } from "./language";
import { startTheme } from "./theme";

startTheme();
const root = document.getElementById("app");
if (root) {
    // The catalogue first: a page that changes its language a moment after it appears is a bad greeting.
    void startLanguage().then(() => createRoot(root).render(<App />));
}
