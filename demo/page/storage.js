// What the page keeps in the browser: the devices of each policy, for every window, and the name of this window's reader.

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
        // The quota is used up. The next window starts from the last save: the server sends what it still has.
      }
    },
    forget: () => localStorage.removeItem(key),
  };
}

/**
 * Two windows with one reader name would end each other's polls, and a duplicated window starts with a copy of the session
 * storage. So a window takes its name out, and puts it back when it is left: a reload finds it, a duplicate makes another.
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
