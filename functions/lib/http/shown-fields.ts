// Which values of a request may be sent back in an error, by the marks in its schema. Pure.
import { z } from "zod";

/** As much of a JSON Schema as it takes to find a field in it. */
type Node = {
  readonly format?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Node>>;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly prefixItems?: readonly Node[];
  readonly items?: Node | boolean;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly allOf?: readonly Node[];
};

/** How OpenAPI marks what nobody may read over a shoulder: `z.string().meta({ format: SECRET })`. */
export const SECRET = "password";

/** A node and all that stands for it: what it refers to, and its alternatives. */
function readings(node: Node, root: Node, seen = new Set<Node>()): Set<Node> {
  if (seen.has(node)) return seen;
  seen.add(node);
  const { $ref, anyOf = [], oneOf = [], allOf = [] } = node;
  const name = $ref?.replace("#/$defs/", "");
  const referred = name === undefined ? undefined : name === "#" ? root : root.$defs?.[name];
  for (const other of [referred, ...anyOf, ...oneOf, ...allOf]) if (other) readings(other, root, seen);
  return seen;
}

const own = <T>(record: Readonly<Record<string, T>> | undefined, key: PropertyKey) =>
  record && Object.hasOwn(record, key) ? record[key as string] : undefined;

function below(node: Node, key: PropertyKey): Node[] {
  const { additionalProperties, items, prefixItems, properties } = node;
  const field = own(properties, key) ?? additionalProperties;
  const item = typeof key === "number" ? (prefixItems?.[key] ?? items) : undefined;
  return [field, item].filter((found) => typeof found === "object");
}

function isMarked(nodes: Iterable<Node>): boolean {
  return [...nodes].some(({ format }) => format === SECRET);
}

/** Whether a node or anything below it is marked. */
function holdsSecret(node: Node, root: Node, seen = new Set<Node>()): boolean {
  return [...readings(node, root)].some((each) => {
    if (seen.has(each)) return false;
    seen.add(each);
    const { additionalProperties, format, items, prefixItems = [], properties = {} } = each;
    const children = [...Object.values(properties), ...prefixItems, items, additionalProperties];
    return format === SECRET || children.some((child) => typeof child === "object" && holdsSecret(child, root, seen));
  });
}

export type Fields = {
  /**
   * Whether a value at this place may be sent back. Not if it is marked, lies in something marked, or stands where
   * something marked should lie (as the bare password in place of the object around it), nor where nothing is described.
   */
  mayShow(path: readonly PropertyKey[]): boolean;
  /** Names of the fields that an object at this place may have. */
  known(path: readonly PropertyKey[]): readonly string[];
};

const described = new WeakMap<z.ZodType, Fields>();

/** Worked out once for each schema, when its first fault is told. */
export function fieldsOf(schema: z.ZodType): Fields {
  const before = described.get(schema);
  if (before) return before;
  const root = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node;
  const follow = (path: readonly PropertyKey[]) => {
    let nodes = [...readings(root, root)];
    let marked = isMarked(nodes);
    for (const key of path) {
      nodes = nodes.flatMap((node) => below(node, key)).flatMap((node) => [...readings(node, root)]);
      marked ||= isMarked(nodes);
    }
    return { nodes, marked };
  };
  const fields: Fields = {
    mayShow(path) {
      const { marked, nodes } = follow(path);
      return !marked && nodes.length > 0 && !nodes.some((node) => holdsSecret(node, root));
    },
    known: (path) => [...new Set(follow(path).nodes.flatMap(({ properties = {} }) => Object.keys(properties)))],
  };
  described.set(schema, fields);
  return fields;
}
