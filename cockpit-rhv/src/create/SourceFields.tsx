// SPDX-License-Identifier: Apache-2.0
import { _ } from "../i18n";
import { ChoiceField } from "./Field";
import { SOURCES, needsPath, type Options, type Problems, type Source, type Typed } from "./form";
import { FormGroup, Radio } from "./pf";

function title(source: Source): string {
    switch (source) {
    case "iso": return _("Install from an ISO image");
    case "image": return _("A copy of a disk image, such as a cloud image");
    case "disk": return _("A disk that exists, used as it is");
    case "empty": return _("Nothing: an empty disk");
    }
}

function fileLabel(source: Source): string {
    switch (source) {
    case "iso": return _("ISO image");
    case "image": return _("Image to copy");
    case "disk":
    case "empty": return _("Disk");
    }
}

function fileHelp(source: Source): string | undefined {
    switch (source) {
    case "image": return _("It stays as it is; the guest gets a copy (qcow2 or raw).");
    case "disk": return _("The guest writes to it. Only one guest may use it.");
    case "iso":
    case "empty": return undefined;
    }
}

interface SourceFieldsProps {
    typed: Typed;
    options: Options;
    problems: Problems;
    onEdit: (change: Partial<Typed>) => void;
}

/** What the guest begins with. */
export function SourceFields({ typed, options, problems, onEdit }: SourceFieldsProps) {
    const files = typed.source === "iso" ? options.isos : options.images;
    const choices = files.map(({ path, name, pool }) => ({ value: path, label: pool === null ? path : _("{name} (pool {pool})", { name, pool }) }));
    return (
        <>
            <FormGroup role="radiogroup" isStack label={_("It begins with")} fieldId="create-source">
                {SOURCES.map(source => (
                    <Radio key={source} id={`create-source-${source}`} name="create-source" label={title(source)} isChecked={typed.source === source}
                           onChange={() => onEdit({ source, path: "" })} />
                ))}
            </FormGroup>
            {needsPath(typed.source) && (
                <ChoiceField key={typed.source} id="create-path" label={fileLabel(typed.source)} value={typed.path} choices={choices}
                             other={_("Another file on this host…")} problem={problems["source.path"]}
                             help={fileHelp(typed.source) ?? (choices.length === 0 ? _("Its whole path on this host, beginning with a slash.") : undefined)}
                             onChange={path => onEdit({ path })} />
            )}
        </>
    );
}
