/** What one side said. */
export interface TranscriptLine {
  id: number;
  who: 'user' | 'model';
  text: string;
  /** False while words may follow. Never stays false when the turn, the connection or the session is over. */
  done: boolean;
  /** The user interrupted the model: not all of the text was heard. */
  interrupted: boolean;
}

export type Transcript = readonly TranscriptLine[];

/** Adds words to the open line of that side, or begins one. Words of the model end the line of the user. */
export function withWords(transcript: Transcript, who: TranscriptLine['who'], text: string): Transcript {
  const lines = who === 'model' ? withoutOpenLines(transcript, 'user') : transcript;
  const open = lines.find((line) => line.who === who && !line.done);
  if (!open) return [...lines, { id: lines.length, who, text: text.trimStart(), done: false, interrupted: false }];
  return lines.map((line) => (line === open ? { ...line, text: line.text + text } : line));
}

/** Ends open lines: those of one side, or all. Returns the same array if there are none. */
export function withoutOpenLines(transcript: Transcript, who?: TranscriptLine['who'], interrupted = false): Transcript {
  const ends = (line: TranscriptLine) => !line.done && (who === undefined || line.who === who);
  if (!transcript.some(ends)) return transcript;
  return transcript.map((line) => (ends(line) ? { ...line, done: true, interrupted } : line));
}
