// SPDX-License-Identifier: Apache-2.0
import { createRoot } from "react-dom/client";

import { App } from "./app/App";
import { loadAhead } from "./app/parts";
import { session } from "./app/start";
import { language } from "./i18n";
import { followTheme } from "./theme";

followTheme();
document.documentElement.lang = language();
document.documentElement.dir = cockpit.language_direction ?? "ltr";

const root = document.getElementById("app");
if (root)
    createRoot(root).render(<App session={session} />);
loadAhead();
