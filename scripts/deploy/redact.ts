// Removes credentials from a text: signatures, keys, tokens, webhook addresses. Pure.

const secrets: readonly [RegExp, string][] = [
  // The signature of a Logic App's trigger or of a storage link; the key of a function's webhook.
  [/([?&](?:sig|code|key)=)[^&\s"'\\]+/gi, "$1***"],
  [/\b((?:Account|SharedAccess)Key=)[^;\s"']+/gi, "$1***"],
  [/https:\/\/hooks\.slack\.com\/[^\s"'\\]+/gi, "https://hooks.slack.com/***"],
  [/\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/g, "***"],
  [/\b(Bearer\s+)[\w.~+/-]+=*/gi, "$1***"],
];

/** Needed because Terraform does not mark a trigger's signed address as sensitive, and az quotes requests in errors. */
export function redact(text: string): string {
  return secrets.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}
