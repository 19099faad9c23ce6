// The path pattern of a blob trigger, `container/{one}/{two}`, and the values of its names for a blob. Pure.
// azure-webjobs-sdk, BindingTemplateParser.cs; azure-sdk-for-net, BlobPathSource.cs

export type BlobPath = {
  readonly container: string;
  /** The values of the names for a path `container/name`; empty if the path does not match the pattern. */
  capture(path: string): Readonly<Record<string, string>>;
};

/** @throws {Error} with the pattern and the rule that it breaks */
export function blobPath(pattern: string): BlobPath {
  const slash = pattern.indexOf("/");
  const container = slash < 0 ? pattern : pattern.slice(0, slash);
  if (container === "" || /[\\{}]/.test(container) || slash === pattern.length - 1)
    throw new Error(`path "${pattern}" must have the format container/blob, with {names} only after the container`);

  const names: string[] = [];
  // Each name matches as much as possible, slashes too: of several, the first takes the excess.
  const expression = pattern.replace(/\{(\w+)\}|[^\w/]/g, (text, name?: string) => {
    if (name === undefined && /[{}]/.test(text))
      throw new Error(`path "${pattern}" must have braces only around names`);
    if (name === undefined) return `\\${text}`;
    names.push(name);
    return "([^\\n]*)";
  });
  const whole = new RegExp(`^${expression}$`);

  return {
    container,
    capture(path) {
      const [, ...values] = (slash < 0 ? undefined : whole.exec(path)) ?? [];
      return Object.fromEntries(values.map((value, index) => [names[index] ?? "", value]));
    },
  };
}
