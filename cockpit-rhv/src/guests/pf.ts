// SPDX-License-Identifier: Apache-2.0
// PatternFly parts that only this part of the page uses: they load with it.
export { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox/index.js";
export { Divider } from "@patternfly/react-core/dist/esm/components/Divider/index.js";
export { Dropdown, DropdownItem, DropdownList } from "@patternfly/react-core/dist/esm/components/Dropdown/index.js";
export { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect/index.js";
export { Label } from "@patternfly/react-core/dist/esm/components/Label/index.js";
export { MenuToggle } from "@patternfly/react-core/dist/esm/components/MenuToggle/index.js";
export { NumberInput } from "@patternfly/react-core/dist/esm/components/NumberInput/index.js";
export { SearchInput } from "@patternfly/react-core/dist/esm/components/SearchInput/index.js";
