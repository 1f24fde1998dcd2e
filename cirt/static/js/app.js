// Small comforts. Every page works without them.
"use strict";

(() => {
  const root = document.documentElement;
  const typing = (element) =>
    element.isContentEditable || /^(TEXTAREA|SELECT)$/.test(element.tagName) ||
    (element.tagName === "INPUT" && !/^(radio|checkbox|button|submit)$/.test(element.type));

  // A refusal is read first.
  const summary = document.querySelector("[data-error-summary]");
  summary?.focus();
  // Its links lead to the fields without a trace in the address: a browser would carry "#reason" on
  // to the next page and open that one in the middle.
  summary?.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    (field.closest(".field") ?? field).scrollIntoView();
    field.focus({ preventScroll: true });
    if (document.activeElement === field) event.preventDefault();
  });

  // So does the link that skips the navigation: "#main" carried on would take the focus from a refusal.
  document.querySelector(".skip-link")?.addEventListener("click", (event) => {
    const main = document.getElementById("main");
    main.scrollIntoView();
    main.focus({ preventScroll: true });
    event.preventDefault();
  });

  // Times in the reader's own zone; UTC, as the server wrote it, stays in the tooltip.
  const zone = {
    year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
    hourCycle: "h23", timeZoneName: "short", numberingSystem: "latn",
  };
  let inZone = null;
  try {
    inZone = new Intl.DateTimeFormat(root.lang, zone);
  } catch { /* an old browser keeps the UTC text */ }
  for (const time of document.querySelectorAll("time[data-local]")) {
    const moment = new Date(time.dateTime);
    if (!inZone || Number.isNaN(moment.getTime())) continue;
    time.title = time.textContent.trim();
    time.textContent = inZone.format(moment);
    time.dir = "auto";
  }

  // A second press within a few seconds sends nothing twice; the first one keeps going.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const now = Date.now();
    if (form.method !== "post") return;
    if (now - Number(form.dataset.sentAt || 0) < 5000) {
      event.preventDefault();
      return;
    }
    // wait for the other listeners: one of them may have stopped this submission
    setTimeout(() => {
      if (!event.defaultPrevented) form.dataset.sentAt = now;
    });
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sentAt;
  });

  // A choice that acts at once; its button stays for who has no script.
  for (const select of document.querySelectorAll("select[data-submit-on-change]")) {
    select.addEventListener("change", () => select.form.requestSubmit());
    const button = select.form.querySelector("[data-submit-button]");
    if (button) button.hidden = true;
  }

  // Menus close like menus.
  const menus = document.querySelectorAll("details[data-menu]");
  document.addEventListener("click", (event) => {
    for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus) {
      if (!menu.open) continue;
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // Copying, also on a plain http network where browsers offer no clipboard.
  const copied = async (source) => {
    const text = source.value ?? source.textContent.trim();
    if (navigator.clipboard && window.isSecureContext) {
      await navigator.clipboard.writeText(text);
      return true;
    }
    const area = document.createElement("textarea");
    area.value = text;
    area.readOnly = true;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  for (const button of document.querySelectorAll("[data-copy]")) {
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      const done = source && (await copied(source).catch(() => false));
      button.textContent = done ? button.dataset.copied : button.dataset.copyFailed;
      button.focus();
      setTimeout(() => { button.textContent = label; }, 4000);
    });
  }

  // Keys of the question page: 0-4 and N, P. They can be switched off (WCAG 2.2, 2.1.4).
  const stored = (value) => {
    try {
      if (value === undefined) return localStorage.getItem("single-keys");
      localStorage.setItem("single-keys", value);
    } catch { /* storage may be forbidden */ }
    return null;
  };
  let keysOn = stored() !== "off";
  for (const help of document.querySelectorAll("[data-keys-help]")) {
    const box = help.querySelector("[data-keys-switch]");
    help.hidden = false;
    box.checked = keysOn;
    box.addEventListener("change", () => {
      keysOn = box.checked;
      stored(keysOn ? "on" : "off");
    });
  }
  document.addEventListener("keydown", (event) => {
    if (!keysOn || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.defaultPrevented || typing(event.target)) return;
    const level = document.querySelector(`[data-level="${CSS.escape(event.key)}"]:not(:disabled)`);
    const link = /^[np]$/i.test(event.key) && document.querySelector(`a[data-key="${event.key.toLowerCase()}"]`);
    if (!level && !link) return;
    event.preventDefault();
    if (level) level.focus();
    (level || link).click();
  });
})();
