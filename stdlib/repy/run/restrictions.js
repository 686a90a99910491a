// Reads a restrictions file, `text`, in a domain that is thrown away. Ports are lists: they cross as data.
import { parseRestrictions } from "../restrictions.js";

const plain = (value) => (value instanceof Set ? [...value] : value);

// biome-ignore lint/style/noDefaultExport: the value of the domain's program
export default Object.fromEntries([...parseRestrictions(text)].map(([name, value]) => [name, plain(value)]));
