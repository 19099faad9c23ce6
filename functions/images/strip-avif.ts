// The parts of an AVIF that make up the image: a walk over its boxes that knows all of them by name. Pure.
// Sources: ISO/IEC 14496-12 section 4.2 (boxes), ISO/IEC 23008-12 section 6 (items and their properties).

type Box = { readonly type: string; readonly data: Buffer };

const FILE = ["ftyp", "meta", "mdat"];
const META = ["hdlr", "pitm", "iloc", "iinf", "iref", "iprp", "idat"];
const PROPERTIES = "ispe pixi av1C colr auxC irot imir pasp clap a1op a1lx lsel clli mdcv".split(" ");
/** Coded images, grids and overlays; `Exif` and `mime` (XMP) are metadata. */
const ITEMS = ["av01", "grid", "iovl", "iden"];
/** The handler's name is free text. */
const MAX_HANDLER_BYTES = 64;

/** Undefined unless the boxes fill the data exactly. */
function boxesIn(data: Buffer | undefined): readonly Box[] | undefined {
  if (!data) return undefined;
  const boxes: Box[] = [];
  let at = 0;
  while (at + 8 <= data.length) {
    const length = data.readUInt32BE(at);
    if (length < 8 || at + length > data.length) return undefined;
    boxes.push({ type: data.toString("latin1", at + 4, at + 8), data: data.subarray(at + 8, at + length) });
    at += length;
  }
  return at === data.length ? boxes : undefined;
}

const dataOf = (boxes: readonly Box[] | undefined, type: string) => boxes?.find((box) => box.type === type)?.data;
const areKnown = (boxes: readonly Box[] | undefined, types: readonly string[]) =>
  boxes?.every(({ type }) => types.includes(type)) ?? false;

/** Types of the items. Undefined for versions that encoders of AVIF do not write. */
function itemTypes(info: Buffer | undefined): readonly string[] | undefined {
  const entries = info && boxesIn(info.subarray(info[0] === 0 ? 6 : 8));
  return entries?.map(({ data }) => (data[0] === 2 ? data.toString("latin1", 8, 12) : ""));
}

/** ITU-T H.273: BT.709 or BT.601 primaries, and transfer functions that are close to sRGB's; 2 is unspecified. */
const PRIMARIES = [1, 2, 5, 6];
const TRANSFERS = [1, 2, 6, 13];

const propertiesOf = (meta: readonly Box[] | undefined) => boxesIn(dataOf(boxesIn(dataOf(meta, "iprp")), "ipco"));
const fileOf = (bytes: Uint8Array) => boxesIn(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
const metaOf = (file: readonly Box[] | undefined) => boxesIn(dataOf(file, "meta")?.subarray(4));

/** Whether code points declare colours that libvips does not convert, such as HDR or Display P3. */
export function hasWideColours(bytes: Uint8Array): boolean {
  const colours = propertiesOf(metaOf(fileOf(bytes)))?.filter(({ type, data }) => type === "colr" && data.length >= 8);
  return (colours ?? []).some(
    ({ data }) =>
      data.toString("latin1", 0, 4) === "nclx" &&
      !(PRIMARIES.includes(data.readUInt16BE(4)) && TRANSFERS.includes(data.readUInt16BE(6))),
  );
}

/** Whether nothing is in the file but the image. Anything unusual counts as something else. */
export function isPlainAvif(bytes: Uint8Array): boolean {
  const file = fileOf(bytes);
  const meta = metaOf(file);
  return (
    areKnown(file, FILE) &&
    areKnown(meta, META) &&
    areKnown(propertiesOf(meta), PROPERTIES) &&
    (dataOf(meta, "hdlr")?.length ?? 0) <= MAX_HANDLER_BYTES &&
    (itemTypes(dataOf(meta, "iinf"))?.every((type) => ITEMS.includes(type)) ?? false)
  );
}
