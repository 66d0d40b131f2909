// SPDX-License-Identifier: Apache-2.0
// The PatternFly parts in use, from deep paths: the package's own barrel would pull in everything there is.
export { Alert, AlertActionLink } from "@patternfly/react-core/dist/esm/components/Alert/index.js";
export { Button } from "@patternfly/react-core/dist/esm/components/Button/index.js";
export { Card, CardBody, CardHeader, CardTitle } from "@patternfly/react-core/dist/esm/components/Card/index.js";
export { Checkbox } from "@patternfly/react-core/dist/esm/components/Checkbox/index.js";
export { ClipboardCopy } from "@patternfly/react-core/dist/esm/components/ClipboardCopy/index.js";
export { Content } from "@patternfly/react-core/dist/esm/components/Content/index.js";
export {
    DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm,
} from "@patternfly/react-core/dist/esm/components/DescriptionList/index.js";
export { Dropdown, DropdownItem, DropdownList } from "@patternfly/react-core/dist/esm/components/Dropdown/index.js";
export {
    EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter,
} from "@patternfly/react-core/dist/esm/components/EmptyState/index.js";
export { ExpandableSection } from "@patternfly/react-core/dist/esm/components/ExpandableSection/index.js";
export { Form, FormGroup, FormHelperText } from "@patternfly/react-core/dist/esm/components/Form/index.js";
export { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect/index.js";
export { HelperText, HelperTextItem } from "@patternfly/react-core/dist/esm/components/HelperText/index.js";
export { InputGroup, InputGroupItem, InputGroupText } from "@patternfly/react-core/dist/esm/components/InputGroup/index.js";
export { Label } from "@patternfly/react-core/dist/esm/components/Label/index.js";
export { MenuToggle } from "@patternfly/react-core/dist/esm/components/MenuToggle/index.js";
export { Modal, ModalBody, ModalFooter, ModalHeader } from "@patternfly/react-core/dist/esm/components/Modal/index.js";
export { Progress } from "@patternfly/react-core/dist/esm/components/Progress/index.js";
export { ProgressStep, ProgressStepper } from "@patternfly/react-core/dist/esm/components/ProgressStepper/index.js";
export { Radio } from "@patternfly/react-core/dist/esm/components/Radio/index.js";
export { SearchInput } from "@patternfly/react-core/dist/esm/components/SearchInput/index.js";
export { Skeleton } from "@patternfly/react-core/dist/esm/components/Skeleton/index.js";
export { Spinner } from "@patternfly/react-core/dist/esm/components/Spinner/index.js";
export { Switch } from "@patternfly/react-core/dist/esm/components/Switch/index.js";
export { Tab, TabTitleText, Tabs } from "@patternfly/react-core/dist/esm/components/Tabs/index.js";
export { TextArea } from "@patternfly/react-core/dist/esm/components/TextArea/index.js";
export { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput/index.js";
export { Title } from "@patternfly/react-core/dist/esm/components/Title/index.js";
export { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core/dist/esm/components/ToggleGroup/index.js";
export {
    Wizard, WizardFooterWrapper, WizardStep, useWizardContext,
} from "@patternfly/react-core/dist/esm/components/Wizard/index.js";
export { Icon } from "@patternfly/react-core/dist/esm/components/Icon/index.js";
