// SPDX-License-Identifier: Apache-2.0
// PatternFly parts that only this part of the page uses: they load with it.
export { Dropdown, DropdownItem, DropdownList } from "@patternfly/react-core/dist/esm/components/Dropdown/index.js";
export { MenuToggle } from "@patternfly/react-core/dist/esm/components/MenuToggle/index.js";
export { TextArea } from "@patternfly/react-core/dist/esm/components/TextArea/index.js";
export { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup/index.js";
