// SPDX-License-Identifier: Apache-2.0
import { _ } from "../i18n";
import { Field, TextField } from "./Field";
import { hostnameOf, type Problems, type Typed } from "./form";
import { Checkbox, TextArea } from "./pf";

interface CloudFieldsProps {
    typed: Typed;
    problems: Problems;
    /** A program that writes the seed is installed. */
    possible: boolean;
    onEdit: (change: Partial<Typed>) => void;
}

/** What cloud-init is told at the first start. */
export function CloudFields({ typed, problems, possible, onEdit }: CloudFieldsProps) {
    const key = problems["cloud.ssh_key"];
    return (
        <>
            <Checkbox id="create-seeded" label={_("Set it up with cloud-init")} isChecked={typed.seeded} isDisabled={!possible}
                      description={possible
                          ? _("For images that read it at their first start: a name, a user and how to log in.")
                          : _("Install the package xorriso for this.")}
                      onChange={(_event, seeded) => onEdit({ seeded })} />
            {typed.seeded && (
                <>
                    <TextField id="create-hostname" label={_("Host name")} value={typed.hostname} placeholder={hostnameOf(typed.name)}
                               problem={problems["cloud.hostname"]} help={_("The guest's name unless something is typed.")}
                               onChange={hostname => onEdit({ hostname })} />
                    <TextField id="create-user" label={_("User")} value={typed.user} problem={problems["cloud.user"]}
                               help={_("May do everything there with sudo.")} onChange={user => onEdit({ user })} />
                    <Field id="create-key" label={_("Public SSH key")} problem={key} help={_("One line, as in a file that ends in .pub.")}>
                        <TextArea id="create-key" value={typed.key} rows={2} resizeOrientation="vertical" aria-describedby="create-key-help"
                                  validated={key === undefined ? "default" : "error"}
                                  onChange={(_event, value) => onEdit({ key: value.replace(/[\r\n]+/g, " ") })} />
                    </Field>
                    <TextField id="create-password" label={_("Password")} type="password" value={typed.password} problem={problems["cloud.password"]}
                               help={_("Only its hash is kept. Without one, only the key opens.")} onChange={password => onEdit({ password })} />
                </>
            )}
        </>
    );
}
