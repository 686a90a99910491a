// Calls itself until something gives. It is the guest's own error that it can catch, not the host's stack.
let depth = 0;
const dive = () => {
  depth++;
  return dive() + 1;
};
try {
  dive();
} catch (error) {
  return `${error.name} after ${depth > 100 ? "many" : depth} calls`;
}
