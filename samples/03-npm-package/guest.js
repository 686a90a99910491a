// Renders this repository's README with an npm package that nobody changed, or trusts: it runs in here with us.
import { marked } from "marked";

const [name = "README.md"] = args;
const html = marked.parse(await files.readText(name));

console.error(`${name}: ${html.length} characters of HTML, made by marked inside the sandbox`);
export default html;
