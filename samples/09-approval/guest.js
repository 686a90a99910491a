// Pays invoices. It does not know that somebody is asked about some of them.
const done = [];
for (const { to, amount } of invoices) {
  try {
    done.push(await payments.pay(to, amount));
  } catch (error) {
    done.push(`${to}: ${error.code}, ${error.message}`);
  }
}
return done;
