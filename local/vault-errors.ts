// What the local vault refuses, in Key Vault's codes and its error body.
// https://learn.microsoft.com/azure/key-vault/general/rest-error-codes

type Refusal = Error & { status: number; code: string; inner?: string };

export function refusal(status: number, code: string, message: string): Refusal {
  return Object.assign(new Error(message), { status, code });
}

export const notAllowed = (method: string) => refusal(405, "MethodNotAllowed", `${method} is not allowed here.`);

export const notFound = (name: string) =>
  refusal(404, "SecretNotFound", `A secret with (name/id) ${name} was not found in this key vault.`);

export const disabled = () =>
  Object.assign(refusal(403, "Forbidden", "Operation get is not allowed on a disabled secret."), {
    inner: "SecretDisabled",
  });

export const deletedButRecoverable = (name: string) =>
  Object.assign(
    refusal(
      409,
      "Conflict",
      `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused; ` +
        "in this state, the secret can only be recovered or purged.",
    ),
    { inner: "ObjectIsDeletedButRecoverable" },
  );

/** The answer for anything thrown while a request was handled. */
export function errorAnswer(thrown: Error | Refusal): { status: number; body: object } {
  if (!("status" in thrown)) {
    return { status: 500, body: { error: { code: "InternalError", message: thrown.message } } };
  }
  const { status, code, message, inner } = thrown;
  return {
    status,
    body: { error: { code, message, ...(inner === undefined ? {} : { innererror: { code: inner } }) } },
  };
}
