// Events of the media account, and the right to put those that nobody took into a container.
import { EventgridSystemTopic } from "@cdktf/provider-azurerm/lib/eventgrid-system-topic/index.js";
import { Construct } from "constructs";
import type { ResourceLocation } from "../naming.ts";
import { assignRole } from "../role-assignment.ts";
import type { HostStorage } from "./host-storage.ts";
import type { MediaStorage } from "./media-storage.ts";

export interface MediaTopicProps {
  readonly location: ResourceLocation;
  readonly name: string;
  readonly media: MediaStorage;
  readonly host: HostStorage;
  readonly subscriptionId: string;
}

/** Stands before there is a subscription, so that its role has spread when that is made. */
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
      on: host.deadLetters.resourceManagerId,
      to: topic.identity.principalId,
      subscriptionId,
    });
  }
}
