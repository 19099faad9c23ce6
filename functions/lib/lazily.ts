// Dependencies that are created on first use and then shared: a cold start pays only for what it needs.

/**
 * Adds the properties of `source` to `target`. A getter runs once: its value replaces it on first read. It finds the
 * properties of both in `this`.
 */
export function addLazily<T extends object, S extends object>(target: T, source: S): T & S {
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(source))) {
    const { get } = descriptor;
    if (!get) {
      Object.defineProperty(target, name, descriptor);
      continue;
    }
    Object.defineProperty(target, name, {
      configurable: true,
      enumerable: true,
      get() {
        const value: unknown = get.call(target);
        Object.defineProperty(target, name, { value });
        return value;
      },
    });
  }
  return target as T & S;
}
