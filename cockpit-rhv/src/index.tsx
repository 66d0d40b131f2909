// SPDX-License-Identifier: Apache-2.0
// The first import: the helper starts while the rest of the page is evaluated.
import { session } from "./app/start";

import { createRoot } from "react-dom/client";

import { App } from "./app/App";
import { language } from "./i18n";
import { followTheme } from "./theme";

followTheme();
document.documentElement.lang = language();
document.documentElement.dir = cockpit.language_direction ?? "ltr";

const root = document.getElementById("app");
if (root)
    createRoot(root).render(<App session={session} />);
