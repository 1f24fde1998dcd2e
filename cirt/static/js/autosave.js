// Work saves itself, and says whether it is safe. What the server has not confirmed is kept on this
// device, under a key that names the user and the record, and comes back after a reload.
"use strict";

(() => {
  const PREFIX = "draft:";
  const KEPT_DAYS = 30;
  const TYPING_PAUSE = 800;
  const PATIENCE = 5000; // for a save, before a person goes on without its answer
  const RETRY = [2000, 5000, 15000, 30000, 60000];

  const store = {
    read(key) {
      try { return JSON.parse(localStorage.getItem(PREFIX + key)); } catch { return null; }
    },
    write(key, draft) {
      try { localStorage.setItem(PREFIX + key, JSON.stringify(draft)); } catch { /* full or forbidden: the page still holds it */ }
    },
    remove(key) {
      try { localStorage.removeItem(PREFIX + key); } catch { /* nothing was stored either */ }
    },
    sweep(all) {
      try {
        for (const name of Object.keys(localStorage)) {
          if (!name.startsWith(PREFIX)) continue;
          const age = Date.now() - (JSON.parse(localStorage.getItem(name))?.at || 0);
          if (all || age > KEPT_DAYS * 86400000) localStorage.removeItem(name);
        }
      } catch { /* storage forbidden */ }
    },
  };
  store.sweep(document.querySelector("[data-clear-drafts]") !== null);

  class Saver {
    constructor(form) {
      this.form = form;
      this.key = form.dataset.autosaveKey;
      this.line = form.querySelector("[data-save-state]");
      this.edits = 0; // counted, so that an answer to an older text never hides a newer one
      this.savedEdits = 0;
      this.failures = 0;
      this.busy = false;
      this.halted = false; // after a conflict, until a person has chosen
      this.timer = null;
      this.waiting = null; // a submission or a link that waits for the save under way
      this.overdue = false; // it waited long enough
      form.addEventListener("input", (event) => this.edited(event.target));
      form.addEventListener("change", () => { if (this.unsaved && !this.halted) this.later(0); });
      form.addEventListener("submit", (event) => this.submitted(event));
      document.addEventListener("click", (event) => this.followed(event));
      window.addEventListener("beforeunload", (event) => {
        if (!this.unsaved || this.leaving) return;
        event.preventDefault();
        event.returnValue = ""; // what older browsers look at
      });
      window.addEventListener("pageshow", () => { this.leaving = false; });
      window.addEventListener("online", () => { if (this.unsaved) this.save(); });
      document.addEventListener("visibilitychange", () => {
        if (document.visibilityState === "hidden" && this.unsaved) this.save();
      });
      document.addEventListener("keydown", (event) => {
        if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
        event.preventDefault();
        this.save();
      });
      this.original = this.snapshot();
      this.restore();
    }

    get unsaved() { return this.edits !== this.savedEdits; }

    get revision() { return this.form.elements.namedItem("revision"); }

    fields() {
      return [...this.form.elements].filter((field) =>
        field.name && !/^(hidden|file|password|submit|button)$/.test(field.type) && !/^(BUTTON|FIELDSET|OUTPUT)$/.test(field.tagName));
    }

    snapshot() {
      const values = {};
      for (const field of this.fields()) {
        values[field.name] ??= [];
        if (/^(radio|checkbox)$/.test(field.type)) {
          if (field.checked) values[field.name].push(field.value);
        } else if (field.multiple) {
          values[field.name].push(...[...field.selectedOptions].map((option) => option.value));
        } else {
          values[field.name].push(field.value);
        }
      }
      return values;
    }

    fill(values) {
      const position = {};
      for (const field of this.fields()) {
        const kept = values[field.name];
        if (!kept) continue;
        if (/^(radio|checkbox)$/.test(field.type)) {
          field.checked = kept.includes(field.value);
        } else if (field.multiple) {
          for (const option of field.options) option.selected = kept.includes(option.value);
        } else {
          const place = position[field.name] ?? 0;
          position[field.name] = place + 1;
          if (place < kept.length) field.value = kept[place];
        }
      }
    }

    keep() {
      store.write(this.key, { at: Date.now(), revision: this.revision?.value ?? null, values: this.snapshot() });
    }

    edited(field) {
      if (field.type === "file" || !field.name) return;
      this.edits += 1;
      this.keep();
      if (this.halted) return;
      this.show("unsaved");
      this.later(TYPING_PAUSE);
    }

    later(pause) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), pause);
    }

    submitted(event) {
      if (!this.busy || this.overdue) {
        setTimeout(() => this.leave(), 0);
        return;
      }
      // a save is under way: beside it, this submission would look like a change by somebody else
      event.preventDefault();
      this.wait(() => this.form.requestSubmit(event.submitter), false);
    }

    followed(event) {
      if (!this.unsaved || this.halted || this.failures || this.leaving || this.overdue) return;
      if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      const link = event.target.closest?.("a[href]");
      if (!link || link.target || link.hasAttribute("download")) return;
      if (link.hash && link.href.split("#")[0] === window.location.href.split("#")[0]) return;
      // the next page would end the save under way, and leave behind what was changed since
      event.preventDefault();
      this.wait(() => link.click(), true);
      this.save();
    }

    wait(go, wholly) {
      if (this.waiting) return;
      this.show("saving");
      const timer = setTimeout(() => this.goOn(), PATIENCE);
      this.waiting = { go, wholly, timer };
    }

    goOn() {
      const { go, timer } = this.waiting;
      clearTimeout(timer);
      this.waiting = null;
      this.overdue = true; // with something unsaved, the browser asks whether to leave
      go();
      this.overdue = false;
    }

    leave() {
      // an ordinary submission carries everything; the draft stays until a later page finds it confirmed
      this.leaving = true;
      clearTimeout(this.timer);
    }

    async save() {
      clearTimeout(this.timer);
      if (this.busy) {
        this.again = true;
        return;
      }
      if (this.halted || this.leaving) return;
      const sent = this.edits;
      this.busy = true;
      // a quick answer needs no "saving" between: less flicker, less for a screen reader to say
      const slow = setTimeout(() => this.show("saving"), 600);
      let answer = null;
      let body = null;
      try {
        const data = new FormData(this.form);
        for (const field of this.form.elements) if (field.type === "file") data.delete(field.name);
        answer = await fetch(this.form.action, {
          method: "POST",
          body: data,
          credentials: "same-origin",
          redirect: "manual",
          headers: { Accept: "application/json", "X-CSRFToken": data.get("csrf_token") ?? "" },
        });
        body = await answer.json();
      } catch { /* no network, or not our answer: handled below */ }
      clearTimeout(slow);
      this.busy = false;
      if (answer?.ok && body?.saved) this.confirmed(sent, body);
      else if (answer?.status === 409 && body?.conflict) this.conflict(body.conflict);
      else if (answer?.status === 401 || answer?.type === "opaqueredirect") this.failed("signed-out");
      else if (answer && answer.status >= 400 && answer.status < 500 && answer.status !== 408 && answer.status !== 429) {
        this.show("refused", body?.message);
      } else this.failed("failed");
      const again = this.again && this.unsaved && !this.halted;
      this.again = false;
      if (this.waiting && (!answer || answer.status >= 500 || this.halted)) {
        // without an answer, or in a conflict, the page stays: it says so
        clearTimeout(this.waiting.timer);
        this.waiting = null;
      }
      if (this.waiting && !(again && this.waiting.wholly)) this.goOn();
      else if (again) this.save();
    }

    confirmed(sent, body) {
      this.failures = 0;
      this.savedEdits = sent;
      if (this.revision && body.revision !== undefined) this.revision.value = body.revision;
      this.original = this.snapshot();
      if (this.unsaved) {
        this.keep();
        this.show("unsaved");
        this.later(TYPING_PAUSE);
        return;
      }
      store.remove(this.key);
      const moment = body.saved_at ? new Date(body.saved_at) : new Date();
      const clock = moment.toLocaleTimeString(document.documentElement.lang, { timeStyle: "short", hourCycle: "h23", numberingSystem: "latn" });
      this.show("saved", this.line?.dataset.saved.replace("%s", clock));
    }

    failed(state) {
      this.show(state);
      this.later(RETRY[Math.min(this.failures, RETRY.length - 1)]);
      this.failures += 1;
    }

    conflict(conflict) {
      this.halted = true;
      this.show("conflict", conflict.message);
      if (!this.line) return;
      if (conflict.fields?.length) {
        const list = document.createElement("dl");
        for (const field of conflict.fields) {
          const term = document.createElement("dt");
          const text = document.createElement("dd");
          term.textContent = field.label;
          text.textContent = field.text;
          text.dir = "auto";
          list.append(term, text);
        }
        this.line.append(list);
      }
      this.button(this.line.dataset.keepMine, () => {
        if (this.revision && conflict.revision !== undefined) this.revision.value = conflict.revision;
        this.halted = false;
        this.save();
      });
      this.button(this.line.dataset.useTheirs, () => this.reload());
    }

    reload() {
      store.remove(this.key);
      this.leaving = true;
      window.location.reload();
    }

    restore() {
      const draft = store.read(this.key);
      if (!draft?.values) return;
      // the server may have trimmed what it stored
      const plain = (values) => JSON.stringify(values, (_, value) => (typeof value === "string" ? value.trim() : value));
      const differs = plain(draft.values) !== plain(this.original);
      if (!differs) {
        store.remove(this.key);
        return;
      }
      const use = () => {
        this.fill(draft.values);
        this.edits += 1;
        this.halted = false;
        this.keep();
      };
      if (draft.revision !== (this.revision?.value ?? null)) {
        // the record moved on: a person decides, nothing is overwritten by itself
        this.halted = true;
        this.show("restored", this.line?.dataset.restoreOld);
        this.button(this.line?.dataset.useDraft, () => { use(); this.show("unsaved"); this.later(0); });
        this.button(this.line?.dataset.discard, () => this.reload());
        return;
      }
      use();
      this.show("restored");
      this.later(2000);
    }

    show(state, text) {
      if (!this.line) return;
      const name = state.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
      const sentence = text || this.line.dataset[name] || "";
      if (this.line.dataset.state === state && this.line.textContent === sentence) return;
      this.line.dataset.state = state;
      this.line.textContent = sentence;
    }

    button(label, act) {
      if (!this.line || !label) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm btn-outline-primary";
      button.textContent = label;
      button.addEventListener("click", act);
      this.line.append(button);
    }
  }

  for (const form of document.querySelectorAll("form[data-autosave]")) new Saver(form);
})();
