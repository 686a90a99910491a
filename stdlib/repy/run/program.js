// The program's domain: `text` of `name`, with `args`, over `repy`. The value is the cause of its end.
import { createProgram } from "../program/index.js";

// biome-ignore lint/style/noDefaultExport: the value of the domain's program
export default await createProgram({ table: repy, args }).run(text, name);
