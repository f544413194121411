import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { createLiveSession, type LiveSession, type LiveSessionOptions, type LiveState } from './session.js';

declare function setTimeout(run: () => void, milliseconds: number): unknown;

/** What the hook returns: the state, and what a session can do. The functions stay the same from render to render. */
export type LiveSessionHook = LiveState & Pick<LiveSession, 'start' | 'stop' | 'mute' | 'sendText' | 'sendImage'>;

/**
 * A live session of a component. Unmounting stops it.
 *
 * `tokens`, `audio`, `createSocket` and `clock` of the first render count; `tools` and `onMessage` of the latest.
 */
export function useLiveSession(options: LiveSessionOptions): LiveSessionHook {
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });
  const [session] = useState(() =>
    createLiveSession({
      ...options,
      tools: () => {
        const { tools } = latest.current;
        return typeof tools === 'function' ? tools() : (tools ?? {});
      },
      onMessage: (message) => latest.current.onMessage?.(message),
    }),
  );
  const isMounted = useRef(false);
  useEffect(() => {
    isMounted.current = true;
    return () => {
      isMounted.current = false;
      // StrictMode mounts again at once. That must not stop the session and take a second token.
      setTimeout(() => {
        if (!isMounted.current) void session.stop();
      }, 0);
    };
  }, [session]);
  const state = useSyncExternalStore(session.subscribe, session.getState, session.getState);
  const { start, stop, mute, sendText, sendImage } = session;
  return { ...state, start, stop, mute, sendText, sendImage };
}
