




























function middle() {
  inner();
}




function inner() {
  throw new TypeError('deep');
}
middle();
