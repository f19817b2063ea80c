"use strict";
// a click on a column's head sorts by it; a second click the other way round
for (const table of document.querySelectorAll("table.matrix")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const order = head.ariaSort === "ascending" ? "descending" : "ascending";
    heads.forEach((other) => { other.ariaSort = other === head ? order : "none"; });
    const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => key(a).localeCompare(key(b), undefined, { numeric: true }));
    if (order === "descending") rows.reverse();
    table.tBodies[0].append(...rows);
  }));
}
// a link to a subject opens it
const open = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) { target.open = true; target.scrollIntoView(); }
};
addEventListener("hashchange", open);
open();
