// What a caller may choose about how an image is stored: in the query of an upload, or in the body of an import.
import { z } from "zod";
import type { UploadOptions } from "./intake.ts";
import { qualities } from "./optimise-plan.ts";

export const optimizeDescription =
  "`false` stores the bytes as they are, with all metadata, such as the position of a photo; `quality` and `format` then have no effect.";

export const encodingOptions = {
  quality: z.enum(qualities).default("high").meta({
    description: "JPEG 95, 85 or 75; WebP 90, 80 or 70; AVIF 75, 62 or 50. PNG, GIF and lossless WebP lose nothing.",
  }),
  format: z.enum(["webp"]).optional().meta({ description: "Stores a still image as WebP instead of its own format." }),
};

type Choice = z.output<z.ZodObject<typeof encodingOptions>>;

export function uploadOptions(isOptimized: boolean, { quality, format }: Choice): UploadOptions {
  return isOptimized ? { quality, format } : "unchanged";
}
