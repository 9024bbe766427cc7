// Data that the page keeps in the browser: the devices of each policy, for all windows, and the name of this window's reader.

const parse = (text) => {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
};

export const listKey = (policy) => `demo:${policy}`;

/** The devices of a policy, in the order of their logins. */
export const deviceList = {
  read: (policy) => parse(localStorage.getItem(listKey(policy))) ?? [],
  write: (policy, devices) => localStorage.setItem(listKey(policy), JSON.stringify(devices)),
};

export function memoryOf(policy, id) {
  const key = `${listKey(policy)}:${id}`;
  return {
    read: () => parse(localStorage.getItem(key)) ?? {},
    write(value) {
      try {
        localStorage.setItem(key, JSON.stringify(value));
      } catch {
        // The quota is used up. The next window starts from the last save, and the server sends the later messages that it
        // still has.
      }
    },
    forget: () => localStorage.removeItem(key),
  };
}

/**
 * Removes the name of this window's reader from the session storage and returns it, or creates a name. `yieldReader` puts it
 * back when the window is left, so that a reload finds it. Two windows with the same reader would end each other's polls. A
 * duplicated window starts with a copy of the session storage, does not find the name there, and creates another.
 */
export function claimReader() {
  const name =
    sessionStorage.getItem('demo:reader') ?? `window-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;
  sessionStorage.removeItem('demo:reader');
  return name;
}

export function yieldReader(name) {
  sessionStorage.setItem('demo:reader', name);
}

export const chosenPolicy = {
  read: () => localStorage.getItem('demo:policy') ?? 'reject',
  write: (policy) => localStorage.setItem('demo:policy', policy),
};
