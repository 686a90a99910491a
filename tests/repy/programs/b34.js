const parts = [];
for (let i = 0; i < 4; i++) parts.push(await randombytes());
const text = parts.join("");
const counts = new Array(256).fill(0);
for (let i = 0; i < text.length; i++) counts[text.charCodeAt(i)]++;
await log(text.length, counts.every((count) => count >= 1), counts.every((count) => count <= 40));
