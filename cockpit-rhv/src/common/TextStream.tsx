// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from "react";

import type { RhvError } from "../generated/wire";
import { asError } from "../rpc/topics";
import { Skeleton } from "../pf";
import { _ } from "../i18n";
import { ErrorAlert } from "./ErrorAlert";

export interface TextChunk {
    text: string;
    next_offset: number;
    eof?: boolean;
}

interface TextStreamProps {
    label: string;
    /** Reads on from an offset; a stable function. */
    read: (offset: number) => Promise<TextChunk>;
    /** More may come: read again after a while. */
    growing: boolean;
    empty: string;
}

const AGAIN_MS = 2_000;
/** A browser shows this much text comfortably; the rest is in the file. */
const MAX_CHARACTERS = 512 * 1024;

/** A growing text of the host, read in pieces while it is shown. */
export function TextStream({ label, read, growing, empty }: TextStreamProps) {
    const [content, setContent] = useState<string | null>(null);
    const [error, setError] = useState<RhvError | null>(null);
    const box = useRef<HTMLPreElement>(null);
    const offset = useRef(0);

    useEffect(() => {
        let timer: ReturnType<typeof setTimeout> | null = null;
        let current = true;
        const next = () => {
            read(offset.current).then(chunk => {
                if (!current)
                    return;
                const progressed = chunk.next_offset > offset.current;
                offset.current = chunk.next_offset;
                setError(null);
                setContent(old => ((old ?? "") + chunk.text).slice(-MAX_CHARACTERS));
                if (progressed && chunk.eof !== true)
                    timer = setTimeout(next, 0);
                else if (growing)
                    timer = setTimeout(next, AGAIN_MS);
            }, (reason: unknown) => {
                if (current)
                    setError(asError(reason).error);
            });
        };
        next();
        return () => {
            current = false;
            if (timer !== null)
                clearTimeout(timer);
        };
    }, [read, growing]);

    useEffect(() => {
        if (box.current)
            box.current.scrollTop = box.current.scrollHeight;
    }, [content]);

    if (error)
        return <ErrorAlert error={error} variant="warning" />;
    if (content === null)
        return <Skeleton screenreaderText={_("Loading")} width="50%" />;
    if (content === "")
        return <p className="rhv-log__empty">{empty}</p>;
    return (
        // A long text scrolls, so the keyboard must be able to reach it.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <pre className="rhv-raw rhv-raw--tall" ref={box} tabIndex={0} role="region" aria-label={label}>{content}</pre>
    );
}
