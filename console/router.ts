// The place in the console, in the fragment of the URL: no server sees it.
import { useEffect, useState } from "preact/hooks";

export type Place = {
  /** The first segment, such as images. */
  readonly view: string;
  /** The second segment. */
  readonly id: string | undefined;
  readonly params: URLSearchParams;
};

/** @param hash such as #/images/ID?tag=x */
export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [view = "", id] = path.split("/").map((segment) => {
    try {
      return decodeURIComponent(segment);
    } catch {
      return segment;
    }
  });
  return { view, id: id === "" ? undefined : id, params: new URLSearchParams(query) };
}

export const goTo = (path: string): void => {
  location.hash = `#/${path}`;
};

export function usePlace(): Place {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = () => setHash(location.hash);
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return placeOf(hash);
}
