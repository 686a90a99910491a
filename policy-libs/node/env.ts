// Variables of this process's environment, named one by one: what is not named is not looked at.

/** The named variables that are set. For env(environment(["LANG"])). */
export function environment(names: readonly string[]): Record<string, string> {
  const set = names.flatMap((name): [string, string][] => {
    const value = Object.hasOwn(process.env, name) ? process.env[name] : undefined;
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(set);
}
