// Sends a sheet to be checked, shows what is wrong or what would change, and has it written once that is wanted.
"use strict";

const sheet = document.getElementById("sheet");
const found = document.getElementById("found");

if (sheet) {
  const input = sheet.querySelector("input[type=file]");
  const drop = sheet.querySelector("[data-drop]");
  const going = sheet.querySelector(".going");
  const bar = going.querySelector("progress");
  // The file as it was chosen, what was ticked, and the request that is under way.
  let file = null;
  let options = {};
  let sending = null;

  const say = (sentence, percent) => {
    going.hidden = !sentence;
    if (!sentence) return;
    going.querySelector("[data-going]").textContent = sentence;
    if (percent === undefined) bar.removeAttribute("value");
    else bar.value = percent;
  };

  // XMLHttpRequest, as fetch does not tell how much of a file has gone.
  const send = (path, query) => new Promise((done, fail) => {
    sending?.abort();
    const request = sending = new XMLHttpRequest();
    request.open("POST", `${path}?${new URLSearchParams({ ...options, ...query })}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-File-Name", encodeURIComponent(file.name.slice(-100)));
    const after = sheet.dataset[query ? "writing" : "checking"];
    say(sheet.dataset.sending, 0);
    request.upload.onprogress = (event) => event.lengthComputable && say(sheet.dataset.sending, (100 * event.loaded) / event.total);
    request.upload.onload = () => say(after);
    request.onload = () => {
      if (request.status === 200) return done(request.responseText);
      let told = sheet.dataset.notSent;
      try { told = JSON.parse(request.responseText).detail || told; } catch { /* no answer of ours */ }
      if (request.status === 401) location.reload();
      fail(Object.assign(new Error(told), { status: request.status }));
    };
    request.onerror = () => fail(new Error(sheet.dataset.notSent));
    request.send(file);
  });

  const look = async (path, query) => {
    let stale = false;
    found.setAttribute("aria-busy", "true");
    for (const each of found.querySelectorAll("button, input")) each.disabled = true;
    try {
      // A file that was saved anew since it was chosen can no longer be read: say so instead of “no network”.
      await file.slice(0, 1).arrayBuffer().catch(() => { throw new Error(sheet.dataset.unreadable); });
      found.innerHTML = await send(path, query); // made by the server, which escapes what people wrote
      if (found.querySelector("[data-testid=done]")) file = null;
      found.focus({ preventScroll: true });
      found.scrollIntoView({ block: "nearest" });
    } catch (error) {
      studio.tell(error.message, true);
      stale = query && error.status === 409;
      for (const each of found.querySelectorAll("button, input")) each.disabled = false;
    }
    found.removeAttribute("aria-busy");
    say("");
    // Somebody was first: the file is compared with what is there now.
    if (stale) await look("/studio/knowledge/sheet/check");
  };

  const chosen = (given) => {
    if (!given) return;
    document.querySelector(".toast")?.remove();
    if (given.size > sheet.dataset.most * 1024 * 1024) return studio.tell(sheet.dataset.tooLarge, true);
    file = given;
    options = {};
    sheet.querySelector("[data-chosen]").textContent = file.name;
    sheet.querySelector("[data-drop-hint]").hidden = true;
    found.replaceChildren();
    look("/studio/knowledge/sheet/check");
  };

  input.addEventListener("change", () => {
    chosen(input.files[0]);
    input.value = ""; // the same file, saved anew, may be chosen again
  });
  for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.remove("over"); });
  drop.addEventListener("drop", (event) => chosen(event.dataTransfer.files[0]));

  found.addEventListener("change", (event) => {
    const tick = event.target.closest("[data-option]");
    if (!tick || !file) return;
    options = { ...options, [tick.dataset.option]: tick.checked };
    look("/studio/knowledge/sheet/check");
  });
  found.addEventListener("click", (event) => {
    if (!event.target.closest("[data-write]") || !file) return;
    look("/studio/knowledge/sheet/import", { at: found.querySelector("[data-at]").dataset.at });
  });
}
