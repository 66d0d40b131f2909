// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from "react";

import { _ } from "../i18n";
import { Button } from "../pf";
import { Modal, ModalBody, ModalFooter, ModalHeader } from "./modal";
import { ErrorAlert } from "./ErrorAlert";
import { useAction } from "./useAction";

interface ConfirmDialogProps {
    title: string;
    children: ReactNode;
    /** The verb on the button: what will happen, not "OK". */
    confirm: string;
    cancel?: string;
    danger?: boolean;
    /** Something in it is not filled in yet. */
    isDisabled?: boolean;
    action: () => Promise<unknown>;
    onClose: () => void;
}

/** Asks before something that cannot be taken back; stays open with the error when it fails. */
export function ConfirmDialog({ title, children, confirm, cancel, danger = false, isDisabled = false, action, onClose }: ConfirmDialogProps) {
    const { busy, error, run } = useAction(action, onClose);
    return (
        <Modal isOpen variant="small" onEscapePress={onClose} appendTo={() => document.querySelector("main") ?? document.body}
               aria-labelledby="confirm-title" aria-describedby="confirm-body">
            <ModalHeader title={title} labelId="confirm-title" />
            <ModalBody id="confirm-body">
                {error && <ErrorAlert error={error} />}
                {children}
            </ModalBody>
            <ModalFooter>
                <Button variant={danger ? "danger" : "primary"} onClick={run} isLoading={busy} spinnerAriaValueText={_("Running")} isDisabled={busy || isDisabled}
                        id="confirm-action">
                    {confirm}
                </Button>
                <Button variant="link" onClick={onClose}>{cancel ?? _("Cancel")}</Button>
            </ModalFooter>
        </Modal>
    );
}
