// The optional Front Door before the media account.
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
  /** The account that links read from. */
  readonly media: MediaStorage;
}

/** Serves links through Azure's nearest edge location, without a cache. */
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
      // No cache: a cached response could outlive its link's signature, or be served for another link.
      patternsToMatch: [media.images, media.thumbnails, media.uploads].map(({ node }) => `/${node.id}/*`),
      supportedProtocols: ["Http", "Https"],
      httpsRedirectEnabled: true,
      forwardingProtocol: "HttpsOnly",
      linkToDefaultDomain: true,
    });
    this.#hostName = endpoint.hostName;
  }

  /** The base URL of links. */
  settings(): { readonly CDN_BASE_URL: string } {
    return { CDN_BASE_URL: `https://${this.#hostName}` };
  }
}
