// Trains, cancels, and shows how far a training is; the page is rendered anew when one begins or ends.
"use strict";

const trainings = document.getElementById("trainings");

const tellFailed = (error) => studio.tell(error.message, true);

// What is said is shown by the page as it is then.
const anew = (sentence) => {
  if (sentence) sessionStorage.setItem("said", sentence);
  location.reload();
};

const show = (running) => {
  for (const place of trainings.querySelectorAll("[data-live]")) {
    const what = place.dataset.live;
    if (what === "percent") {
      if (running.percent === null) place.removeAttribute("value");
      else place.value = running.percent;
    } else if (place.textContent !== running[what]) {
      const atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 30;
      place.textContent = running[what];
      if (what === "log" && atEnd) place.scrollTop = place.scrollHeight;
    }
  }
};

const look = async () => {
  if (!document.hidden) {
    try {
      const answer = await fetch("/studio/trainings");
      if (answer.redirected || answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(answer.statusText);
      const now = await answer.json();
      if (now.key !== trainings.dataset.key) return location.reload();
      if (now.running) show(now.running);
      if (trainings.dataset.lost) document.querySelector(".toast")?.remove();
      delete trainings.dataset.lost;
    } catch {
      if (!trainings.dataset.lost) studio.tell(trainings.dataset.stale, true);
      trainings.dataset.lost = "yes";
    }
  }
  setTimeout(look, trainings.dataset.key ? 1000 : 5000);
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-train], [data-cancel], [data-check]");
  if (!button) return;
  button.disabled = true;
  try {
    if ("train" in button.dataset) anew((await studio.send("/studio/trainings")).said);
    else if ("cancel" in button.dataset) {
      await studio.send(`/studio/trainings/${button.dataset.cancel}/cancel`);
      anew();
    } else studio.tell((await studio.send(`/studio/models/${button.dataset.check}/check`)).said);
  } catch (error) {
    tellFailed(error);
  }
  if ("check" in button.dataset || document.querySelector(".toast.bad")) button.disabled = false;
});

document.addEventListener("promotion-ended", () => location.reload());

if (trainings) {
  const said = sessionStorage.getItem("said");
  sessionStorage.removeItem("said");
  if (said) studio.tell(said);
  for (const log of trainings.querySelectorAll("pre.log")) log.parentElement.addEventListener("toggle", () => { log.scrollTop = log.scrollHeight; });
  setTimeout(look, 1000);
}
