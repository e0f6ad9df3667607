// What a library for browsers looks for in its page.
globalThis.window = globalThis;
globalThis.document = Object.assign(new EventTarget(), { hidden: false });
