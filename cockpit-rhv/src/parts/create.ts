// SPDX-License-Identifier: Apache-2.0
export { default as ClonePage } from "../create/ClonePage";
export { default as CreatePage } from "../create/CreatePage";
