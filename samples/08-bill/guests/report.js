// Some work, and some letters about it.
const squares = Array.from({ length: 20_000 }, (_, n) => n * n);
const total = squares.reduce((sum, square) => sum + square, 0);
for (const to of ["ada", "grace"]) await mail.send(to, `The sum is ${total}. `.repeat(20));
return total;
