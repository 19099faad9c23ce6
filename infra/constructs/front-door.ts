// A Front Door before the pictures: links lead through Azure's nearest end of the net. It keeps nothing.
import { CdnFrontdoorEndpoint } from "@cdktf/provider-azurerm/lib/cdn-frontdoor-endpoint/index.js";
import { CdnFrontdoorOrigin } from "@cdktf/provider-azurerm/lib/cdn-frontdoor-origin/index.js";
import { CdnFrontdoorOriginGroup } from "@cdktf/provider-azurerm/lib/cdn-frontdoor-origin-group/index.js";
import { CdnFrontdoorProfile } from "@cdktf/provider-azurerm/lib/cdn-frontdoor-profile/index.js";
import { CdnFrontdoorRoute } from "@cdktf/provider-azurerm/lib/cdn-frontdoor-route/index.js";
import { Construct } from "constructs";
import type { MediaStorage } from "./media-storage.ts";

export interface FrontDoorProps {
  readonly resourceGroupName: string;
  readonly name: string;
  readonly media: MediaStorage;
}

export class FrontDoor extends Construct {
  readonly #hostName: string;

  constructor(scope: Construct, id: string, { resourceGroupName, name, media }: FrontDoorProps) {
    super(scope, id);
    const profile = new CdnFrontdoorProfile(this, "profile", {
      resourceGroupName,
      name,
      skuName: "Standard_AzureFrontDoor",
    });
    const endpoint = new CdnFrontdoorEndpoint(this, "endpoint", { name, cdnFrontdoorProfileId: profile.id });
    const group = new CdnFrontdoorOriginGroup(this, "group", {
      name: "media",
      cdnFrontdoorProfileId: profile.id,
      loadBalancing: {},
    });
    const origin = new CdnFrontdoorOrigin(this, "origin", {
      name: "media",
      cdnFrontdoorOriginGroupId: group.id,
      hostName: media.account.primaryBlobHost,
      originHostHeader: media.account.primaryBlobHost,
      certificateNameCheckEnabled: true,
      enabled: true,
    });
    new CdnFrontdoorRoute(this, "route", {
      name: "media",
      cdnFrontdoorEndpointId: endpoint.id,
      cdnFrontdoorOriginGroupId: group.id,
      cdnFrontdoorOriginIds: [origin.id],
      // No cache block: a link's signature is in its query, so a cached answer would outlive it, or serve another's.
      patternsToMatch: [media.images, media.thumbnails, media.uploads].map(({ node }) => `/${node.id}/*`),
      supportedProtocols: ["Http", "Https"],
      httpsRedirectEnabled: true,
      forwardingProtocol: "HttpsOnly",
      linkToDefaultDomain: true,
    });
    this.#hostName = endpoint.hostName;
  }

  /** Where links lead. */
  settings(): { readonly CDN_BASE_URL: string } {
    return { CDN_BASE_URL: `https://${this.#hostName}` };
  }
}
