// The 27 classes that a program sees, and how an error that came from below becomes one of them.
import { codeOf, ERRORS, nameOf } from "../errors.js";

export function createErrors() {
  const classes = new Map();
  for (const [name, parent] of ERRORS) classes.set(name, makeClass(name, parent ? classes.get(parent) : Error));

  /** Errors cross as data: only code and text are taken over (W21). */
  function rebuild(error) {
    if (error instanceof classes.get("RepyException")) return error;
    const name = nameOf(error?.code) ?? (error?.code === "E_VALUE" ? "RepyArgumentError" : undefined);
    if (name === undefined) return error;
    return new (classes.get(name))(error.message);
  }

  const make = (name, message) => new (classes.get(name))(message);
  return { classes, rebuild, make };
}

function makeClass(name, Parent) {
  const Class = class extends Parent {
    get code() {
      return codeOf(name);
    }
  };
  Object.defineProperty(Class, "name", { value: name });
  Object.defineProperty(Class.prototype, "name", { value: name, configurable: true, writable: true });
  return Class;
}
