// SPDX-License-Identifier: Apache-2.0
// Class names of PatternFly's style sheets: the package describes its CommonJS files only, and those come as a default inside a default.

declare module "@patternfly/react-styles/css/components/Nav/nav.mjs" {
    export { default } from "@patternfly/react-styles/css/components/Nav/nav.js";
}
