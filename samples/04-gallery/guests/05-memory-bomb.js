// A string that doubles is a gigabyte after thirty steps. The guest may catch the end of its memory, and go on small.
let text = "cordon";
try {
  for (;;) text += text;
} catch (error) {
  return `${error.name}: ${error.message}`;
}
