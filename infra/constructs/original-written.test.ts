// The event subscription for originals and its delivery to the thumbnail function.
import { describe, expect, it } from "vitest";
import { triggers } from "../../functions/triggers.ts";
import { type Block, one, synthesized } from "../synthesized.fixture.ts";

const { platform, events } = synthesized();
const subscription = one<
  Block & Record<"webhook_endpoint" | "subject_filter" | "retry_policy", Record<string, string | number>>
>(events, "azurerm_eventgrid_system_topic_event_subscription");

describe("topic", () => {
  const topic = one(platform, "azurerm_eventgrid_system_topic");

  it("the topic belongs to the media account, has an identity and precedes the subscription", () => {
    expect(topic).toMatchObject({
      topic_type: "Microsoft.Storage.StorageAccounts",
      source_resource_id: expect.stringMatching(/^\$\{azurerm_storage_account\.media_[\w-]+\.id\}$/),
      identity: { type: "SystemAssigned" },
    });
    expect(platform.resource).not.toHaveProperty("azurerm_eventgrid_system_topic_event_subscription");
    expect(subscription.system_topic).toBe(topic.name);
  });
});

describe("subscription", () => {
  it("the event subscription is in the events stack, which does not read the platform's state", () => {
    expect(Object.keys(events.resource)).toContain("azurerm_eventgrid_system_topic_event_subscription");
    expect(Object.keys(events.data).sort()).toEqual([
      "azapi_resource",
      "azurerm_function_app_host_keys",
      "azurerm_resource_group",
    ]);
  });

  it("the event subscription matches blobs created in the container of originals only", () => {
    expect(subscription.included_event_types).toEqual(["Microsoft.Storage.BlobCreated"]);
    const prefix = String(subscription.subject_filter.subject_begins_with);
    expect(prefix).toBe("/blobServices/default/containers/images/");
    const subject = (container: string) => `/blobServices/default/containers/${container}/blobs/a`;
    expect(subject("images").startsWith(prefix)).toBe(true);
    for (const other of ["thumbnails", "uploads", "images2"]) expect(subject(other).startsWith(prefix)).toBe(false);
  });

  it("the event subscription matches single-request, block and copy writes", () => {
    expect(subscription.advanced_filter).toEqual({
      string_in: [{ key: "data.api", values: ["PutBlob", "PutBlobFromURL", "PutBlockList", "CopyBlob"] }],
    });
  });

  it("the event subscription delivers to the blob function at the host name and with the key that Azure returns", () => {
    const [blob, ...others] = triggers.filter(({ kind }) => kind === "blob");
    expect(others).toEqual([]);
    const url = String(subscription.webhook_endpoint.url);
    expect(url).toMatch(/^https:\/\/\$\{data\.azapi_resource\.[\w-]+\.output\.properties\.defaultHostName\}\//);
    expect(url).toContain(`/runtime/webhooks/blobs?functionName=Host.Functions.${blob?.name}&code=`);
    expect(url).not.toContain("azurewebsites.net");
    expect(url).toMatch(
      /code=\$\{sensitive\(urlencode\(data\.azurerm_function_app_host_keys\.[\w-]+\.blobs_extension_key\)\)\}$/,
    );
  });

  it("the availability test requests the same host name, whichever Azure chose", () => {
    const { events: checked } = synthesized("production", { alerts: { availability: { enabled: true } } });
    const test = one<Block & { request: Block }>(checked, "azurerm_application_insights_standard_web_test");
    expect(test.request.url).toMatch(
      /^https:\/\/\$\{data\.azapi_resource\.[\w-]+\.output\.properties\.defaultHostName\}\/api\/health\/ready$/,
    );
  });

  it("the event subscription fails the plan with instructions while the app has no key", () => {
    const [keys] = Object.values(events.data.azurerm_function_app_host_keys ?? {});
    expect(keys).toHaveProperty("lifecycle.postcondition", [
      {
        condition: `\${self.blobs_extension_key != ""}`,
        error_message: expect.stringMatching(/no key for blob events yet.*Deploy the package/),
      },
    ]);
  });

  it("the event subscription retries for a day, then writes a dead letter to the host account as the topic's identity", () => {
    expect(subscription).toMatchObject({
      retry_policy: { event_time_to_live: 1440, max_delivery_attempts: 30 },
      dead_letter_identity: { type: "SystemAssigned" },
      storage_blob_dead_letter_destination: { storage_blob_container_name: "dead-letters" },
    });
    const account = one(platform, "azurerm_storage_account", "host_");
    expect(subscription).toHaveProperty(
      "storage_blob_dead_letter_destination.storage_account_id",
      expect.stringMatching(new RegExp(`/storageAccounts/${account.name}$`)),
    );
  });
});
