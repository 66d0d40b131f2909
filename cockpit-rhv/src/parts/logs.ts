// SPDX-License-Identifier: Apache-2.0
export { default as CollectPage } from "../logs/CollectPage";
export { default as EventsPage } from "../logs/EventsPage";
