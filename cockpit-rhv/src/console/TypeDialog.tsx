// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "react";

import { Modal, ModalBody, ModalFooter, ModalHeader } from "../common/modal";
import { Notice } from "../common/Notice";
import { mainElement } from "../common/PageFrame";
import { _, plural } from "../i18n";
import { Button } from "../pf";
import type { Viewer } from "../screens/types";
import type { Kind } from "./channel";
import { TextArea } from "./pf";

/** Types the text of the clipboard, or any other, into the guest. */
export function TypeDialog({ viewer, kind, onClose }: { viewer: Viewer; kind: Kind; onClose: () => void }) {
    const [text, setText] = useState("");
    const [left, setLeft] = useState(0);

    // A browser that does not hand out the clipboard leaves it to the person to paste.
    useEffect(() => {
        let gone = false;
        const { clipboard } = navigator as { clipboard?: Clipboard };
        clipboard?.readText().then(content => {
            if (!gone)
                setText(current => (current === "" ? content : current));
        }, () => undefined);
        return () => {
            gone = true;
        };
    }, []);

    const send = () => {
        const leftOut = viewer.type(text);
        if (leftOut > 0)
            setLeft(leftOut);
        else
            onClose();
    };

    return (
        <Modal isOpen variant="small" onEscapePress={onClose} appendTo={mainElement} aria-labelledby="type-title" aria-describedby="type-body">
            <ModalHeader title={_("Type a text into the guest")} labelId="type-title" />
            <ModalBody id="type-body">
                {left > 0 && (
                    <Notice variant="warning" title={plural("{count} character was left out", "{count} characters were left out", left)}>
                        {_("A US keyboard has no keys for them. The rest has been typed.")}
                    </Notice>
                )}
                <p id="type-help">
                    {kind === "vnc"
                        ? _("It is typed as on a US keyboard: a guest with another layout may show other characters.")
                        : _("It is sent as it is; each line ends as with Enter.")}
                </p>
                <TextArea id="type-text" value={text} onChange={(_event, value) => setText(value)} rows={6} resizeOrientation="vertical"
                          aria-label={_("Text to type")} aria-describedby="type-help" />
            </ModalBody>
            <ModalFooter>
                <Button onClick={send} isDisabled={text === ""} id="type-send">{_("Type it")}</Button>
                <Button variant="link" onClick={onClose}>{_("Close")}</Button>
            </ModalFooter>
        </Modal>
    );
}
