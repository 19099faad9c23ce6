// The event subscription that starts a thumbnail when an original is written.
import { DataAzurermFunctionAppHostKeys } from "@cdktf/provider-azurerm/lib/data-azurerm-function-app-host-keys/index.js";
import { EventgridSystemTopicEventSubscription } from "@cdktf/provider-azurerm/lib/eventgrid-system-topic-event-subscription/index.js";
import { Fn } from "cdktf/lib/terraform-functions.js";
import { Construct } from "constructs";
import { containers, type TriggerName } from "../../functions/lib/names.ts";
import { AzapiData } from "../azapi.ts";
import { deploymentContainers, type Names } from "../naming.ts";
import { SITES } from "./function-app.ts";

export interface OriginalWrittenProps {
  /** Resource id of the stage's group. */
  readonly groupId: string;
  readonly names: Names;
}

const THUMBNAIL: TriggerName = "thumbnail";
const KEY_MISSING =
  "The app has no key for blob events yet; it creates one when it first starts with a blob trigger. Deploy the package, call /api/health, and plan this stack again.";

/** Delivers BlobCreated events of originals to the thumbnail function. Needs a running app with a blob trigger. */
export class OriginalWritten extends Construct {
  /** The app's host name, as Azure returns it. */
  readonly hostName: string;

  constructor(scope: Construct, id: string, { groupId, names }: OriginalWrittenProps) {
    super(scope, id);
    const app = new AzapiData(this, "app", {
      type: SITES.type,
      name: names.functionApp,
      parentId: groupId,
      exports: [SITES.hostName],
    });
    const keys = new DataAzurermFunctionAppHostKeys(this, "keys", {
      name: names.functionApp,
      resourceGroupName: names.resourceGroup,
      // Otherwise the subscription would be created with an empty key, which the app always rejects.
      lifecycle: { postcondition: [{ condition: `\${self.blobs_extension_key != ""}`, errorMessage: KEY_MISSING }] },
    });
    const key = Fn.sensitive(Fn.urlencode(keys.blobsExtensionKey));
    this.hostName = app.output(SITES.hostName);
    const address = `https://${this.hostName}/runtime/webhooks/blobs?functionName=Host.Functions.${THUMBNAIL}`;
    new EventgridSystemTopicEventSubscription(this, "subscription", {
      name: "original-written",
      systemTopic: names.mediaTopic,
      resourceGroupName: names.resourceGroup,
      includedEventTypes: ["Microsoft.Storage.BlobCreated"],
      // The final slash excludes other containers whose names begin with the same word.
      subjectFilter: {
        subjectBeginsWith: `/blobServices/default/containers/${containers.images}/`,
        caseSensitive: true,
      },
      // Operations that write bytes.
      advancedFilter: {
        stringIn: [{ key: "data.api", values: ["PutBlob", "PutBlobFromURL", "PutBlockList", "CopyBlob"] }],
      },
      webhookEndpoint: {
        url: `${address}&code=${key}`,
        maxEventsPerBatch: 1,
        preferredBatchSizeInKilobytes: 64,
      },
      retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLive: 1440 },
      storageBlobDeadLetterDestination: {
        storageAccountId: `${groupId}/providers/Microsoft.Storage/storageAccounts/${names.hostAccount}`,
        storageBlobContainerName: deploymentContainers.deadLetters,
      },
      deadLetterIdentity: { type: "SystemAssigned" },
    });
  }
}
