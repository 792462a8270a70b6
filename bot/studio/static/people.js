// People are added, changed, disabled; a password that was made is shown once. Then the page is shown anew.
"use strict";

const sure = document.getElementById("sure");
const secret = document.getElementById("password");
const adding = document.getElementById("add");

// What is said is shown by the page as it is then.
const anew = (sentence, path) => {
  if (sentence) sessionStorage.setItem("said", sentence);
  if (path) location.assign(path);
  else location.reload();
};

const showPassword = ({ id, name, password, hint }) => {
  adding?.close();
  secret.querySelector("[data-hint]").textContent = hint;
  secret.querySelector("[data-name]").textContent = name;
  secret.querySelector("[data-password]").textContent = password;
  // It would be lost by a key pressed too early.
  secret.addEventListener("cancel", (event) => event.preventDefault());
  secret.querySelector("[data-noted]").addEventListener("click", () => anew("", id && `/studio/people/${id}`));
  secret.showModal();
};

const done = (answer) => (answer.password ? showPassword(answer) : anew(answer.said));

const asked = (button) => new Promise((resolve) => {
  sure.querySelector("[data-question]").textContent = button.dataset.ask;
  sure.querySelector("[data-hint]").textContent = button.dataset.hint || "";
  sure.querySelector("[value=yes]").textContent = button.textContent;
  sure.returnValue = "";
  sure.addEventListener("close", () => resolve(sure.returnValue === "yes"), { once: true });
  sure.showModal();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("add" in button.dataset) {
    adding.showModal();
    adding.querySelector("[name=display_name]").focus();
  } else if ("close" in button.dataset) button.closest("dialog").close();
  else if ("copy" in button.dataset) {
    try {
      await navigator.clipboard.writeText(secret.querySelector("[data-password]").textContent);
      button.textContent = button.dataset.copied;
    } catch {
      button.textContent = button.dataset.not;
      getSelection().selectAllChildren(secret.querySelector("[data-password]"));
    }
  } else if (button.dataset.post) {
    if (button.dataset.ask && !(await asked(button))) return;
    button.disabled = true;
    try {
      done(await studio.send(button.dataset.post));
    } catch (error) {
      studio.tell(error.message, true);
    }
    button.disabled = false;
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-send]");
  if (!form) return;
  event.preventDefault();
  const submit = form.querySelector("[type=submit]");
  const problem = form.querySelector(".error");
  submit.disabled = true;
  problem.hidden = true;
  try {
    done(await studio.send(form.dataset.send, Object.fromEntries(new FormData(form))));
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }
  submit.disabled = false;
});

const search = document.querySelector("[data-search]");
search?.addEventListener("input", () => {
  const words = search.value.trim().toLowerCase();
  let shown = 0;
  for (const row of document.querySelectorAll(".people li")) {
    row.hidden = !row.dataset.words.includes(words);
    shown += !row.hidden;
  }
  document.querySelector("[data-no-match]").hidden = shown > 0;
});

const said = sessionStorage.getItem("said");
sessionStorage.removeItem("said");
if (said) studio.tell(said);
