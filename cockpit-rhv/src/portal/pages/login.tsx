// SPDX-License-Identifier: Apache-2.0
import { type SyntheticEvent, useState } from "react";
import { Alert } from "@patternfly/react-core/dist/esm/components/Alert/index.js";
import { Button } from "@patternfly/react-core/dist/esm/components/Button/index.js";
import { Form, FormGroup } from "@patternfly/react-core/dist/esm/components/Form/index.js";
import { TextInput } from "@patternfly/react-core/dist/esm/components/TextInput/index.js";
import { _ } from "../../i18n";
import { ApiError, CA_PATH, login } from "../data/api";
import { beginSession, type Ending } from "../data/session";
import { Words } from "../widgets/words";
import { LANGUAGE_CODES, LANGUAGES, setLanguage, useLanguage } from "../language";

interface Trouble {
    title: string;
    remedy: string;
}

const PROFILE = /@.+/;

function trouble(error: unknown, user: string): Trouble {
    const status = error instanceof ApiError ? error.status : 0;
    if (status === 401 && !PROFILE.test(user)) {
        return {
            title: _("The Manager does not know this user"),
            remedy: _("A user name ends with its profile: {user}@internal.", { user }),
        };
    }
    if (status === 401) {
        return {
            title: _("The user name or the password is wrong"),
            remedy: _("The administrator is admin@internal; the password was chosen when the engine was deployed. Mind Caps Lock and the keyboard layout."),
        };
    }
    if (status === 429) {
        return { title: _("Too many attempts"), remedy: _("Wait a minute, then try again.") };
    }
    if (status === 0) {
        return {
            title: _("The Manager does not answer"),
            remedy: _("Check the network. On its host, Cockpit shows under Hosted engine whether the engine VM runs, and starts it."),
        };
    }
    return {
        title: _("The Manager could not log you in (HTTP {status})", { status: String(status) }),
        remedy: _("It may still be starting: try again in a minute. If it stays so, its log has the cause: `journalctl -u rhv-engine` in the engine VM."),
    };
}

function LanguageSwitch() {
    const language = useLanguage();
    return (
        <nav className="rhv-login__languages" aria-label={_("Language")}>
            {LANGUAGE_CODES.map(item => (
                <Button key={item} variant="link" isInline lang={item} aria-current={item === language ? "true" : undefined}
                        onClick={() => setLanguage(item)}>{LANGUAGES[item]}</Button>
            ))}
        </nav>
    );
}

export function Login({ ended }: { ended: Ending | null }) {
    const [user, setUser] = useState("admin@internal");
    const [password, setPassword] = useState("");
    const [busy, setBusy] = useState(false);
    const [failed, setFailed] = useState<unknown>(null);

    const enter = async (): Promise<void> => {
        setBusy(true);
        setFailed(null);
        try {
            beginSession(await login(user.trim(), password));
        } catch (error) {
            setFailed(error);
            setBusy(false);
            const field = document.querySelector<HTMLInputElement>("#password");
            field?.focus();
            field?.select();
        }
    };
    const submit = (event: SyntheticEvent): void => {
        event.preventDefault();
        if (!busy) void enter();
    };
    const problem = failed === null ? null : trouble(failed, user.trim());

    return (
        <div className="rhv-login">
            <main className="rhv-login__card">
                <header className="rhv-login__header">
                    <h1 className="rhv-login__title">{_("Manager")}</h1>
                    <p className="rhv-login__engine">{location.hostname}</p>
                </header>
                <div className="rhv-live" aria-live="assertive">
                    {problem && <Alert isInline variant="danger" title={problem.title} component="p"><Words text={problem.remedy} /></Alert>}
                </div>
                {!problem && ended === "expired" && (
                    <Alert isInline variant="info" title={_("Your session has ended")} component="p">
                        {_("Log in again to go on where you were.")}
                    </Alert>
                )}
                {!problem && ended === "logged-out" && <Alert isInline variant="success" title={_("You are logged out")} component="p" />}
                <Form onSubmit={submit}>
                    <FormGroup label={_("User name")} fieldId="username">
                        <TextInput id="username" name="username" value={user} onChange={(_event, value) => setUser(value)}
                                   autoComplete="username" autoCapitalize="none" spellCheck={false} isRequired />
                    </FormGroup>
                    <FormGroup label={_("Password")} fieldId="password">
                        {/* The user name is filled in: the password is what the visitor came to type. */}
                        {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
                        <TextInput id="password" name="password" type="password" value={password} autoFocus
                                   onChange={(_event, value) => setPassword(value)} autoComplete="current-password" isRequired />
                    </FormGroup>
                    <Button type="submit" variant="primary" isBlock isLoading={busy} isDisabled={busy}
                            spinnerAriaValueText={_("Logging in")}>{_("Log in")}</Button>
                </Form>
                <footer className="rhv-login__footer">
                    <p>
                        {_("Did your browser warn about this page?")}<br />
                        <a href={CA_PATH} download="rhv-engine-ca.pem">{_("Download this engine's CA")}</a>
                    </p>
                    <LanguageSwitch />
                </footer>
            </main>
        </div>
    );
}
