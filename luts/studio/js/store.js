// What is worked on: the look with undo, kept in the browser's own database across reloads.
import { DATA } from "./data.js";

const DEPTH = 100;

// A deep copy that shares texts, which may be whole .cube files.
export function copy(value) {
  if (Array.isArray(value)) return value.map(copy);
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, copy(part)]));
  return value;
}

export class Store {
  constructor(look, changed) {
    this.look = look;
    this.past = [];
    this.future = [];
    this.tag = null;
    this.changed = changed;
  }

  // Let `edit` change the look. Changes of one tag in a row are one step of undo.
  change(edit, tag = null) {
    if (tag === null || tag !== this.tag) {
      this.past.push(copy(this.look));
      if (this.past.length > DEPTH) this.past.shift();
    }
    this.tag = tag;
    this.future = [];
    edit(this.look);
    this.changed(tag);
  }

  // The end of a drag: the next change is a step of its own.
  settle() {
    this.tag = null;
  }

  step(from, to) {
    if (!from.length) return false;
    to.push(this.look);
    this.look = from.pop();
    this.tag = null;
    this.changed(null);
    return true;
  }

  undo() {
    return this.step(this.past, this.future);
  }

  redo() {
    return this.step(this.future, this.past);
  }
}

function database() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("luts-studio", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("sessions");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function transact(mode, work) {
  const base = await database();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = base.transaction("sessions", mode);
      const request = work(transaction.objectStore("sessions"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    base.close();
  }
}

// Texts of cubes are stored once, however many steps of undo hold them.
function pack(looks, texts) {
  return JSON.stringify(looks, (key, value) => {
    if (key !== "cube" || typeof value !== "string" || !value) return value;
    let at = texts.indexOf(value);
    if (at < 0) at = texts.push(value) - 1;
    return { text: at };
  });
}

export async function saveSession(session) {
  const texts = [], { look, past, future, ...rest } = session;
  const looks = pack([look, past, future], texts);
  await transact("readwrite", (store) => store.put({ ...rest, looks, texts }, DATA.id));
}

export async function loadSession() {
  const found = await transact("readonly", (store) => store.get(DATA.id));
  if (!found) return null;
  const { looks, texts, ...rest } = found;
  const [look, past, future] = JSON.parse(looks, (key, value) => (key === "cube" && value?.text !== undefined ? texts[value.text] : value));
  return { ...rest, look, past, future };
}
