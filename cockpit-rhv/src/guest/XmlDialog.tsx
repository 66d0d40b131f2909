// SPDX-License-Identifier: Apache-2.0
import { useEffect, useId, useState } from "react";

import { ErrorAlert } from "../common/ErrorAlert";
import { Modal, ModalBody, ModalFooter, ModalHeader } from "../common/modal";
import { Notice } from "../common/Notice";
import { mainElement } from "../common/PageFrame";
import { useAction } from "../common/useAction";
import type { MachinesXmlResult, RhvError } from "../generated/wire";
import type { Guest } from "../guests/states";
import { _ } from "../i18n";
import { Button, Skeleton } from "../pf";
import { useCall } from "../rpc/hooks";
import { asError } from "../rpc/topics";

interface XmlDialogProps {
    guest: Guest;
    stored: boolean;
    locked: boolean;
    onClose: () => void;
}

/** A definition to read and copy; the stored one can be changed by who knows what that means. */
export function XmlDialog({ guest: { uuid, name }, stored, locked, onClose }: XmlDialogProps) {
    const call = useCall();
    const field = useId();
    const [read, setRead] = useState<MachinesXmlResult | null>(null);
    const [text, setText] = useState<string | null>(null);
    const [unreadable, setUnreadable] = useState<RhvError | null>(null);
    const [copied, setCopied] = useState(false);
    useEffect(() => {
        let wanted = true;
        call("machines.xml", { uuid, stored }).then(
            result => wanted && setRead(result),
            (reason: unknown) => wanted && setUnreadable(asError(reason).error),
        );
        return () => {
            wanted = false;
        };
    }, [call, uuid, stored]);
    const editing = text !== null;
    const copy = () => {
        // Without the right to the clipboard the text is selected, to be copied by hand.
        navigator.clipboard.writeText(text ?? read?.text ?? "").then(() => setCopied(true), () => {
            const area = document.getElementById(field);
            if (area instanceof HTMLTextAreaElement)
                area.select();
        });
    };
    const { busy, error: refused, run: save } = useAction(
        () => call("machines.define_xml", { uuid, text: text ?? "", fingerprint: read?.fingerprint ?? "" }), onClose);
    const error = unreadable ?? refused;
    return (
        <Modal isOpen variant="large" onEscapePress={onClose} appendTo={mainElement} aria-labelledby="xml-title" aria-describedby="xml-body">
            <ModalHeader labelId="xml-title" title={stored ? _("{name} as it starts next", { name }) : _("{name} as it runs", { name })} />
            <ModalBody id="xml-body" className="rhv-stack">
                {error && <ErrorAlert error={error} />}
                {editing && (
                    <Notice variant="warning" title={_("libvirt checks the form, not the sense")}>
                        {_("A guest that is changed wrongly may not start any more. The change counts from the next start on; name and UUID stay as they are.")}
                    </Notice>
                )}
                {read
                    ? (
                        <>
                            <label htmlFor={field} className="pf-v6-screen-reader">{_("Definition (XML)")}</label>
                            <textarea id={field} className="rhv-xml" spellCheck={false} readOnly={!editing} value={text ?? read.text}
                                      onChange={event => setText(event.currentTarget.value)} />
                        </>
                    )
                    : !unreadable && <Skeleton screenreaderText={_("Loading")} height="20rem" />}
                <span role="status" className="rhv-muted">{copied && _("Copied.")}</span>
            </ModalBody>
            <ModalFooter>
                {editing && (
                    <Button id="xml-save" onClick={save} isLoading={busy} spinnerAriaValueText={_("Running")} isDisabled={busy || text === read?.text}>
                        {_("Save")}
                    </Button>
                )}
                {stored && !editing && (
                    <Button variant="secondary" id="xml-edit" isDisabled={!read || locked} onClick={() => setText(read?.text ?? "")}>{_("Edit")}</Button>
                )}
                <Button variant="secondary" id="xml-copy" isDisabled={!read} onClick={copy}>{_("Copy")}</Button>
                <Button variant="link" onClick={onClose}>{editing ? _("Cancel") : _("Close")}</Button>
            </ModalFooter>
        </Modal>
    );
}
