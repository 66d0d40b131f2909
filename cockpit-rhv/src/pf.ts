// SPDX-License-Identifier: Apache-2.0
// The PatternFly parts that every page uses, from deep paths: the package's own barrel would pull in everything there is.
// Parts of one page only stand in a pf.ts beside it, so that they load with that page.
export { Alert, AlertActionLink } from "@patternfly/react-core/dist/esm/components/Alert/index.js";
export { Button } from "@patternfly/react-core/dist/esm/components/Button/index.js";
export { Card, CardBody, CardTitle } from "@patternfly/react-core/dist/esm/components/Card/index.js";
export {
    DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm,
} from "@patternfly/react-core/dist/esm/components/DescriptionList/index.js";
export {
    EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter,
} from "@patternfly/react-core/dist/esm/components/EmptyState/index.js";
export { ExpandableSection } from "@patternfly/react-core/dist/esm/components/ExpandableSection/index.js";
export { Icon } from "@patternfly/react-core/dist/esm/components/Icon/index.js";
export { Skeleton } from "@patternfly/react-core/dist/esm/components/Skeleton/index.js";
export { Spinner } from "@patternfly/react-core/dist/esm/components/Spinner/index.js";
export { Title } from "@patternfly/react-core/dist/esm/components/Title/index.js";
