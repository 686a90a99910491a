for (const name of [123, null, 3.1415, ".", "..", "dir/file"]) await log(await errorOf(() => removefile(name)));
