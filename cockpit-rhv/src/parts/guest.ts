// SPDX-License-Identifier: Apache-2.0
export { default as ConsolePage } from "../console/ConsolePage";
export { default as GuestPage } from "../guest/GuestPage";
