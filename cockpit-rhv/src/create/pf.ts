// SPDX-License-Identifier: Apache-2.0
// PatternFly parts that only this part of the page uses: they load with it.
export { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox/index.js";
export { Form, FormGroup, FormHelperText } from "@patternfly/react-core/dist/esm/components/Form/index.js";
export { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect/index.js";
export { HelperText, HelperTextItem } from "@patternfly/react-core/dist/esm/components/HelperText/index.js";
export { Radio } from "@patternfly/react-core/dist/esm/components/Radio/index.js";
export { TextArea } from "@patternfly/react-core/dist/esm/components/TextArea/index.js";
export { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput/index.js";
