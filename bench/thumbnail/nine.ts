// What the nine variants of a photo are.

/** The default of THUMBNAIL_WIDTHS. */
export const widths: readonly number[] = [256, 640, 1_280];
export const contentType = "image/jpeg";
