// Which blob of the media account a path below /media leads to; nothing else of the account can be reached. Pure.

const PREFIX = "/media/";
// https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
const CONTAINER = /^[a-z0-9](?:-?[a-z0-9]){2,62}$/;

export const isMedia = (url: string): boolean => url.startsWith(PREFIX);

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * @param url path and query as they came, beginning with /media/
 * @returns the same below the account, `/container/blob?query`; undefined unless it names one blob without dot segments
 */
export function mediaTarget(url: string): string | undefined {
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  const [container = "", ...rest] = path.slice(PREFIX.length).split("/");
  const name = decoded(rest.join("/"));
  if (!CONTAINER.test(container) || !name || /[\\\0]/.test(name)) return undefined;
  // Also those that only a second decoding would bring out.
  const twice = decoded(name) ?? name;
  const isDots = (piece: string) => piece === "." || piece === "..";
  if ([...name.split("/"), ...twice.split(/[/\\]/)].some(isDots)) return undefined;
  return `/${container}/${rest.join("/")}${mark < 0 ? "" : url.slice(mark)}`;
}
