// Small helpers for the document. They insert data from outside as text, never as HTML.

export const $ = (id) => document.getElementById(id);

export function cloneOf(template) {
  return $(template).content.firstElementChild.cloneNode(true);
}

/** Returns the elements of a clone by their `data-part`. */
export function partsOf(node) {
  return Object.fromEntries(Array.from(node.querySelectorAll('[data-part]'), (part) => [part.dataset.part, part]));
}

/** Sets the text only if it has changed. This preserves a selection, and screen readers do not read the text again. */
export function setText(node, text) {
  const next = String(text ?? '');
  if (node.textContent !== next) node.textContent = next;
}

/** Creates all items of the list again if any of them has changed. */
export function showEach(list, items, contentOf) {
  const nodes = items.map((item) => {
    const node = document.createElement('li');
    node.append(...contentOf(item));
    return node;
  });
  const isSame = nodes.length === list.children.length && nodes.every((node, n) => node.isEqualNode(list.children[n]));
  if (!isSame) list.replaceChildren(...nodes);
}

export function count(n, one, many = `${one}s`) {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** Shows what has just happened, also to screen readers. */
export function announce(text, tone = 'good') {
  $('news').dataset.tone = tone;
  setText($('news'), text);
}

/** Runs the work of a button once at a time, and announces an error. */
export function onClick(button, work) {
  button.addEventListener('click', async () => {
    if (button.ariaBusy === 'true' || button.ariaDisabled === 'true') return;
    button.ariaBusy = 'true';
    try {
      await work();
    } catch (error) {
      announce(error.message, 'bad');
    } finally {
      button.ariaBusy = 'false';
    }
  });
}
