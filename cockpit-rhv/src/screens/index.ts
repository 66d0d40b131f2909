// SPDX-License-Identifier: Apache-2.0
// The viewers of guests' consoles, noVNC and xterm.js: a script of their own that loads when a console is first opened.
export { showScreen } from "./screen";
export { showTerminal } from "./terminal";
