// The path pattern of a blob trigger: `container/{one}/{two}`, and what its names stand for in the path of a blob. Pure.
// azure-webjobs-sdk, BindingTemplateParser.cs and BindingTemplateToken.cs; azure-sdk-for-net, BlobPathSource.cs

export type BlobPath = {
  readonly container: string;
  /** The values of the names, for a path `container/name`; none if it does not fit the pattern. */
  capture(path: string): Readonly<Record<string, string>>;
};

const TOKEN = /(?<doubled>\{\{|\}\})|\{(?<parameter>[^{}]*)\}|(?<literal>[^{}]+)|(?<unbalanced>[{}])/gu;
const IDENTIFIER = /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Pc}\p{Mn}\p{Mc}\p{Cf}]*$/u;

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

/** @throws {Error} quoting the pattern and the rule it breaks */
export function blobPath(pattern: string): BlobPath {
  const slash = pattern.indexOf("/");
  const container = slash < 0 ? pattern : pattern.slice(0, slash);
  if (container === "" || container.includes("\\") || slash === pattern.length - 1) {
    throw new Error(`path "${pattern}" must have the format container/blob`);
  }
  if (container.includes("{")) throw new Error(`path "${pattern}" must not have a name in braces for its container`);

  const names: string[] = [];
  let expression = "";
  for (const { groups = {} } of pattern.matchAll(TOKEN)) {
    const { doubled, parameter, literal, unbalanced } = groups;
    if (unbalanced) throw new Error(`path "${pattern}" has a single ${unbalanced}`);
    if (parameter !== undefined) {
      if (!IDENTIFIER.test(parameter)) throw new Error(`path "${pattern}" has braces around no name: {${parameter}}`);
      names.push(parameter);
      // Each takes as much as it can, slashes too: of several, the first gets what is too many.
      expression += "([^\\n]*)";
    } else expression += escaped(doubled ? doubled.charAt(0) : (literal ?? ""));
  }
  const whole = new RegExp(`^${expression}$`);

  return {
    container,
    capture(path) {
      const [, ...values] = (slash < 0 ? undefined : whole.exec(path)) ?? [];
      return Object.fromEntries(values.map((value, index) => [names[index] ?? "", value]));
    },
  };
}
