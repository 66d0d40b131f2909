// SPDX-License-Identifier: Apache-2.0
export { default as NetworksPage } from "../networks/NetworksPage";
