// SPDX-License-Identifier: Apache-2.0
// One part: whoever has begun a deployment can see how it goes, whatever becomes of the package meanwhile.
export { default as EnginePage } from "../engine/EnginePage";
export { default as JobPage } from "../engine/job/JobPage";
export { default as WizardPage } from "../engine/wizard/WizardPage";
