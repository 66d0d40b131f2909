// SPDX-License-Identifier: Apache-2.0
// PatternFly parts that only this part of the page uses: they load with it.
export { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox/index.js";
export { FormGroup } from "@patternfly/react-core/dist/esm/components/Form/index.js";
