// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// Modules: the system grant modules.load resolves a specifier in its referrer and gives name and source at once.
// One specifier in one referrer always means the same module, as the language demands.

let loadSource;
let checking; // while a source is only checked: the list of its specifiers
const resolved = new Map_(); // referrer, zero, specifier -> name
const sources = new Map_(); // name -> source that the engine has not asked for yet
const CHECK_NAME = "cordon:check";

function normalizeName(specifier, referrer) {
  if (checking) {
    append(checking, specifier);
    return CHECK_NAME;
  }
  const key = referrer + "\0" + specifier;
  const known = mapGet(resolved, key);
  if (known !== undefined) return known;
  if (!loadSource) throw new Error_("Cannot load module '" + specifier + "': no module loader is granted");
  const module = loadSource(specifier, referrer);
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
