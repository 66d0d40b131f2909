// SPDX-License-Identifier: Apache-2.0
import { Notice } from "../common/Notice";
import type { AnswersFile } from "../form/draft";
import { _, plural } from "../i18n";
import { AlertActionLink } from "../pf";
import { objection } from "./load-answers";

/** Says that the answers come from a file, and what is wrong with it. */
export function FileNotice({ file, onDiscard }: { file: AnswersFile; onDiscard: () => void }) {
    const { name, errors } = file;
    return (
        <div className="rhv-file-notice" id="answers-loaded">
            <Notice variant={errors.length > 0 ? "warning" : "success"} title={_("The answers of {name} are loaded", { name })}
                    actionLinks={<AlertActionLink onClick={onDiscard} id="discard-answers">{_("Discard them")}</AlertActionLink>}>
                {errors.length > 0
                    ? (
                        <>
                            <p>{plural("One of them cannot be used as it is:", "{count} of them cannot be used as they are:", errors.length)}</p>
                            <ul>{errors.map(error => <li key={error.path}>{objection(error)}</li>)}</ul>
                        </>
                    )
                    : <p>{_("Passwords are never in such a file: enter the administrator's password. The review shows every value and where it came from.")}</p>}
            </Notice>
        </div>
    );
}
