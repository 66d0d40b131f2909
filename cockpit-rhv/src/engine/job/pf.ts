// SPDX-License-Identifier: Apache-2.0
// PatternFly parts that only this part of the page uses: they load with it.
export { Progress } from "@patternfly/react-core/dist/esm/components/Progress/index.js";
export { ProgressStep, ProgressStepper } from "@patternfly/react-core/dist/esm/components/ProgressStepper/index.js";
export { SearchInput } from "@patternfly/react-core/dist/esm/components/SearchInput/index.js";
export { Switch } from "@patternfly/react-core/dist/esm/components/Switch/index.js";
export { Tab, TabTitleText, Tabs } from "@patternfly/react-core/dist/esm/components/Tabs/index.js";
export { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup/index.js";
