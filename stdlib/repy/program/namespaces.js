// Virtual namespaces: text that was checked once and is evaluated in a context as often as one likes.
import { entriesOf, isSafeName, SafeDict } from "./safedict.js";

/** `below` is createvirtualnamespace of the table: layers see the text, may refuse it, and may answer with another. */
export function createNamespaces({ below, compiler, make }) {
  const argument = (message) => {
    throw make("RepyArgumentError", message);
  };

  function contextOf(value) {
    if (value instanceof SafeDict) return value;
    const entries = entriesOf(value);
    if (entries === undefined) argument("the context must be a dictionary");
    const bad = entries.find(([key]) => !isSafeName(key));
    if (bad !== undefined) throw make("ContextUnsafeError", `${String(bad[0])} is no safe name`);
    const context = new SafeDict();
    for (const [key, item] of entries) context.set(key, item);
    return context;
  }

  return async (...args) => {
    const [code, name] = args;
    if (args.length !== 2) argument("createvirtualnamespace takes code and name");
    if (typeof code !== "string") argument("code must be a string");
    if (typeof name !== "string") argument("name must be a string");
    compiler.prepare(code, name);
    const namespace = await below(code, name);
    return Object.freeze({
      __proto__: null,
      async evaluate(...given) {
        if (given.length !== 1) argument("evaluate takes a context");
        const context = contextOf(given[0]);
        const answer = await namespace.evaluate();
        await compiler.prepare(answer.code, answer.name)(context);
        return context;
      },
    });
  };
}
