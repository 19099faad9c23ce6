// What the examples of the document name (an account, a session, a user, an upload), replaced by what exists.
import { expect } from "vitest";
import type { Backend } from "../local/backend.fixture.ts";
import { json } from "./responses.fixture.ts";

/** The account and the session of the examples. */
const EXAMPLE_EMAIL = "owner@example.com";
const EXAMPLE_PASSWORD = "correct horse battery staple";
const EXAMPLE_SESSION = "7d0c2a52-5a0c-4c3e-9a55-0b6f3f0a2b11";

/** The user of the examples, their e-mail address and one-time token, and the passwords. */
const EXAMPLE_USER = "3b0f7c62-9a51-4f0e-8a57-0c2d9f4e6b18";
const EXAMPLE_USER_EMAIL = "ada@example.com";
const EXAMPLE_TOKEN = /3b0f7c62[\w-]+\.[\w-]{43}/g;
const EXAMPLE_PASSWORDS = /four words are enough|five other words are better/g;

/** The direct upload of the examples. */
const EXAMPLE_UPLOAD = "0193a1c2-5b7e-7000-8000-2f6b1d9c4e83";

/**
 * @param owner token of the owner
 * @param file JPEG of a direct upload
 */
export function openExamples(backend: Backend, owner: string, file: Uint8Array<ArrayBuffer>) {
  /** Signs the owner in, and returns the id of the session. */
  async function newSession(): Promise<string> {
    const { email, password } = backend.owner;
    const body = new URLSearchParams({ grant_type: "password", username: email, password });
    const tokens = await json<{ refresh_token: string }>(
      fetch(`${backend.api}/v1/auth/token`, { method: "POST", body }),
    );
    return tokens.refresh_token.split(".")[1] ?? "";
  }

  /** Replaces the user of the examples by one who was just created. */
  async function withUser(call: string): Promise<string> {
    if (!call.includes(EXAMPLE_USER)) return call.replaceAll(EXAMPLE_USER_EMAIL, `${crypto.randomUUID()}@example.com`);
    const response = await fetch(`${backend.api}/v1/users`, {
      method: "POST",
      headers: { authorization: `Bearer ${owner}`, "content-type": "application/json" },
      body: JSON.stringify({ email: `${crypto.randomUUID()}@example.com`, role: "viewer" }),
    });
    const { user, token } = (await response.json()) as { user: { id: string }; token: string };
    return call.replace(EXAMPLE_TOKEN, token).replaceAll(EXAMPLE_USER, user.id);
  }

  /** The id of a direct upload that was committed, so that the first documented status of a commit follows. */
  async function newUpload(): Promise<string> {
    const opened = await fetch(`${backend.api}/v1/uploads`, {
      method: "POST",
      headers: { authorization: `Bearer ${owner}`, "content-type": "application/json" },
      body: JSON.stringify({ filename: "portrait.jpg", contentType: "image/jpeg", size: file.byteLength }),
    });
    const { id, url, method, headers } = (await opened.json()) as Record<"id" | "url" | "method", string> & {
      headers: Record<string, string>;
    };
    expect((await fetch(url, { method, headers, body: file })).status).toBe(201);
    await fetch(`${backend.api}/v1/uploads/${id}/commit`, {
      method: "POST",
      headers: { authorization: `Bearer ${owner}` },
    });
    return id;
  }

  /** The call, written as JSON, with existing things in place of those of the examples. */
  return async (example: string): Promise<string> => {
    let call = example;
    if (call.includes(EXAMPLE_SESSION)) call = call.replaceAll(EXAMPLE_SESSION, await newSession());
    if (call.includes(EXAMPLE_UPLOAD)) call = call.replaceAll(EXAMPLE_UPLOAD, await newUpload());
    call = await withUser(call);
    call = call.replace(EXAMPLE_PASSWORDS, backend.owner.password);
    const form = (value: string) => new URLSearchParams({ value }).toString().slice("value=".length);
    call = call.replaceAll(form(EXAMPLE_EMAIL), form(backend.owner.email));
    call = call.replaceAll(form(EXAMPLE_PASSWORD), form(backend.owner.password));
    return call;
  };
}
