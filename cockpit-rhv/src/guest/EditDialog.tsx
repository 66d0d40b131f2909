// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from "react";

import { ErrorAlert } from "../common/ErrorAlert";
import { Modal, ModalBody, ModalFooter, ModalHeader } from "../common/modal";
import { mainElement } from "../common/PageFrame";
import { useAction } from "../common/useAction";
import type { RhvError } from "../generated/wire";
import { _ } from "../i18n";
import { Button } from "../pf";
import { Form } from "./pf";

interface EditDialogProps {
    title: string;
    children: ReactNode;
    /** The verb on the button. */
    confirm: string;
    danger?: boolean;
    wide?: boolean;
    /** Why nothing can be done yet is said beside the fields. */
    isDisabled: boolean;
    action: () => Promise<unknown>;
    onClose: () => void;
    /** When the action has succeeded, instead of closing. */
    onDone?: () => void;
    /** To an earlier step of the same dialog. */
    onBack?: () => void;
    /** Whether an error is said beside a field, and not above all of them. */
    isBeside?: (error: RhvError) => boolean;
}

/** A few fields and one button; stays open with the error when it fails. */
export function EditDialog({ title, children, confirm, danger = false, wide = false, isDisabled, action, onClose, onDone = onClose, onBack, isBeside }: EditDialogProps) {
    const { busy, error, run } = useAction(action, onDone);
    return (
        <Modal isOpen variant={wide ? "large" : "small"} onEscapePress={onClose} appendTo={mainElement}
               aria-labelledby="edit-title" aria-describedby="edit-body">
            <ModalHeader title={title} labelId="edit-title" />
            <ModalBody id="edit-body">
                <Form onSubmit={event => {
                    event.preventDefault();
                    if (!isDisabled && !busy)
                        run();
                }}>
                    {error && !isBeside?.(error) && <ErrorAlert error={error} />}
                    {children}
                </Form>
            </ModalBody>
            <ModalFooter>
                <Button variant={danger ? "danger" : "primary"} onClick={run} isLoading={busy} spinnerAriaValueText={_("Running")}
                        isDisabled={busy || isDisabled} id="edit-confirm">
                    {confirm}
                </Button>
                {onBack && <Button variant="secondary" onClick={onBack} isDisabled={busy}>{_("Back")}</Button>}
                <Button variant="link" onClick={onClose}>{_("Cancel")}</Button>
            </ModalFooter>
        </Modal>
    );
}
