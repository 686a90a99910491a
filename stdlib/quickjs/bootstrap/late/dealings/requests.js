// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// Late: modules, and the requests CALL, CHECK and OFFER of abi.ts.

let checking; // while a source is only checked: the list of its specifiers
const resolved = new Map_(); // referrer, zero, specifier -> name
const CHECK_NAME = "cordon:check";

function normalizeName(specifier, referrer) {
  if (checking) {
    append(checking, specifier);
    return CHECK_NAME;
  }
  const key = referrer + "\0" + specifier;
  const known = mapGet(resolved, key);
  if (known !== undefined) return known;
  const load = moduleLoader();
  if (!load) throw new Error_("Cannot load module '" + specifier + "': no module loader is granted");
  const module = load(specifier, referrer);
  if (typeof module?.name !== "string" || typeof module.source !== "string")
    throw new Error_("Cannot load module '" + specifier + "'");
  mapSet(sources, module.name, module.source);
  mapSet(resolved, key, module.name);
  return module.name;
}

/** The engine asks once per name; a name it knows already leaves its source here until the next run clears it. */
function sourceOf(name) {
  if (checking && name === CHECK_NAME) return "";
  const source = mapGet(sources, name);
  mapDelete(sources, name);
  if (source === undefined) throw new Error_("Cannot load module '" + name + "'");
  return source;
}

// CALL

function callGlobal(token, asked) {
  const target = lookUp(asText(asked.name, ""));
  const args = isArray(asked.args) ? asked.args : [];
  awaitValue(token, apply(target.fn, target.self, args), (v) => finish(token, true, v, asIs));
}

/** Follows a dotted path from the global scope; `let` and `const` of scripts are found too. */
function lookUp(path) {
  let self,
    value,
    at = 0;
  for (let first = true; first || at > 0; first = false) {
    const dot = indexOf(path, ".", at);
    const key = dot < 0 ? slice(path, at) : slice(path, at, dot);
    self = first ? undefined : value;
    value = first ? globalNamed(key) : value?.[key];
    at = dot < 0 ? 0 : dot + 1;
  }
  if (typeof value !== "function") throw new TypeError_(path + " is not a function");
  return { __proto__: null, fn: value, self };
}

function globalNamed(key) {
  if (has(global, key)) return global[key];
  if (!test(/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u, key)) return undefined;
  const found = evaluate("typeof " + key + ' === "undefined" ? undefined : ' + key, FILE, 1, BARRIER);
  return found[0] ? found[1] : undefined;
}

// CHECK

function check(source, name) {
  const errors = [];
  try {
    compile(source, name, 1, scriptFlags(source));
    return { imports: [] };
  } catch (error) {
    append(errors, error);
  }
  const body = compileOnlyBody(source, name);
  if (!body) return { imports: [] };
  append(errors, body);
  return checkModule(source, name, errors);
}

function compileOnlyBody(source, name) {
  try {
    compile(asDeclaration(source), name, BEFORE, 0);
    compile(asMethod(source), name, BEFORE, 0);
    return undefined;
  } catch (error) {
    return error;
  }
}

function checkModule(source, name, errors) {
  checking = [];
  try {
    compile(source, name, 1, MODULE_FLAG);
    return { imports: checking };
  } catch (error) {
    append(errors, error);
    throw furthest(errors, name);
  } finally {
    checking = undefined;
  }
}

// OFFER

let declared; // what a run has declared contracts of

/** Answers with the contracts, as data; the objects wait until somebody who knows the contracts asks for them. */
function declare(v) {
  if (!isObject(v)) throw new TypeError_("a layer that declares what it offers gives { contracts, objects }");
  declared = v.objects;
  return { value: v.contracts };
}

/** Once: they are offered under the contracts of one answer. */
function takeDeclared() {
  const offered = declared;
  declared = undefined;
  return offered;
}
