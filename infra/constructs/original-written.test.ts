// The event that makes a thumbnail: of originals only, of writes only, delivered to the function that takes it.
import { describe, expect, it } from "vitest";
import { triggers } from "../../functions/triggers.ts";
import { type Block, one, synthesized } from "../synthesized.fixture.ts";

const { platform, events } = synthesized();
const subscription = one<
  Block & Record<"webhook_endpoint" | "subject_filter" | "retry_policy", Record<string, string | number>>
>(events, "azurerm_eventgrid_system_topic_event_subscription");

describe("the topic", () => {
  const topic = one(platform, "azurerm_eventgrid_system_topic");

  it("is of the media account, with an identity, and made before there is a subscription", () => {
    expect(topic).toMatchObject({
      topic_type: "Microsoft.Storage.StorageAccounts",
      source_resource_id: expect.stringMatching(/^\$\{azurerm_storage_account\.media_[\w-]+\.id\}$/),
      identity: { type: "SystemAssigned" },
    });
    expect(platform.resource).not.toHaveProperty("azurerm_eventgrid_system_topic_event_subscription");
    expect(subscription.system_topic).toBe(topic.name);
  });
});

describe("the subscription", () => {
  it("is all that the stack of events makes, and it reads no state of the platform's", () => {
    expect(Object.keys(events.resource)).toEqual(["azurerm_eventgrid_system_topic_event_subscription"]);
    expect(Object.keys(events.data).sort()).toEqual([
      "azapi_resource",
      "azurerm_function_app_host_keys",
      "azurerm_resource_group",
    ]);
  });

  it("takes blobs created in the container of originals, and those of no other", () => {
    expect(subscription.included_event_types).toEqual(["Microsoft.Storage.BlobCreated"]);
    const prefix = String(subscription.subject_filter.subject_begins_with);
    expect(prefix).toBe("/blobServices/default/containers/images/");
    const subject = (container: string) => `/blobServices/default/containers/${container}/blobs/a`;
    expect(subject("images").startsWith(prefix)).toBe(true);
    for (const other of ["thumbnails", "uploads", "images2"]) expect(subject(other).startsWith(prefix)).toBe(false);
  });

  it("takes what writes bytes, in one request or in blocks or as a copy", () => {
    expect(subscription.advanced_filter).toEqual({
      string_in: [{ key: "data.api", values: ["PutBlob", "PutBlobFromURL", "PutBlockList", "CopyBlob"] }],
    });
  });

  it("is delivered to the blob function of the code, at the host name and with the key that Azure tells", () => {
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

  it("is not planned before the app has its key, and says what to do", () => {
    const [keys] = Object.values(events.data.azurerm_function_app_host_keys ?? {});
    expect(keys).toHaveProperty("lifecycle.postcondition", [
      {
        condition: `\${self.blobs_extension_key != ""}`,
        error_message: expect.stringMatching(/no key for blob events yet.*Deploy the package/),
      },
    ]);
  });

  it("is tried for a day, and then put away by the topic's identity, on the host's account", () => {
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
