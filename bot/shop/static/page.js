// Remember who was chosen last; a copied number says so for a moment.
"use strict";

const KEY = "shop-customer";
const asked = new URLSearchParams(location.search).get("customer");

try {
  if (asked === null && localStorage.getItem(KEY)) {
    location.replace("/?customer=" + encodeURIComponent(localStorage.getItem(KEY)));
  } else if (asked !== null) {
    localStorage.setItem(KEY, document.body.dataset.customer);
  }
} catch {
  // Storage may be forbidden; then nothing is remembered.
}

// On a narrow screen the people are a row that scrolls.
document.querySelector('.person[aria-current="true"]')
  ?.scrollIntoView({ block: "nearest", inline: "center", behavior: "instant" });

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      getSelection().selectAllChildren(button);
      return;
    }
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 1500);
  });
}
