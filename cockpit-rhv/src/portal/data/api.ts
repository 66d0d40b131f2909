// SPDX-License-Identifier: Apache-2.0
// The Manager's HTTP interface: single sign-on, the oVirt API in JSON, the CA.

import { type Json, num, str } from "./json";
import { type Ending, endSession, type Session } from "./session";

const BASE = "/ovirt-engine";

/** `status` 0: nothing answered at all. */
export class ApiError extends Error {
    constructor(readonly status: number, readonly detail: string) {
        super(detail || `HTTP ${status}`);
        this.name = "ApiError";
    }
}

async function send(path: string, init: RequestInit): Promise<Response> {
    try {
        return await fetch(BASE + path, { cache: "no-store", credentials: "omit", redirect: "error", ...init });
    } catch (error) {
        if (error instanceof DOMException && error.name === "AbortError") throw error;
        throw new ApiError(0, error instanceof Error ? error.message : String(error));
    }
}

async function body(response: Response): Promise<Json> {
    const text = await response.text();
    try {
        return JSON.parse(text) as Json;
    } catch {
        return response.ok ? text : null;
    }
}

/** The sentence in an oVirt fault, which comes as `[Cannot do this. Because of that.]`. */
function fault(value: Json): string {
    const detail = str(value, "detail") || str(value, "fault", "detail") || str(value, "reason");
    return detail.replace(/^\[(.*)\]$/s, "$1");
}

/** A request with the session's token; a 401 ends that session and so shows the login form. */
export async function authorized(session: Session, path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${session.token}`);
    if (!headers.has("Accept")) headers.set("Accept", "application/json");
    const response = await send(path, { ...init, headers });
    if (response.status === 401) endSession(session.token, "expired");
    return response;
}

export async function getJson(session: Session, path: string, signal?: AbortSignal): Promise<Json> {
    const response = await authorized(session, `/api${path}`, signal ? { signal } : {});
    const value = await body(response);
    if (!response.ok) throw new ApiError(response.status, fault(value));
    return value;
}

function form(fields: Record<string, string>): RequestInit {
    return {
        method: "POST",
        headers: { Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(fields).toString(),
    };
}

export async function login(user: string, password: string): Promise<Session> {
    const response = await send("/sso/oauth/token", form({
        grant_type: "password", scope: "ovirt-app-api", username: user, password,
    }));
    const answer = await body(response);
    const token = str(answer, "access_token");
    if (!token) {
        const code = str(answer, "error_code") || str(answer, "error");
        // The server refuses a wrong password with 400, as oVirt does; a visitor who is too fast gets a 429.
        const refused = response.status !== 429 && (code === "access_denied" || code === "invalid_grant");
        throw new ApiError(refused ? 401 : response.status, str(answer, "error") || str(answer, "error_description"));
    }
    return { token, user, idleS: num(answer, "expires_in") };
}

/** Tells the Manager to forget the token. The page forgets it in any case. */
export async function logout(session: Session, ending: Ending = "logged-out"): Promise<void> {
    endSession(session.token, ending);
    try {
        await send("/services/sso-logout", { ...form({ scope: "ovirt-app-api", token: session.token }), keepalive: true });
    } catch (error) {
        console.warn("The Manager did not take the logout; the token ends by itself.", error);
    }
}

export async function engineVersion(): Promise<string> {
    const response = await send("/services/info", { headers: { Accept: "application/json" } });
    return response.ok ? str(await body(response), "version") : "";
}

export const CA_PATH = `${BASE}/services/pki-resource?resource=ca-certificate&format=X509-PEM-CA`;

export interface Authority {
    pem: string;
    /** SHA-256 of the DER, `AB:CD:…`. */
    sha256: string;
}

export async function authority(): Promise<Authority> {
    const response = await send(CA_PATH.slice(BASE.length), {});
    const pem = await response.text();
    const base64 = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/.exec(pem)?.[1];
    if (!response.ok || !base64) throw new ApiError(response.status, "");
    const der = Uint8Array.from(atob(base64.replace(/\s/g, "")), character => character.charCodeAt(0));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
    const sha256 = Array.from(digest, byte => byte.toString(16).padStart(2, "0").toUpperCase()).join(":");
    return { pem, sha256 };
}
