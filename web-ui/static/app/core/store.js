// @ts-check
// The loop of every screen: something happened → dispatch(action) → reduce → everything is drawn from the new state.

/**
 * @template S
 * @param {(state: S, action: any) => S} reduce pure
 * @param {S} first
 */
export function createStore(reduce, first) {
  let state = first;
  /** @type {((state: S) => void)[]} */
  const listeners = [];
  return {
    get: () => state,
    /** @param {any} action */
    dispatch(action) {
      const next = reduce(state, action);
      if (next === state) return;
      state = next;
      for (const listener of listeners) listener(state);
    },
    /** @param {(state: S) => void} listener */
    watch: (listener) => void listeners.push(listener),
  };
}
