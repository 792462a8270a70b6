// A change is taken back once its admin is sure; then the page shows what came of it.
"use strict";

const sure = document.getElementById("sure");
for (const button of document.querySelectorAll("[data-revert]")) {
  button.addEventListener("click", () => {
    sure.returnValue = "";
    sure.showModal();
  });
  sure.addEventListener("close", async () => {
    if (sure.returnValue !== "yes") return;
    button.disabled = true;
    try {
      const { id, said } = await studio.send(`/studio/history/${button.dataset.revert}/revert`);
      if (id) location.assign(`/studio/history/${id}`);
      else studio.tell(said);
    } catch (error) {
      studio.tell(error.message, true);
    }
    button.disabled = false;
  });
}
