// redact removes signatures, keys and tokens, and keeps the rest of the text.
import { expect, it } from "vitest";
import { redact } from "./redact.ts";

it.each([
  [
    'callback_url = "https://prod-1.westeurope.logic.azure.com:443/workflows/x/triggers/t/paths/invoke?api-version=2016-10-01&sp=%2Frun&sv=1.0&sig=aB-c_1%2F"',
    'callback_url = "https://prod-1.westeurope.logic.azure.com:443/workflows/x/triggers/t/paths/invoke?api-version=2016-10-01&sp=%2Frun&sv=1.0&sig=***"',
  ],
  [
    "https://x/runtime/webhooks/blobs?functionName=f&code=Zm9v==",
    "https://x/runtime/webhooks/blobs?functionName=f&code=***",
  ],
  ["AccountName=a;AccountKey=Zm9vYmFy==;EndpointSuffix=x", "AccountName=a;AccountKey=***;EndpointSuffix=x"],
  ["POST https://hooks.slack.com/services/T0/B0/abc failed", "POST https://hooks.slack.com/*** failed"],
  ["token eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2ln here", "token *** here"],
  ["Authorization: Bearer abc.def+/=", "Authorization: Bearer ***"],
  ["Plan: 3 to add, 0 to change", "Plan: 3 to add, 0 to change"],
])("redact returns a text without credentials for: %s", (text, expected) => {
  expect(redact(text)).toBe(expected);
});
