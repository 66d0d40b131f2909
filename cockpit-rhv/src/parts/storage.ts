// SPDX-License-Identifier: Apache-2.0
export { default as PoolPage } from "../storage/PoolPage";
export { default as StoragePage } from "../storage/StoragePage";
