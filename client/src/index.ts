export type { LiveAudio, LiveAudioEvents } from './audio.js';
export type { Clock } from './clock.js';
export type { LiveCloseKind, LiveCloseNext } from './closes.js';
export {
  type ConnectOptions,
  connectLive,
  LiveConnectError,
  type LiveConnection,
  type LiveHandlers,
  type LiveMessage,
  type LiveSocket,
} from './connect.js';
export { explainClose, type LiveClose } from './explain-close.js';
export type { LiveToken, LiveTokenSession } from './live-token.js';
export {
  isLiveTokenError,
  LiveTokenError,
  type LiveTokenErrorDetails,
  type LiveTokenNext,
  type LiveTokenReason,
} from './live-token-error.js';
export type { KnownReason } from './reasons.js';
export type { Renewal } from './renewal.js';
export {
  createLiveSession,
  type LiveEnd,
  type LiveSession,
  type LiveSessionOptions,
  type LiveState,
} from './session.js';
export {
  createLiveTokens,
  type LiveTokens,
  type LiveTokensCallable,
  type LiveTokensEndpoint,
  type LiveTokensOptions,
  type TakeRequest,
} from './tokens.js';
export type { LiveTool, LiveToolCall, LiveTools } from './tool-calls.js';
export type { Transcript, TranscriptLine } from './transcript.js';
