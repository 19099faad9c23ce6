// No text of the synthesized JSON is a key, secret, connection string or signed URL.
import { describe, expect, it } from "vitest";
import { synthesized, texts } from "./synthesized.fixture.ts";

/** Patterns of literal secrets, and attributes that would reference one. */
const secretText =
  /AccountKey=|SharedAccess(?:Key|Signature)|[?&]sig=|hooks\.slack\.com|xox[abp]-|BEGIN [A-Z ]*PRIVATE KEY|InstrumentationKey=|[A-Za-z0-9+/]{86}==|eyJ[\w-]{20,}\./;
const secretReference =
  /\.(?:(?:primary|secondary)_(?:access_key|key|connection_string|readonly_key|sql_connection_string|blob_connection_string|shared_key|sas\w*)|connection_string|instrumentation_key|[\w]*extension_key|callback_url|sensitive_output|default_function_key|site_credential|password|access_key|sas)\b/;
const secretArgument = /(?:^|\.)(?:access_key|sas_token|client_secret|storage_access_key|zip_deploy_file|password)$/;

/** The only ones, each by reference: two webhook signatures that Azure has no other way for, and an address. */
const allowed: readonly [path: RegExp, text: RegExp][] = [
  [
    /^resource\.azapi_resource\.app_\w+\.body\.properties\.siteConfig\.appSettings\.\d+\.value$/,
    /^\$\{azurerm_application_insights\.[\w-]+\.connection_string\}$/,
  ],
  [
    /^resource\.azurerm_eventgrid_system_topic_event_subscription\.[\w-]+\.webhook_endpoint\.url$/,
    /&code=\$\{sensitive\(urlencode\(data\.azurerm_function_app_host_keys\.[\w-]+\.blobs_extension_key\)\)\}$/,
  ],
  // The condition tests whether a key exists, and contains none.
  [
    /^data\.azurerm_function_app_host_keys\.[\w-]+\.lifecycle\.postcondition\.0\.condition$/,
    /^\$\{self\.blobs_extension_key != ""\}$/,
  ],
  [
    /^resource\.azurerm_monitor_action_group\.[\w-]+\.logic_app_receiver\.0\.callback_url$/,
    /^\$\{data\.azapi_resource_action\.[\w-]+\.sensitive_output\.value\}$/,
  ],
];

const suspicious = (json: unknown) =>
  texts(json)
    .filter(([path, text]) => secretText.test(text) || secretReference.test(text) || secretArgument.test(path))
    .filter(([path, text]) => !allowed.some(([where, what]) => where.test(path) && what.test(text)));

const variations = [
  ["production", {}],
  ["preview-7", {}],
  ["production", { frontDoor: true, alerts: { slack: { connection: "managed-connector" } } }],
] as const;

describe.each(variations)("the JSON of %s %j", (stage, overrides) => {
  const stacks = synthesized(stage, overrides);

  it("the JSON contains no secret and references only the allowed ones", () => {
    expect([...suspicious(stacks.platform), ...suspicious(stacks.events)]).toEqual([]);
  });

  it("the JSON has no secret in an output", () => {
    const outputs = { ...stacks.platform.output, ...stacks.events.output };
    expect(texts(outputs).filter(([, text]) => secretReference.test(text) || /sensitive\(/.test(text))).toEqual([]);
  });
});

it.each([
  ["resource.x.y.value", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=b"],
  ["resource.x.y.value", "https://a.blob.core.windows.net/x?sv=2025&sig=abc"],
  ["resource.x.y.value", "$" + "{azurerm_storage_account.a.primary_access_key}"],
  ["resource.x.y.value", "$" + "{azurerm_storage_account.a.primary_blob_connection_string}"],
  ["resource.x.y.value", "$" + "{azurerm_cosmosdb_account.a.primary_key}"],
  ["output.x.value", "$" + "{azurerm_application_insights.a.connection_string}"],
  ["output.x.value", "$" + "{data.azapi_resource_action.a.sensitive_output.value}"],
  ["terraform.backend.azurerm.access_key", "anything"],
  ["resource.x.y.value", "https://hooks.slack.com/services/T/B/x"],
])("reports a secret at %s: %s", (path, text) => {
  const nested = path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), text);
  expect(suspicious(nested)).toEqual([[path, text]]);
});
