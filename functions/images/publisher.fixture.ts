// A publisher on the tests' Azurite, and what an image has on the site and in the gallery.
import { BlobServiceClient } from "@azure/storage-blob";
import { createBlobService } from "../lib/azure/blob-service.ts";
import { createBlobContainer } from "../lib/azure/blobs.ts";
import { createCredential } from "../lib/azure/credential.ts";
import type { ImageRecords } from "../lib/image.ts";
import { publicBlobName } from "../lib/image-variants.ts";
import { containers, SITE_CONTAINER } from "../lib/names.ts";
import { siteBlobsUri } from "../lib/test-services.fixture.ts";
import { createGalleryRows } from "./gallery-rows.ts";
import { openContainer, openTable } from "./intake.fixture.ts";
import { createPublisher } from "./publisher.ts";

export const openSite = () =>
  createBlobContainer(createBlobService(siteBlobsUri, createCredential(undefined)), SITE_CONTAINER);

export const propertiesOfCopy = (id: string, name: string) =>
  new BlobServiceClient(siteBlobsUri, createCredential(undefined))
    .getContainerClient(SITE_CONTAINER)
    .getBlobClient(publicBlobName(id, name))
    .getProperties();

export function openPublisher(records: ImageRecords, now: () => number = Date.now) {
  const thumbnails = openContainer(containers.thumbnails);
  const copies = openSite();
  const rows = createGalleryRows(openTable(), now);
  const publisher = createPublisher({ records, rows, thumbnails, copies, now });
  /** Names of the copies of an image without their folder, and its row. */
  const published = async (id: string) => {
    const folder = publicBlobName(id, "");
    const names = (await copies.list(folder)).map((name) => name.slice(folder.length));
    return { copies: names.sort(), row: await rows.find(id) };
  };
  return { copies, published, publisher, rows, thumbnails };
}
