// SPDX-License-Identifier: Apache-2.0
// Draws only the rows of a long table that are in sight. All rows are equally high; the window scrolls, not the table.
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";
import { flushSync } from "react-dom";

export interface Range {
    first: number;
    /** After the last one. */
    end: number;
}

/** Rows beyond either edge, so that a flick of the wheel meets no blank. */
const OVERSCAN = 12;

/**
 * Which of `count` rows to draw: `top` is where the first row begins, seen from the window's upper edge. In steps of
 * half the overscan, so that scrolling by a row draws nothing anew.
 */
export function visibleRange(top: number, height: number, rowHeight: number, count: number): Range {
    const step = OVERSCAN / 2;
    const first = Math.floor(-top / rowHeight / step) * step - OVERSCAN;
    const end = Math.ceil((height - top) / rowHeight / step) * step + OVERSCAN;
    return { first: Math.min(Math.max(0, first), Math.max(0, count - 1)), end: Math.min(count, Math.max(0, end)) };
}

interface Windowed extends Range {
    rowHeight: number;
    /** On the element whose children are the rows. */
    body: RefObject<HTMLTableSectionElement>;
    /** Brings a row into sight and draws it. */
    reveal: (index: number) => void;
}

/** `guess`: height of a row before one has been measured. */
export function useWindow(count: number, guess: number): Windowed {
    const body = useRef<HTMLTableSectionElement>(null);
    const [rowHeight, setRowHeight] = useState(guess);
    const [range, setRange] = useState<Range>(() => visibleRange(0, window.innerHeight, guess, count));

    const look = useCallback(() => {
        if (!body.current)
            return;
        const next = visibleRange(body.current.getBoundingClientRect().top, window.innerHeight, rowHeight, count);
        setRange(old => (old.first === next.first && old.end === next.end ? old : next));
    }, [count, rowHeight]);

    useLayoutEffect(() => {
        const measured = body.current?.querySelector("[data-guest]")?.getBoundingClientRect().height;
        if (measured !== undefined && measured > 0 && Math.abs(measured - rowHeight) > 0.5)
            setRowHeight(measured);
        look();
    }, [look, rowHeight]);

    useEffect(() => {
        const resized = () => {
            const row = body.current?.querySelector("[data-guest]");
            if (row)
                setRowHeight(row.getBoundingClientRect().height);
            look();
        };
        // Drawn before the browser paints the place that was scrolled to: no frame shows a blank.
        const scrolled = () => flushSync(look);
        window.addEventListener("scroll", scrolled, { passive: true });
        window.addEventListener("resize", resized);
        return () => {
            window.removeEventListener("scroll", scrolled);
            window.removeEventListener("resize", resized);
        };
    }, [look]);

    const reveal = useCallback((index: number) => {
        if (!body.current)
            return;
        const top = body.current.getBoundingClientRect().top + index * rowHeight;
        // The head of the table stays above the rows, a bar of actions may stay below them.
        const margin = rowHeight * 2;
        if (top < margin)
            window.scrollBy(0, top - margin);
        else if (top + rowHeight + margin > window.innerHeight)
            window.scrollBy(0, top + rowHeight + margin - window.innerHeight);
        look();
    }, [look, rowHeight]);

    // Fewer rows than before: the range is corrected after drawing, until then what is there.
    return { first: Math.min(range.first, count), end: Math.min(range.end, count), rowHeight, body, reveal };
}
