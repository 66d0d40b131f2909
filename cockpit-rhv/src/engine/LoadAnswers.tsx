// SPDX-License-Identifier: Apache-2.0
import { useRef, useState, type ChangeEvent } from "react";

import { go } from "../app/route";
import { loadAnswers } from "../form/draft";
import type { RhvError } from "../generated/wire";
import { _ } from "../i18n";
import { useCall } from "../rpc/hooks";
import { asError } from "../rpc/topics";
import { Button } from "../pf";
import { useDraft } from "./draft-context";
import { readAnswers } from "./load-answers";

/** Fills the wizard with the answers of a file and goes there. */
export function LoadAnswers({ onError }: { onError: (error: RhvError | null) => void }) {
    const { draft, update } = useDraft();
    const call = useCall();
    const input = useRef<HTMLInputElement>(null);
    const [reading, setReading] = useState(false);

    const onFile = (event: ChangeEvent<HTMLInputElement>) => {
        const [file] = event.target.files ?? [];
        if (!file)
            return;
        setReading(true);
        onError(null);
        readAnswers(call, file).then(({ answers, errors }) => {
            update(old => loadAnswers(old, file.name, answers, errors));
            go({ page: "deploy", step: "engine" });
        }).catch((reason: unknown) => onError(asError(reason).error)).finally(() => {
            setReading(false);
            // The same file, mended, may be chosen again.
            if (input.current)
                input.current.value = "";
        });
    };
    return (
        <>
            <Button variant="link" isInline id="load-answers" onClick={() => input.current?.click()} isLoading={reading}
                    spinnerAriaValueText={_("Running")} isDisabled={reading || !draft}>
                {_("Load answers from a file")}
            </Button>
            <input type="file" ref={input} hidden onChange={onFile} accept=".json,.yaml,.yml" aria-label={_("File of answers")} />
        </>
    );
}
