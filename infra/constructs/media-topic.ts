// The Event Grid topic of the media account.
import { EventgridSystemTopic } from "@cdktf/provider-azurerm/lib/eventgrid-system-topic/index.js";
import { Construct } from "constructs";
import type { ResourceLocation } from "../naming.ts";
import { assignRole } from "../role-assignment.ts";
import type { HostStorage } from "./host-storage.ts";
import type { MediaStorage } from "./media-storage.ts";

export interface MediaTopicProps {
  /** Resource group and region. */
  readonly location: ResourceLocation;
  readonly name: string;
  /** The source of the events. */
  readonly media: MediaStorage;
  /** The account that receives undelivered events. */
  readonly host: HostStorage;
  readonly subscriptionId: string;
}

/**
 * A topic with an identity that may write dead letters. It is in the platform stack, so that the role has propagated
 * when the events stack creates the subscription.
 */
export class MediaTopic extends Construct {
  constructor(scope: Construct, id: string, { location, name, media, host, subscriptionId }: MediaTopicProps) {
    super(scope, id);
    const topic = new EventgridSystemTopic(this, "topic", {
      ...location,
      name,
      topicType: "Microsoft.Storage.StorageAccounts",
      sourceResourceId: media.account.id,
      identity: { type: "SystemAssigned" },
    });
    assignRole(this, "dead-letters", {
      role: "Storage Blob Data Contributor",
      scopeId: host.deadLetters.resourceManagerId,
      principalId: topic.identity.principalId,
      subscriptionId,
    });
  }
}
