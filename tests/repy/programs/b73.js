await log(callfunc, callargs.length, callargs.join(" "));
