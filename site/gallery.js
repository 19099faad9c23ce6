// Fills the section with data-gallery with the public images of GET /v1/gallery. Without images, or when the backend is
// down, the section stays hidden.

(async () => {
  const { api = "/api" } = document.currentScript?.dataset ?? {};
  const section = document.querySelector("[data-gallery]");
  const list = section?.querySelector(".gallery");
  if (!list) return;

  /** The fields are set as properties, so that no text of an image becomes markup. */
  const create = (name, properties, children = []) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  const SIZES = "(min-width: 44rem) 16rem, 50vw";
  // The browser takes the first type that it knows.
  const order = ["avif", "webp"];
  const srcset = (variants) => variants.map(({ url, width }) => `${url} ${width}w`).join(", ");

  const picture = ({ alt = "", variants, placeholder, dominantColor }) => {
    const formats = [...new Set(variants.map(({ format }) => format))];
    const of = (format) => variants.filter((each) => each.format === format).sort((a, b) => a.width - b.width);
    const fallback = of(formats.find((format) => !order.includes(format)) ?? formats.at(-1));
    const largest = fallback.at(-1);
    const image = create("img", {
      alt,
      width: largest.width,
      height: largest.height,
      loading: "lazy",
      decoding: "async",
      sizes: SIZES,
      srcset: srcset(fallback),
      src: largest.url,
    });
    // By script, since the page's policy permits no style attribute.
    if (dominantColor) image.style.backgroundColor = dominantColor;
    if (placeholder) image.style.backgroundImage = `url("${encodeURI(placeholder)}")`;
    const clear = () => image.style.removeProperty("background-image");
    image.addEventListener("load", clear, { once: true });
    const sources = order
      .filter((format) => formats.includes(format))
      .map((format) => create("source", { type: `image/${format}`, sizes: SIZES, srcset: srcset(of(format)) }));
    return create("picture", {}, [...sources, image]);
  };

  try {
    const response = await fetch(`${api.replace(/\/+$/, "")}/v1/gallery`, {
      credentials: "omit",
      signal: AbortSignal.timeout(10_000),
    });
    const { images = [] } = await response.json();
    const shown = images.filter(({ variants }) => variants?.length > 0);
    if (!response.ok || shown.length === 0) return;
    const figures = shown.map((image) => {
      const caption = image.description ? [create("figcaption", { textContent: image.description })] : [];
      return create("figure", {}, [picture(image), ...caption]);
    });
    list.replaceChildren(...figures);
    section.hidden = false;
  } catch {
    // The page is complete without its images.
  }
})();
