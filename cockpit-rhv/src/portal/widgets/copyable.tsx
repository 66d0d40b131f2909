// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "react";
import { Button } from "@patternfly/react-core/dist/esm/components/Button/index.js";
import { CheckIcon } from "@patternfly/react-icons/dist/esm/icons/check-icon.js";
import { CopyIcon } from "@patternfly/react-icons/dist/esm/icons/copy-icon.js";
import { _ } from "../../i18n";

interface Props {
    text: string;
    /** What is copied, for the button's name: "the command". */
    what: string;
}

/** Text to take into a terminal or a file, with a button that copies it. */
export function Copyable({ text, what }: Props) {
    const [copied, setCopied] = useState<boolean | null>(null);
    useEffect(() => {
        if (copied === null) return;
        const timer = setTimeout(() => setCopied(null), 3000);
        return () => clearTimeout(timer);
    }, [copied]);
    const copy = (): void => {
        // The promise is missing where the page was opened in the clear.
        navigator.clipboard.writeText(text).then(() => setCopied(true), () => setCopied(false));
    };
    return (
        <div className="rhv-code">
            <pre className="rhv-code__text"><code>{text}</code></pre>
            <Button variant="plain" aria-label={_("Copy {what}", { what })} onClick={copy} icon={copied ? <CheckIcon /> : <CopyIcon />} />
            <span className="rhv-sr" role="status">
                {copied === true && _("Copied")}{copied === false && _("Copying was refused by the browser")}
            </span>
        </div>
    );
}
