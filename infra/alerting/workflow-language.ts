// Expressions of the Workflow Definition Language, put together so that no text of ours can break out of its quotes.

/** An expression without its `@`, to go into another. */
export type Expression = string & { readonly expression?: never };

export const call = (name: string, ...args: readonly (Expression | number)[]): Expression =>
  `${name}(${args.join(", ")})`;

export const text = (value: string): Expression => `'${value.replaceAll("'", "''")}'`;

/** A member that may be missing, of something that may be missing: null then, never an error. */
export const member = (of: Expression, ...names: readonly string[]): Expression =>
  of + names.map((name) => `?[${text(name)}]`).join("");

export const payload = (...names: readonly string[]): Expression => member("triggerBody()", ...names);

export const parameter = (name: string): Expression => call("parameters", text(name));

/** All arguments of `if` are evaluated, whichever is taken: none may fail. */
export const either = (condition: Expression, then: Expression, otherwise: Expression): Expression =>
  call("if", condition, then, otherwise);

export const orElse = (...values: readonly Expression[]): Expression => call("coalesce", ...values);

/** The whole value of a field: keeps its type. */
export const value = (expression: Expression): string => `@${expression}`;

/** A part of a text. */
export const within = (expression: Expression): string => `@{${expression}}`;
