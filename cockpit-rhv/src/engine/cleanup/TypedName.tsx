// SPDX-License-Identifier: Apache-2.0
import { Form, FormGroup } from "@patternfly/react-core/dist/esm/components/Form/index.js";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput/index.js";

import { _ } from "../../i18n";

interface TypedNameProps {
    name: string;
    value: string;
    onChange: (value: string) => void;
}

/** Whoever types the name of what is to be lost knows what it is. */
export function TypedName({ name, value, onChange }: TypedNameProps) {
    return (
        <Form onSubmit={event => event.preventDefault()}>
            <FormGroup label={_("Type {name} to go on", { name })} fieldId="cleanup-name" isRequired>
                <TextInput id="cleanup-name" value={value} onChange={(_event, next) => onChange(next)} autoComplete="off" spellCheck={false} />
            </FormGroup>
        </Form>
    );
}
