// The part of TOML that look files use: comments, key = value, [[tables]]; anything else is refused
// with its line.
import { FileError } from "./cube.js";

export function parseToml(text, name) {
  const root = {};
  let table = root, at = 0;
  const source = text.replace(/^\ufeff/, "").replace(/\r\n/g, "\n");
  const line = () => source.slice(0, at).split("\n").length;
  const fail = (what) => {
    throw new FileError(`${name}:${line()}: ${what}`);
  };
  const space = (newlines) => {
    for (;;) {
      const c = source[at];
      if (c === " " || c === "\t" || (newlines && c === "\n")) at++;
      else if (c === "#") while (at < source.length && source[at] !== "\n") at++;
      else return;
    }
  };
  const word = () => {
    const found = /^[A-Za-z0-9_-]+/.exec(source.slice(at, at + 200));
    if (!found) fail(`expected a key, found '${source.slice(at, at + 20).split("\n")[0]}'`);
    at += found[0].length;
    return found[0];
  };
  const quoted = (mark) => {
    const triple = source.startsWith(mark.repeat(3), at), end = triple ? mark.repeat(3) : mark;
    at += end.length;
    if (triple && source[at] === "\n") at++;
    let to = at;
    while (to < source.length && !source.startsWith(end, to)) {
      if (!triple && source[to] === "\n") fail("a text that does not end on its line");
      to += mark === '"' && source[to] === "\\" ? 2 : 1;
    }
    if (to >= source.length) fail("a text that does not end");
    const raw = source.slice(at, to);
    at = to + end.length;
    if (mark === "'") return raw;
    return raw.replace(/\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)/g, (_, code) => {
      if (code[0] === "u" || code[0] === "U") return String.fromCodePoint(parseInt(code.slice(1), 16));
      const plain = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", '"': '"', "\\": "\\" }[code];
      if (plain === undefined) fail(`an unknown escape \\${code}`);
      return plain;
    });
  };
  const value = () => {
    const c = source[at];
    if (c === '"' || c === "'") return quoted(c);
    if (c === "[") {
      at++;
      const list = [];
      for (;;) {
        space(true);
        if (source[at] === "]") {
          at++;
          return list;
        }
        list.push(value());
        space(true);
        if (source[at] === ",") at++;
        else if (source[at] !== "]") fail("a list needs commas between its values and a ] at its end");
      }
    }
    const found = /^[^\s,\]#]+/.exec(source.slice(at, at + 100));
    const token = found ? found[0] : "";
    if (token === "true" || token === "false") {
      at += token.length;
      return token === "true";
    }
    if (!/^[+-]?(\d[\d_]*)(\.\d[\d_]*)?([eE][+-]?\d+)?$/.test(token)) fail(`not a value: '${token}'`);
    at += token.length;
    return Number(token.replace(/_/g, ""));
  };
  for (;;) {
    space(true);
    if (at >= source.length) return root;
    if (source.startsWith("[[", at)) {
      at += 2;
      const key = word();
      if (!source.startsWith("]]", at)) fail("a table's heading ends with ]]");
      at += 2;
      root[key] ??= [];
      if (!Array.isArray(root[key])) fail(`${key} is there twice`);
      root[key].push((table = {}));
    } else if (source[at] === "[") fail("look files have [[layer]] tables only");
    else {
      const key = word();
      space(false);
      if (source[at] !== "=") fail(`expected = after ${key}`);
      at++;
      space(false);
      if (Object.hasOwn(table, key)) fail(`${key} is there twice`);
      table[key] = value();
    }
    space(false);
    if (at < source.length && source[at] !== "\n") fail("one value a line");
  }
}

function toml(value) {
  if (typeof value === "string") {
    if (value.includes("\n") && !value.includes("'''")) return `'''\n${value}'''`;
    return JSON.stringify(value).replace(/\u007f/g, "\\u007f");
  }
  if (Array.isArray(value)) return `[${value.map(toml).join(", ")}]`;
  return String(value);
}

export function lookText(look) {
  const lines = ["# Made by luts studio; luts bake this-file -o look.cube gives its cube.",
    "look = 1", `name = ${toml(look.name)}`, `amount = ${toml(look.amount)}`];
  for (const { kind, on, strength, values } of look.layers) {
    lines.push("", "[[layer]]", `kind = ${toml(kind)}`, `on = ${on}`, `strength = ${toml(strength)}`);
    for (const [key, value] of Object.entries(values)) if (value !== "") lines.push(`${key} = ${toml(value)}`);
  }
  return lines.join("\n") + "\n";
}
