// SPDX-License-Identifier: Apache-2.0
import { createRoot } from "react-dom/client";
import { Button } from "@patternfly/react-core/dist/esm/components/Button/index.js";

const root = document.getElementById("app");
if (root)
    createRoot(root).render(<Button>x</Button>);
