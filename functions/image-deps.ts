// The dependencies of the image library: blobs, records, intake, thumbnails and links.
import { createImageAudit } from "./images/audit.ts";
import { createDeletion } from "./images/deletion.ts";
import { createDuplicates } from "./images/duplicates.ts";
import { createGalleryRows } from "./images/gallery-rows.ts";
import { createGallery } from "./images/gallery-view.ts";
import { createImageList } from "./images/image-list.ts";
import { createImageMonths } from "./images/image-months.ts";
import { createImageRecords } from "./images/image-records.ts";
import { createImportGate } from "./images/import-gate.ts";
import { createIntake } from "./images/intake.ts";
import { createPublisher } from "./images/publisher.ts";
import { createRetentionRows } from "./images/retention-rows.ts";
import { createUploadGate } from "./images/upload.ts";
import { createUploadRows } from "./images/upload-rows.ts";
import { createUsageRows } from "./images/usage-rows.ts";
import { createBlobService } from "./lib/azure/blob-service.ts";
import { createBlobContainer } from "./lib/azure/blobs.ts";
import { createDelegationKeys } from "./lib/azure/delegation-keys.ts";
import { createLinkSigner } from "./lib/azure/link-signer.ts";
import { createDecoder } from "./lib/decode/decoder.ts";
import { consoleLog } from "./lib/log.ts";
import { containers, SITE_CONTAINER, tables } from "./lib/names.ts";
import type { Download } from "./lib/outgoing/download.ts";
import type { Settings } from "./lib/settings-schema.ts";
import type { Platform } from "./platform-deps.ts";
import { createIssueLink } from "./sas/issue-link.ts";
import { createIssueUploadLink } from "./sas/issue-upload-link.ts";
import { createThumbnailer } from "./thumbnail/thumbnailer.ts";

export function imageDeps(settings: Settings, platform: Platform) {
  return {
    get blobs() {
      return createBlobService(settings.MEDIA__blobServiceUri, platform.credential);
    },
    get originals() {
      return createBlobContainer(this.blobs, containers.images);
    },
    get images() {
      return createImageRecords(platform.table(tables.images, 2));
    },
    get decoder() {
      return createDecoder({ maxPixels: settings.MAX_IMAGE_PIXELS, gate: platform.heavyWork.decodes });
    },
    get uploadGate() {
      return createUploadGate();
    },
    get duplicates() {
      return createDuplicates(platform.table(tables.images, 2), this.images);
    },
    get intake() {
      return createIntake({
        originals: this.originals,
        records: this.images,
        duplicates: this.duplicates,
        decoder: this.decoder,
        meter: platform.meter,
        maxBytes: settings.MAX_UPLOAD_BYTES,
      });
    },
    get thumbnails() {
      return createBlobContainer(this.blobs, containers.thumbnails);
    },
    get imageList() {
      return createImageList(platform.table(tables.images, 2));
    },
    get deletion() {
      return createDeletion({
        records: this.images,
        originals: this.originals,
        thumbnails: this.thumbnails,
        duplicates: this.duplicates,
        publisher: this.publisher,
      });
    },
    get imageAudit() {
      return createImageAudit({
        table: platform.table(tables.images, 2),
        records: this.images,
        originals: this.originals,
        thumbnails: this.thumbnails,
        decoder: this.decoder,
        repairLimit: settings.IMAGE_REPAIR_LIMIT,
      });
    },
    get imageMonths() {
      return createImageMonths(platform.table(tables.images, 2));
    },
    get usageRows() {
      return createUsageRows(platform.table(tables.images, 2));
    },
    get retentionRows() {
      return createRetentionRows(platform.table(tables.images, 2));
    },
    get galleryRows() {
      return createGalleryRows(platform.table(tables.images, 2));
    },
    get gallery() {
      return createGallery(this.galleryRows);
    },
    get publisher() {
      return createPublisher({
        records: this.images,
        rows: this.galleryRows,
        thumbnails: this.thumbnails,
        copies: this.site,
        onChange: () => this.gallery.forget(),
      });
    },
    get siteUrl() {
      return settings.SITE_URL;
    },
    get importGate() {
      return createImportGate();
    },
    get download(): Download {
      const options = { maxBytes: settings.MAX_UPLOAD_BYTES, log: consoleLog };
      return async (url, use) => {
        // Loaded on first use, since counting a visit must not wait for it.
        const { createDownload } = await import("./lib/outgoing/download.ts");
        return createDownload(options)(url, use);
      };
    },
    get thumbnailer() {
      return createThumbnailer({
        originals: this.originals,
        thumbnails: this.thumbnails,
        records: this.images,
        publisher: this.publisher,
        decoder: this.decoder,
        meter: platform.meter,
        widths: settings.THUMBNAIL_WIDTHS,
      });
    },
    /** The static website: public images, which anyone can read. */
    get site() {
      return createBlobContainer(createBlobService(settings.SITE_BLOB_ENDPOINT, platform.credential), SITE_CONTAINER);
    },
    get staged() {
      return createBlobContainer(this.blobs, containers.uploads);
    },
    get uploads() {
      return createUploadRows(platform.table(tables.images, 2));
    },
    get linkSigning() {
      const sign = createLinkSigner(this.blobs, settings.CDN_BASE_URL);
      return { keys: createDelegationKeys({ service: this.blobs }), sign };
    },
    get issueLink() {
      return createIssueLink(this.linkSigning);
    },
    get issueUploadLink() {
      return createIssueUploadLink(this.linkSigning);
    },
  };
}
