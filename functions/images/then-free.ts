// Frees the bytes of an image as soon as they are stored or rejected.
import { AppError } from "../lib/errors.ts";

/**
 * Detaching frees the bytes now. The garbage collector is driven by the heap, so megabytes of unreachable buffers would
 * accumulate before it runs (npm run bench -- upload).
 */
export async function thenFree<T>(bytes: Buffer<ArrayBuffer>, work: () => Promise<T>): Promise<T> {
  const free = () => void bytes.buffer.transfer(0);
  try {
    const result = await work();
    free();
    return result;
  } catch (error) {
    // Not in a `finally`: after the time limit of a decode libvips may still read the bytes (a use after free).
    if (!(error instanceof AppError && error.code === "DEPENDENCY_UNAVAILABLE")) free();
    throw error;
  }
}
