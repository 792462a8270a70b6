// The list is narrowed as soon as something is chosen.
"use strict";

const filters = document.querySelector(".filters");
filters?.addEventListener("change", () => {
  for (const field of filters.querySelectorAll("select")) field.disabled = field.value === "" || (field.name === "days" && field.value === "0");
  filters.submit();
});
addEventListener("pageshow", () => {
  for (const field of filters?.querySelectorAll("select") ?? []) field.disabled = false;
});
