// SPDX-License-Identifier: Apache-2.0
import js from "@eslint/js";
import globals from "globals";
import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
    { ignores: ["cockpit-rhv/dist/", "cockpit-rhv/src/generated/", "build/", "node_modules/"] },
    js.configs.recommended,
    {
        files: ["**/*.ts", "**/*.tsx"],
        extends: [
            tseslint.configs.strictTypeChecked,
            tseslint.configs.stylisticTypeChecked,
            a11y.flatConfigs.strict,
            hooks.configs.flat["recommended-latest"],
        ],
        languageOptions: {
            globals: globals.browser,
            parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
        },
        rules: {
            "@typescript-eslint/no-explicit-any": "error",
            "@typescript-eslint/consistent-type-imports": "error",
            // {n} is a number in a sentence, not a stray object.
            "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
            "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
            // Barrel imports would pull all of PatternFly into the bundle.
            "no-restricted-imports": ["error", {
                paths: [
                    "@patternfly/react-core", "@patternfly/react-icons", "@patternfly/react-styles",
                    "@patternfly/react-core/dist/esm", "@patternfly/react-icons/dist/esm",
                ],
            }],
            "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
        },
    },
    {
        files: ["cockpit-rhv/test/**"],
        // node:test returns promises nobody awaits, by design.
        rules: { "@typescript-eslint/no-floating-promises": "off" },
        languageOptions: { globals: globals.node },
    },
    {
        files: ["**/*.mjs", "eslint.config.js"],
        languageOptions: { globals: globals.node },
    },
);
