// The parts of an AVIF that make up the image: a walk over its boxes that knows all of them by name. Pure.
// Sources: ISO/IEC 14496-12 section 4.2 (boxes), ISO/IEC 23008-12 section 6 (items and their properties).
import { AppError } from "../lib/errors.ts";

type Box = { readonly type: string; readonly data: Buffer };
type Level = {
  readonly boxes: readonly Box[];
  /** Whether the boxes end where their level ends. */
  readonly isFilled: boolean;
  /** Whether they do, and all have sizes of 32 bits, as encoders write them. */
  readonly isPlain: boolean;
};

const FILE = ["ftyp", "meta", "mdat"];
const META = ["hdlr", "pitm", "iloc", "iinf", "iref", "iprp", "idat"];
const PROPERTIES = "ispe pixi av1C colr auxC irot imir pasp clap a1op a1lx lsel clli mdcv".split(" ");
/** Coded images, grids and overlays; `Exif` and `mime` (XMP) are metadata. */
const ITEMS = ["av01", "grid", "iovl", "iden"];
/** The handler's name is free text. */
const MAX_HANDLER_BYTES = 64;

/** Bounds how long a walk of a hostile file takes. Real files have some ten boxes at a level, and one for each tile. */
const MAX_BOXES = 1_000;

/**
 * The boxes of one level; the last one may be cut off.
 * @throws {AppError} UNPROCESSABLE_IMAGE for more than 1,000 boxes
 */
function boxesIn(data: Buffer): Level {
  const boxes: Box[] = [];
  let isPlain = true;
  let at = 0;
  while (at + 8 <= data.length) {
    if (boxes.length === MAX_BOXES)
      throw new AppError(
        "UNPROCESSABLE_IMAGE",
        `An AVIF may have at most ${MAX_BOXES} boxes at a level, and this one has more: save it again.`,
      );
    const size = data.readUInt32BE(at);
    const isLong = size === 1 && at + 16 <= data.length;
    // 1: the size follows in 64 bits. 0: up to the end.
    const length = isLong ? Number(data.readBigUInt64BE(at + 8)) : size || data.length - at;
    const head = isLong ? 16 : 8;
    if (length < head) break;
    isPlain &&= length === size;
    boxes.push({ type: data.toString("latin1", at + 4, at + 8), data: data.subarray(at + head, at + length) });
    at += length;
  }
  return { boxes, isFilled: at === data.length, isPlain: isPlain && at === data.length };
}

/** Undefined unless there is exactly one, as the standard demands: with two, a decoder may read the other one. */
function dataOf(level: Level | undefined, type: string): Buffer | undefined {
  const [first, ...others] = level?.boxes.filter((box) => box.type === type) ?? [];
  return others.length === 0 ? first?.data : undefined;
}

const levelIn = (data: Buffer | undefined) => data && boxesIn(data);
const areKnown = (level: Level | undefined, types: readonly string[]) =>
  (level?.isPlain && level.boxes.every(({ type }) => types.includes(type))) ?? false;

function levelsOf(bytes: Uint8Array) {
  const file = boxesIn(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  // Behind version and flags.
  const meta = levelIn(dataOf(file, "meta")?.subarray(4));
  const associations = levelIn(dataOf(meta, "iprp"));
  return { file, meta, associations, properties: levelIn(dataOf(associations, "ipco")) };
}

/** Whether all items are of an image. Versions that encoders of AVIF do not write have none of these types. */
function areImages(info: Buffer): boolean {
  const { boxes, isPlain } = boxesIn(info.subarray(info[0] === 0 ? 6 : 8));
  return isPlain && boxes.every(({ data }) => data[0] === 2 && ITEMS.includes(data.toString("latin1", 8, 12)));
}

/** ITU-T H.273: BT.709 or BT.601 primaries, and transfer functions that are close to sRGB's; 2 is unspecified. */
const PRIMARIES = [1, 2, 5, 6];
const TRANSFERS = [1, 2, 6, 13];

/**
 * Whether code points declare colours that libvips does not convert, such as HDR or Display P3. A file whose properties
 * cannot be read completely counts as one that does.
 * @throws {AppError} UNPROCESSABLE_IMAGE for more than 1,000 boxes at a level
 */
export function hasWideColours(bytes: Uint8Array): boolean {
  const { meta, associations, properties } = levelsOf(bytes);
  if (!properties || ![meta, associations, properties].every((level) => level?.isFilled)) return true;
  return properties.boxes.some(
    ({ type, data }) =>
      type === "colr" &&
      data.toString("latin1", 0, 4) === "nclx" &&
      !(data.length >= 8 && PRIMARIES.includes(data.readUInt16BE(4)) && TRANSFERS.includes(data.readUInt16BE(6))),
  );
}

/**
 * Whether nothing is in the file but the image. Anything unusual counts as something else.
 * @throws {AppError} UNPROCESSABLE_IMAGE for more than 1,000 boxes at a level
 */
export function isPlainAvif(bytes: Uint8Array): boolean {
  const { file, meta, properties } = levelsOf(bytes);
  const items = dataOf(meta, "iinf");
  return (
    areKnown(file, FILE) &&
    areKnown(meta, META) &&
    areKnown(properties, PROPERTIES) &&
    (dataOf(meta, "hdlr")?.length ?? 0) <= MAX_HANDLER_BYTES &&
    items !== undefined &&
    areImages(items)
  );
}
